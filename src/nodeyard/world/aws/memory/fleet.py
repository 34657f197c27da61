"""EC2 instances in memory. Implements `fleet.Instances` for Auto Scaling and the source of machines.

What becomes of them by themselves: `lives`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from nodeyard.model.scope import Scope
from nodeyard.model.values import replace
from nodeyard.ports import Clock, Ids
from nodeyard.world.aws.fleet import (
    PENDING,
    RUNNING,
    TERMINATED,
    LaunchSpec,
    Machine,
    TemplateChoice,
    launch_tags,
    no_template,
)
from nodeyard.world.aws.lives import Lives
from nodeyard.world.aws.memory.account import Accounts, Region, groups_of, vcpus_of

DEFAULT_TYPE = "t3.medium"


class MemoryFleet(Lives):
    """All instances of all accounts and Regions. See `fleet.Instances`."""

    def __init__(self, accounts: Accounts, clock: Clock, ids: Ids) -> None:
        super().__init__(clock)
        self._accounts = accounts
        self._ids = ids
        self._groups: dict[str, tuple[str, ...]] = {}
        self._hosts: dict[str, int] = {}

    def machine(self, instance_id: str) -> Machine | None:
        return self._machines.get(instance_id)

    # --- fleet.Instances ---

    async def launch(self, spec: LaunchSpec) -> tuple[Machine, ...]:
        """Launch instances. Raises: LaunchFailed."""
        region = self._region(spec.account, spec.region)
        found = region.template(spec.template)
        if found is None:
            raise no_template(spec.template)
        template, number = found
        data = template.versions[number - 1][0]
        kind = spec.instance_type or data.get("InstanceType") or DEFAULT_TYPE
        region.check_launch(spec, kind, data)
        tags = launch_tags(template.id, number, data, spec)
        user_data = base64.b64decode(data.get("UserData") or "")
        groups = groups_of(data)
        subnet = region.subnets[spec.subnet_id]
        made = []
        for _ in range(spec.count):
            host = subnet.take()
            address = subnet.address(host)
            machine = Machine(
                id=f"i-{self._ids.hex(17)}",
                account=spec.account,
                region=spec.region,
                zone=subnet.zone,
                instance_type=kind,
                private_ip=address,
                private_dns_name=f"ip-{address.replace('.', '-')}.{spec.region}.compute.internal",
                image_id=data["ImageId"],
                user_data=user_data,
                lifecycle="spot" if spec.spot else "on-demand",
                state=PENDING,
                launched_at=self._clock.now(),
                subnet_id=subnet.id,
                vpc_id=subnet.vpc_id,
                tags=tags,
                pooled=spec.pooled,
            )
            self._hosts[machine.id], self._groups[machine.id] = host, groups
            made.append(machine)
        region.running[subnet.zone, kind] += spec.count
        region.vcpus += spec.count * vcpus_of(kind)
        region.groups_in_use.update(groups * spec.count)
        for machine in made:
            self._appear(machine)
        return tuple(made)

    async def reboot(self, account: str, region: str, ids: Sequence[str]) -> None:
        for id in ids:
            machine = self._machines.get(id)
            if machine is not None and machine.state == RUNNING:
                self._appear(replace(machine, reboots=machine.reboots + 1))

    async def subnet_zones(self, account: str, region: str, subnet_ids: Sequence[str]) -> dict[str, str]:
        subnets = self._region(account, region).subnets
        return {id: subnets[id].zone for id in subnet_ids if id in subnets}

    async def template(self, account: str, region: str, choice: TemplateChoice) -> TemplateChoice | None:
        found = self._region(account, region).template(choice)
        return None if found is None else TemplateChoice(found[0].id, found[0].name, str(found[1]))

    async def tag(self, account: str, region: str, ids: Sequence[str], tags: dict[str, str]) -> None:
        for id in ids:
            machine = self._machines.get(id)
            if machine is not None:
                self._machines[id] = replace(machine, tags=machine.tags | tags)

    def _region(self, account: str, region: str) -> Region:
        return self._accounts.region(Scope(account, region))

    # --- Lives ---

    def _share(self, machine: Machine) -> float:
        return self._ids.random()

    async def _write(self, machines: list[Machine]) -> None:
        for machine in machines:
            if machine.state == TERMINATED:
                self._release(machine)
            if machine.state:
                self._appear(machine)
            else:
                del self._machines[machine.id]

    def _release(self, machine: Machine) -> None:
        region = self._region(machine.account, machine.region)
        region.subnets[machine.subnet_id].taken.discard(self._hosts.pop(machine.id))
        region.running[machine.zone, machine.instance_type] -= 1
        region.vcpus -= vcpus_of(machine.instance_type)
        region.groups_in_use.subtract(self._groups.pop(machine.id))
