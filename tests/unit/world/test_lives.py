"""Instances whose states are written elsewhere: of two changes at once the later one stands."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from nodeyard.drivers.system import RealClock
from nodeyard.world.aws.fleet import SHUTTING_DOWN, STOPPED, Machine
from nodeyard.world.aws.lives import Lives
from tests.nouns import a_machine

ONE = a_machine()


class Slow(Lives):
    """Keeps nothing, and takes its time for it."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(RealClock())
        self.written = asyncio.Event()
        self.told: list[str] = []
        self._appear(machine)
        self.listen(lambda each: self.told.append(each.state))

    def _share(self, machine: Machine) -> float:
        return 0.0

    async def _write(self, machines: list[Machine]) -> None:
        await self.written.wait()
        for machine in machines:
            self._appear(machine)


async def test_a_termination_is_not_undone_by_a_stop_that_began_before_it_was_written() -> None:
    lives = Slow(ONE)
    named = (ONE.account, ONE.region, [ONE.id])
    changes = [
        asyncio.create_task(lives.terminate(*named)),
        asyncio.create_task(lives.stop_instances(*named)),
    ]
    await asyncio.sleep(0)
    lives.written.set()
    await asyncio.gather(*changes)
    assert lives.told == [SHUTTING_DOWN]
    assert [each.state for each in lives.machines_now()] == [SHUTTING_DOWN]


async def test_what_is_said_of_a_pool_while_a_state_is_written_stays() -> None:
    lives = Slow(replace(ONE, state=STOPPED, pooled=True))
    starting = asyncio.create_task(lives.start_instances(ONE.account, ONE.region, [ONE.id]))
    await asyncio.sleep(0)
    lives.set_pooled([ONE.id], pooled=False)
    lives.written.set()
    await starting
    assert [each.pooled for each in lives.machines_now()] == [False]
