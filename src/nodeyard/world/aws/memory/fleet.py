"""EC2 instances in memory, over time: pending, running, shutting down, terminated, forgotten.

Implements `fleet.Instances` for Auto Scaling and the source of machines.
"""

from __future__ import annotations

import asyncio
import base64
import heapq
import itertools
from collections.abc import Sequence
from datetime import datetime

from nodeyard.model.scope import Scope
from nodeyard.model.values import replace
from nodeyard.ports import Clock, Ids
from nodeyard.world.aws.fleet import (
    PENDING,
    RUNNING,
    SHUTTING_DOWN,
    TERMINATED,
    LaunchFailed,
    LaunchSpec,
    Machine,
    MachineListener,
    TemplateChoice,
)
from nodeyard.world.aws.instances import PENDING_S, SHOWN_AFTER_TERMINATION_S, SHUTTING_DOWN_S
from nodeyard.world.aws.memory.account import Accounts, Region, groups_of, vcpus_of

DEFAULT_TYPE = "t3.medium"

_NEXT = {
    PENDING: (RUNNING, PENDING_S),
    SHUTTING_DOWN: (TERMINATED, SHUTTING_DOWN_S),
    TERMINATED: ("", (SHOWN_AFTER_TERMINATION_S, SHOWN_AFTER_TERMINATION_S)),
}
"""State -> the one that follows by itself, and within which seconds."""


class MemoryFleet:
    """All instances of all accounts and Regions. See `fleet.Instances`."""

    def __init__(self, accounts: Accounts, clock: Clock, ids: Ids) -> None:
        self._accounts = accounts
        self._clock = clock
        self._ids = ids
        self._machines: dict[str, Machine] = {}
        self._groups: dict[str, tuple[str, ...]] = {}
        self._hosts: dict[str, int] = {}
        self._listeners: list[MachineListener] = []
        self._due: list[tuple[datetime, int, str, str]] = []
        """(when, order, instance id, state that is over then)"""
        self._order = itertools.count()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="instances")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def machines_now(self) -> tuple[Machine, ...]:
        return tuple(self._machines.values())

    def machine(self, instance_id: str) -> Machine | None:
        return self._machines.get(instance_id)

    def listen(self, callback: MachineListener) -> None:
        self._listeners.append(callback)

    # --- fleet.Instances ---

    async def launch(self, spec: LaunchSpec) -> tuple[Machine, ...]:
        """Launch instances. Raises: LaunchFailed."""
        region = self._region(spec.account, spec.region)
        found = region.template(spec.template)
        if found is None:
            what = spec.template.id or spec.template.name
            raise LaunchFailed(
                "InvalidLaunchTemplateId.NotFound", f"The launch template {what} does not exist"
            )
        template, number = found
        data = template.versions[number - 1][0]
        kind = spec.instance_type or data.get("InstanceType") or DEFAULT_TYPE
        region.check_launch(spec, kind, data)
        kinds = {each["ResourceType"]: each.get("Tags", []) for each in data.get("TagSpecifications") or []}
        tags = {
            "aws:ec2launchtemplate:id": template.id,
            "aws:ec2launchtemplate:version": str(number),
            **{tag["Key"]: tag.get("Value", "") for tag in kinds.get("instance", [])},
            **spec.tags,
        }
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
            )
            self._hosts[machine.id], self._groups[machine.id] = host, groups
            made.append(machine)
        region.running[subnet.zone, kind] += spec.count
        region.vcpus += spec.count * vcpus_of(kind)
        region.groups_in_use.update(groups * spec.count)
        for machine in made:
            self._put(machine)
        return tuple(made)

    async def terminate(self, account: str, region: str, ids: Sequence[str]) -> None:
        for id in ids:
            machine = self._machines.get(id)
            if machine is not None and machine.state not in (SHUTTING_DOWN, TERMINATED):
                self._put(replace(machine, state=SHUTTING_DOWN))

    async def reboot(self, account: str, region: str, ids: Sequence[str]) -> None:
        for id in ids:
            machine = self._machines.get(id)
            if machine is not None and machine.state == RUNNING:
                self._put(replace(machine, reboots=machine.reboots + 1))

    async def machines(self, account: str, region: str, ids: Sequence[str]) -> tuple[Machine, ...]:
        if not ids:
            return tuple(
                each for each in self._machines.values() if (each.account, each.region) == (account, region)
            )
        return tuple(self._machines[id] for id in ids if id in self._machines)

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

    # --- time ---

    def _region(self, account: str, region: str) -> Region:
        return self._accounts.region(Scope(account, region))

    def _put(self, machine: Machine) -> None:
        """Keep a machine in its new state, plan the next one, tell of it."""
        self._machines[machine.id] = machine
        if machine.state == TERMINATED:
            self._release(machine)
        following = _NEXT.get(machine.state)
        if following is not None:
            least, most = following[1]
            at = self._clock.after(least + (most - least) * self._ids.random())
            heapq.heappush(self._due, (at, next(self._order), machine.id, machine.state))
            self._changed.set()
        for listener in self._listeners:
            listener(machine)

    def _release(self, machine: Machine) -> None:
        region = self._region(machine.account, machine.region)
        region.subnets[machine.subnet_id].taken.discard(self._hosts.pop(machine.id))
        region.running[machine.zone, machine.instance_type] -= 1
        region.vcpus -= vcpus_of(machine.instance_type)
        region.groups_in_use.subtract(self._groups.pop(machine.id))

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            await self._clock.wait(self._changed, self._due[0][0] if self._due else None)
            now = self._clock.now()
            while self._due and self._due[0][0] <= now:
                _, _, id, before = heapq.heappop(self._due)
                machine = self._machines.get(id)
                if machine is None or machine.state != before:
                    continue  # a later request has overtaken the plan
                if before == TERMINATED:
                    del self._machines[id]
                else:
                    self._put(replace(machine, state=_NEXT[before][0]))
