"""Why a lease of `nodeyard up` lasts longer than those of workers that may be followed by another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nodeyard.app.up import LEASE_S
from nodeyard.drivers.store import MemoryStore
from nodeyard.drivers.system import SeededIds, VirtualClock
from nodeyard.engine.runner import Engine, Next, Work
from nodeyard.ports import Changes

PASS_S = 10
RENEWAL_S = 4.0
"""What one renewal takes where a machine has ten times the work that it can do."""


class Busy(MemoryStore):
    """A database that answers renewals late, as seen while machines boot on a busy processor."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    async def renew(self, owner: str, keys: Sequence[str], until: datetime) -> frozenset[str]:
        await self._clock.sleep(RENEWAL_S)
        return await super().renew(owner, keys, until)


def passes(lease_s: float) -> tuple[int, int]:
    """Return how often a pass of ten seconds begins and how often it comes to its end within a minute."""
    clock = VirtualClock()
    store, begun, ended = Busy(clock), 0, 0

    async def handler(work: Work) -> Next:
        nonlocal begun, ended
        begun += 1
        for _ in range(PASS_S):
            work.check()
            await clock.sleep(1)
        ended += 1
        return Next(at=None)

    async def minute() -> None:
        engine = Engine(store, clock, SeededIds(1), handler, lease_s=lease_s)
        await store.commit(Changes(wake=(("k", clock.now()),)))
        task = clock.loop.create_task(engine.run())
        await clock.sleep(60)
        await engine.stop()
        await task

    clock.loop.run_until_complete(minute())
    clock.loop.close()
    return begun, ended


def test_a_busy_machine_does_not_make_up_drop_its_work() -> None:
    assert passes(LEASE_S) == (1, 1)


def test_a_worker_that_is_too_late_for_its_lease_drops_its_work_and_another_may_do_it() -> None:
    begun, ended = passes(5.0)
    assert begun > 5 and ended == 0
