"""What instances become by themselves: pending, then running; shutting down, then terminated, then forgotten.

The life that both kinds of EC2 of this project share: `instances.Fleet` beside moto's records, and
`memory.MemoryFleet` in the simulation. Who launches and ends instances is theirs.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from nodeyard.model.values import replace
from nodeyard.ports import Clock
from nodeyard.world.aws.fleet import (
    PENDING,
    RUNNING,
    SHUTTING_DOWN,
    STOPPED,
    STOPPING,
    TERMINATED,
    Machine,
    MachineListener,
)

FORGOTTEN = ""
_LEAVING_S = (3.0, 10.0)

_NEXT = {
    PENDING: (RUNNING, (2.0, 8.0)),
    SHUTTING_DOWN: (TERMINATED, _LEAVING_S),
    STOPPING: (STOPPED, _LEAVING_S),
    TERMINATED: (FORGOTTEN, (3600.0, 3600.0)),
}
"""State -> the one that follows by itself, and after how many seconds, at least and at most.

Source: EC2 User Guide, instance lifecycle: a terminated instance stays visible for about an hour.
"""


class Lives(ABC):
    """All instances of all accounts and Regions, and who is told of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._machines: dict[str, Machine] = {}
        self._listeners: list[MachineListener] = []
        self._due: list[tuple[datetime, int, str, str]] = []
        """(when, order, instance id, state that is over then)"""
        self._order = itertools.count()
        self._changed = asyncio.Event()
        self._changing = asyncio.Lock()
        """Held from what an instance is to what it becomes: a change that began later must not be undone."""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="instances")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def machines_now(self) -> tuple[Machine, ...]:
        return tuple(self._machines.values())

    def listen(self, callback: MachineListener) -> None:
        self._listeners.append(callback)

    @abstractmethod
    def _share(self, machine: Machine) -> float:
        """Return where between least and most the time in its state lies. Bounds: 0 <= share < 1."""

    @abstractmethod
    async def _write(self, machines: list[Machine]) -> None:
        """Take instances into new states; `_appear` tells of each, and who is FORGOTTEN is no more."""

    def _appear(self, machine: Machine) -> None:
        """Keep an instance in its new state, plan the next one, tell of it."""
        held = self._machines.get(machine.id)
        if held is not None and held.pooled != machine.pooled:
            machine = replace(machine, pooled=held.pooled)  # told while its state was being written
        self._machines[machine.id] = machine
        self._plan(machine, self._clock.now())
        self._tell(machine)

    def set_pooled(self, ids: Sequence[str], *, pooled: bool) -> None:
        for id in ids:
            machine = self._machines.get(id)
            if machine is not None and machine.pooled != pooled:
                self._machines[id] = replace(machine, pooled=pooled)
                self._tell(self._machines[id])

    async def terminate(self, account: str, region: str, ids: Sequence[str]) -> None:
        await self._change(ids, (PENDING, RUNNING, STOPPING, STOPPED), SHUTTING_DOWN)

    async def stop_instances(self, account: str, region: str, ids: Sequence[str]) -> None:
        await self._change(ids, (RUNNING,), STOPPING)

    async def start_instances(self, account: str, region: str, ids: Sequence[str]) -> None:
        await self._change(ids, (STOPPED,), PENDING)

    async def _change(self, ids: Sequence[str], before: tuple[str, ...], after: str) -> None:
        async with self._changing:
            known = [self._machines[id] for id in ids if id in self._machines]
            await self._write([replace(each, state=after) for each in known if each.state in before])

    def _tell(self, machine: Machine) -> None:
        for listener in self._listeners:
            listener(machine)

    def _plan(self, machine: Machine, begun: datetime) -> None:
        """Let the state that follows come by itself. `begun`: since when the instance is in its state."""
        following = _NEXT.get(machine.state)
        if following is None:
            return
        least, most = following[1]
        lasts = self._clock.after(least + (most - least) * self._share(machine)) - self._clock.now()
        heapq.heappush(self._due, (begun + lasts, next(self._order), machine.id, machine.state))
        self._changed.set()

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            await self._clock.wait(self._changed, self._due[0][0] if self._due else None)
            async with self._changing:
                await self._write(self._over())

    def _over(self) -> list[Machine]:
        """Return the instances whose state is over, in the one that follows."""
        now = self._clock.now()
        moving: dict[str, Machine] = {}
        while self._due and self._due[0][0] <= now:
            _, _, id, before = heapq.heappop(self._due)
            machine = self._machines.get(id)
            # Another state: a later request has overtaken the plan.
            if machine is not None and machine.state == before:
                moving[id] = replace(machine, state=_NEXT[before][0])
        return list(moving.values())
