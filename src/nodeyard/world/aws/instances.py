"""EC2 instances beside moto's records: moto has them running at once, here they take their time.

Implements `fleet.Instances` for Auto Scaling and machines; what becomes of them by themselves: `lives`.

State lives on the event loop in `Machine` values; moto's records follow, on moto's thread.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from nodeyard.model.standstill import Standstill
from nodeyard.model.values import replace
from nodeyard.ports import Clock
from nodeyard.world.aws import moto_instances
from nodeyard.world.aws.fleet import (
    PENDING,
    RUNNING,
    SHUTTING_DOWN,
    STOPPED,
    STOPPING,
    TERMINATED,
    LaunchFailed,
    LaunchSpec,
    Machine,
    TemplateChoice,
    launch_tags,
    no_template,
)
from nodeyard.world.aws.lives import Lives
from nodeyard.world.aws.moto_host import AwsResponse, MotoHost

CODES = {PENDING: 0, RUNNING: 16, SHUTTING_DOWN: 32, TERMINATED: 48, STOPPING: 64, STOPPED: 80}
Place = tuple[str, str]


class Fleet(Lives):
    """All instances of all accounts and Regions."""

    def __init__(self, host: MotoHost, clock: Clock) -> None:
        super().__init__(clock)
        self._host = host

    async def load(self) -> None:
        """Take in what moto read from disk. Raises: WorldDataError."""
        self._machines = {machine.id: machine for machine in await self._host.run(self._read_all)}

    def resume(self, stood: Standstill) -> None:
        """Let every change that was under way go on."""
        for machine in self._machines.values():
            begun = stood.start(machine.launched_at) if machine.state == PENDING else self._clock.now()
            self._plan(machine, begun)
            self._tell(machine)

    # --- fleet.Instances ---

    async def launch(self, spec: LaunchSpec) -> tuple[Machine, ...]:
        launched = await self._host.run(lambda: self._launch(spec))
        made = tuple(replace(machine, pooled=spec.pooled) for machine in launched)
        for machine in made:
            self._appear(machine)
        return made

    async def reboot(self, account: str, region: str, ids: Sequence[str]) -> None:
        async with self._changing:
            await self._reboot(ids)

    async def subnet_zones(self, account: str, region: str, subnet_ids: Sequence[str]) -> dict[str, str]:
        def look() -> dict[str, str]:
            ec2 = self._host.backend("ec2", account, region)
            found = {s.id: s.availability_zone for zone in ec2.subnets.values() for s in zone.values()}
            return {id: found[id] for id in subnet_ids if id in found}

        return await self._host.run(look)

    async def template(self, account: str, region: str, choice: TemplateChoice) -> TemplateChoice | None:
        def look() -> TemplateChoice | None:
            found = _template_version(self._host.backend("ec2", account, region), choice)
            if found is None:
                return None
            return TemplateChoice(found.template.id, found.template.name, str(found.number))

        return await self._host.run(look)

    async def tag(self, account: str, region: str, ids: Sequence[str], tags: dict[str, str]) -> None:
        def write() -> None:
            self._host.backend("ec2", account, region).create_tags(list(ids), tags)
            self._host.keep(("ec2", account, region))

        await self._host.run(write)

    # --- what clients did to instances by themselves ---

    async def by_client(
        self, account: str, region: str, request: Callable[[], AwsResponse], rebooted: Sequence[str] = ()
    ) -> AwsResponse:
        """Let a client's own request to EC2 change instances and take over what it did, as one change.

        Between the two no other change may look at an instance, nor write what it looked at before.
        Raises: WorldDataError.
        """
        async with self._changing:
            answer = await self._host.run(request)
            if rebooted and answer.status == 200:
                await self._reboot(rebooted)
            await self._look_again(account, region)
            return answer

    async def _reboot(self, ids: Sequence[str]) -> None:
        known = [self._machines[id] for id in ids if id in self._machines]
        for machine in known:
            if machine.state == RUNNING:
                self._appear(replace(machine, reboots=machine.reboots + 1))
        # moto calls whatever was rebooted running.
        others = [machine for machine in known if machine.state != RUNNING]
        await self._host.run(lambda: self._write_states(others))

    async def _look_again(self, account: str, region: str) -> None:
        """Find instances that a client launched, ended, stopped or started through EC2."""

        def look() -> list[tuple[Machine, Any]]:
            ec2 = self._host.backend("ec2", account, region)
            return [(self._machine(ec2, one), one) for one in moto_instances.every(ec2)]

        changed = []
        for seen, _ in await self._host.run(look):
            known = self._machines.get(seen.id)
            if known is None:
                changed.append(replace(seen, state=PENDING))
            elif seen.state != known.state:
                between = {TERMINATED: SHUTTING_DOWN, STOPPED: STOPPING, RUNNING: PENDING}
                state = between.get(seen.state, seen.state)
                changed.append(replace(seen, state=state, reboots=known.reboots, pooled=known.pooled))
        await self._write(changed)

    # --- Lives ---

    def _share(self, machine: Machine) -> float:
        # The same after every restart, without a record: it follows from the id.
        return zlib.crc32(f"{machine.id} {machine.state}".encode()) % 1000 / 1000

    async def _write(self, machines: list[Machine]) -> None:
        """Give moto the new states, keep them, then tell."""
        if not machines:
            return
        await self._host.run(lambda: self._write_states(machines))
        for machine in machines:
            if machine.state:
                self._appear(machine)
            else:
                self._machines.pop(machine.id, None)

    # --- on moto's thread ---

    def _write_states(self, machines: list[Machine]) -> None:
        places: set[tuple[str, str, str]] = set()
        by_place: dict[Place, dict[str, Any]] = {}
        for machine in machines:
            place = machine.account, machine.region
            ec2 = self._host.backend("ec2", *place)
            if place not in by_place:
                by_place[place] = {one.id: one for one in moto_instances.every(ec2)}
            places.add(("ec2", *place))
            one = by_place[place].get(machine.id)
            if one is None:
                continue
            if machine.state == TERMINATED:
                moto_instances.end(ec2, one)
            if not machine.state:
                moto_instances.forget(ec2, one)
            else:
                one._state.name, one._state.code = machine.state, CODES[machine.state]
        self._host.keep(*places)

    def _read_all(self) -> list[Machine]:
        from moto.backends import get_backend

        return [
            self._machine(ec2, one)
            for account, regions in list(get_backend("ec2").items())
            for ec2 in list(regions.values())
            for one in moto_instances.every(ec2)
        ]

    def _launch(self, spec: LaunchSpec) -> tuple[Machine, ...]:
        # moto is loaded by now, not before: it takes seconds.
        from nodeyard.world.aws.moto_corrections import volume_tags

        ec2 = self._host.backend("ec2", spec.account, spec.region)
        version = _template_version(ec2, spec.template)
        if version is None:
            raise no_template(spec.template)
        data = version.data
        tags = launch_tags(version.template.id, version.number, data, spec)
        nics = data.get("NetworkInterfaces") or [{}]
        profile = data.get("IamInstanceProfile") or {}
        image = data.get("ImageId", "")
        market = data.get("InstanceMarketOptions") or {}
        if image not in ec2.amis:
            raise LaunchFailed("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist")
        try:
            reserved = ec2.run_instances(
                image,
                spec.count,
                data.get("UserData"),
                [],
                instance_type=spec.instance_type or data.get("InstanceType") or "t3.medium",
                is_instance_type_default=False,
                subnet_id=spec.subnet_id,
                region_name=spec.region,
                key_name=data.get("KeyName"),
                security_group_ids=list(data.get("SecurityGroupIds") or nics[0].get("Groups") or []),
                iam_instance_profile=_profile_arn(self._host, spec, profile),
                metadata_options=data.get("MetadataOptions") or {},
                block_device_mappings=[m for m in data.get("BlockDeviceMappings") or [] if "Ebs" in m],
                lifecycle="spot" if spec.spot or market.get("MarketType") == "spot" else None,
                tags={"instance": tags, "volume": volume_tags(data)},
            )
        except Exception as error:
            code = getattr(error, "code", None) or getattr(error, "error_type", None)
            if code is None:
                raise
            raise LaunchFailed(str(code), str(getattr(error, "message", error))) from error
        for one in reserved.instances:
            one._state.name, one._state.code = PENDING, CODES[PENDING]
        self._host.keep(("ec2", spec.account, spec.region))
        return tuple(self._machine(ec2, one) for one in reserved.instances)

    def _machine(self, ec2: Any, one: Any) -> Machine:
        launched = one.launch_time if isinstance(one.launch_time, datetime) else self._clock.now()
        return Machine(
            id=one.id,
            account=ec2.account_id,
            region=ec2.region_name,
            zone=one.placement.zone,
            instance_type=one.instance_type,
            private_ip=one.private_ip or "",
            private_dns_name=one.private_dns_name,
            image_id=one.image_id,
            user_data=_decoded(one.user_data),
            lifecycle=one.lifecycle or "on-demand",
            state=one._state.name,
            launched_at=launched.replace(tzinfo=UTC) if launched.tzinfo is None else launched,
            subnet_id=one.subnet_id or "",
            vpc_id=one.vpc_id or "",
            tags=dict(ec2.tags.get(one.id, {})),
        )


def _template_version(ec2: Any, choice: TemplateChoice) -> Any:
    found = ec2.launch_templates.get(choice.id or ec2.launch_template_name_to_ids.get(choice.name, ""))
    if found is None:
        return None
    wanted = choice.version or "$Default"
    if not wanted.startswith("$") and not (wanted.isdigit() and 1 <= int(wanted) <= len(found.versions)):
        return None
    return found.get_version(wanted)


def _profile_arn(host: MotoHost, spec: LaunchSpec, profile: dict[str, Any]) -> Any:
    if not profile:
        return None
    iam = host.backend("iam", spec.account, spec.region)
    for held in iam.instance_profiles.values():
        if held.name == profile.get("Name") or held.arn == profile.get("Arn"):
            return held.arn
    name = profile.get("Name") or profile.get("Arn")
    raise LaunchFailed(
        "InvalidParameterValue",
        f"Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
    )


def _decoded(user_data: Any) -> bytes:
    if not user_data:
        return b""
    try:
        return base64.b64decode(str(user_data), validate=True)
    except (binascii.Error, ValueError):
        return str(user_data).encode()
