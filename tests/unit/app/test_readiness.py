"""Ready means that the store answers and the engine takes work up."""

from __future__ import annotations

from typing import Any

from nodeyard.app.readiness import Readiness
from nodeyard.drivers.store import MemoryStore
from nodeyard.drivers.system import SeededIds
from nodeyard.engine.runner import Engine
from nodeyard.ports import Unavailable
from tests.fakes import FakeClock


class Silent(MemoryStore):
    async def last_event(self) -> Any:
        raise Unavailable("the disk is gone")


def an_engine(clock: FakeClock) -> Engine:
    async def never(work: Any) -> Any:
        raise AssertionError("nothing is due")

    return Engine(MemoryStore(), clock, SeededIds(1), never)


async def test_an_engine_that_never_ran_is_not_ready() -> None:
    assert await Readiness(MemoryStore(), an_engine(FakeClock())).why_not() == "The engine does not run."


async def test_a_store_that_does_not_answer_is_named() -> None:
    said = await Readiness(Silent(), an_engine(FakeClock())).why_not()
    assert said == "The store does not answer: the disk is gone."


async def test_an_engine_that_stopped_looking_is_not_ready() -> None:
    clock = FakeClock()
    engine = an_engine(clock)
    engine._looked_at = clock.steady()
    assert await Readiness(MemoryStore(), engine).why_not() is None
    clock.advance(60)
    assert await Readiness(MemoryStore(), engine).why_not() == "The engine has not looked for work for 60 s."
