"""EC2 as Auto Scaling sees it, with faults in between: launches that fail, instances that stay or go."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime

from nodeyard import catalog
from nodeyard.ports import ActiveFault, Clock
from nodeyard.world.aws.fleet import (
    PENDING,
    RUNNING,
    Instances,
    LaunchFailed,
    LaunchSpec,
    Machine,
    MachineListener,
    TemplateChoice,
)
from nodeyard.world.faults import machines as moods
from nodeyard.world.faults import refusals, scopes
from nodeyard.world.faults.switches import Faults

STORM_S = 60.0
DEFAULT_TYPE = "t3.medium"

Place = tuple[str, str]
Interrupt = Callable[[Sequence[str]], None]


class FaultyInstances:
    """See `fleet.Instances`."""

    def __init__(self, inner: Instances, faults: Faults, clock: Clock) -> None:
        self._inner = inner
        self._faults = faults
        self._clock = clock
        self._staying: dict[str, Place] = {}
        """Instances that were asked to terminate and do not, with account and Region."""
        self._interrupt: Interrupt | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        faults.on_change(self._changed.set)

    async def start(self, interrupt: Interrupt) -> None:
        """Begin to act; `interrupt` gives instances the two-minute notice with which EC2 takes them back."""
        self._interrupt = interrupt
        self._task = asyncio.create_task(self._run(), name="faults of instances")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def launch(self, spec: LaunchSpec) -> tuple[Machine, ...]:
        active = self._faults.active()
        if active:
            await self._check_launch(active, spec)
        return await self._inner.launch(spec)

    async def _check_launch(self, active: Sequence[ActiveFault], spec: LaunchSpec) -> None:
        group = spec.tags.get(scopes.GROUP_TAG)
        zones = await self._inner.subnet_zones(spec.account, spec.region, [spec.subnet_id])
        kind = spec.instance_type or DEFAULT_TYPE
        place = refusals.LaunchPlace(
            group, zones.get(spec.subnet_id, ""), spec.subnet_id, kind, spec.template.id or spec.template.name
        )
        held = [each for each in self._inner.machines_now() if each.state in (PENDING, RUNNING)]
        mine = [each.instance_type for each in held if moods.group_of(each) == group]
        wanted = [*mine, *([kind] * spec.count)]
        told = refusals.of_launch(active, place, len(wanted), sum(_vcpus(each) for each in wanted))
        if told is not None:
            raise LaunchFailed(*told)

    async def terminate(self, account: str, region: str, ids: Sequence[str]) -> None:
        active = self._faults.active()
        wanted = set(ids) if active else set()
        # No set: they are let go in this order, which must be the same in every run of a seed.
        staying = {
            machine.id: (account, region)
            for machine in self._inner.machines_now()
            if machine.id in wanted and moods.stays(active, machine)
        }
        self._staying |= staying
        await self._inner.terminate(account, region, [each for each in ids if each not in staying])

    async def stop_instances(self, account: str, region: str, ids: Sequence[str]) -> None:
        await self._inner.stop_instances(account, region, ids)

    async def start_instances(self, account: str, region: str, ids: Sequence[str]) -> None:
        await self._inner.start_instances(account, region, ids)

    def set_pooled(self, ids: Sequence[str], *, pooled: bool) -> None:
        self._inner.set_pooled(ids, pooled=pooled)

    async def reboot(self, account: str, region: str, ids: Sequence[str]) -> None:
        await self._inner.reboot(account, region, ids)

    async def subnet_zones(self, account: str, region: str, subnet_ids: Sequence[str]) -> dict[str, str]:
        return await self._inner.subnet_zones(account, region, subnet_ids)

    async def template(self, account: str, region: str, choice: TemplateChoice) -> TemplateChoice | None:
        return await self._inner.template(account, region, choice)

    async def tag(self, account: str, region: str, ids: Sequence[str], tags: dict[str, str]) -> None:
        await self._inner.tag(account, region, ids, tags)

    def listen(self, callback: MachineListener) -> None:
        self._inner.listen(callback)

    def machines_now(self) -> tuple[Machine, ...]:
        return self._inner.machines_now()

    # --- what happens by itself ---

    async def _run(self) -> None:
        strikes_at: datetime | None = None
        while True:
            self._changed.clear()
            await self._let_go()
            storms = [each for each in self._faults.active() if each.name == "spot-storm"]
            now = self._clock.now()
            if not storms:
                strikes_at = None
            elif strikes_at is None or strikes_at <= now:
                for storm in storms:
                    self._strike(storm)
                strikes_at = self._clock.after(STORM_S)
            await self._clock.wait(self._changed, strikes_at)

    async def _let_go(self) -> None:
        """End the instances that have no fault to stay for any more."""
        active = self._faults.active()
        held = {m.id for m in self._inner.machines_now() if m.id in self._staying and moods.stays(active, m)}
        for id in [each for each in self._staying if each not in held]:
            await self._inner.terminate(*self._staying.pop(id), [id])

    def _strike(self, storm: ActiveFault) -> None:
        hit = [each for each in self._inner.machines_now() if _is_hit(storm, each)]
        # The same order in every run of a seed, and no favourites: it follows from the ids.
        hit.sort(key=lambda machine: zlib.crc32(f"{storm.id} {machine.id}".encode()))
        if self._interrupt is not None:
            self._interrupt([machine.id for machine in hit[: storm.amount]])


def _is_hit(storm: ActiveFault, machine: Machine) -> bool:
    running_spot = machine.lifecycle == "spot" and machine.state == RUNNING
    here = storm.zone in (None, machine.zone)
    return running_spot and here and storm.group in (None, moods.group_of(machine))


def _vcpus(instance_type: str) -> int:
    known = catalog.default().instance_type(instance_type)
    return known.vcpus if known else 0
