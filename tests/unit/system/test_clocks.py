"""Three clocks and two sources of chance."""

import asyncio

import pytest

from nodeyard.drivers.system import RealClock, ScaledClock, SeededIds, VirtualClock


def test_a_scaled_clock_shortens_limits_and_keeps_timestamps() -> None:
    clock = ScaledClock(60)
    before = clock.now()
    assert 9.9 < (clock.after(600) - before).total_seconds() < 11


@pytest.mark.parametrize("speed", [0, -1, 100_001])
def test_a_speed_out_of_bounds_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        ScaledClock(speed)


async def test_waiting_for_an_event_ends_at_the_limit_or_with_the_event() -> None:
    clock = RealClock()
    event = asyncio.Event()
    assert not await clock.wait(event, clock.now())
    event.set()
    assert await clock.wait(event, None)


async def test_a_virtual_clock_jumps_from_sleeper_to_sleeper_in_order() -> None:
    clock = VirtualClock()
    log: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        log.append((name, clock.elapsed()))

    tasks = [asyncio.create_task(sleeper("late", 900)), asyncio.create_task(sleeper("early", 60))]
    await clock.run_for(1000)
    assert log == [("early", 60), ("late", 900)]
    assert clock.elapsed() == 1000
    await asyncio.gather(*tasks)


async def test_a_virtual_wait_ends_with_its_event_before_its_limit() -> None:
    clock = VirtualClock()
    event = asyncio.Event()
    waiting = asyncio.create_task(clock.wait(event, clock.after(100)))
    await clock.run_for(10)
    event.set()
    await clock.run_for(0)
    assert waiting.done() and waiting.result() is True


def test_the_same_seed_gives_the_same_ids() -> None:
    one, other = SeededIds(7), SeededIds(7)
    assert [one.uuid(), one.hex(17)] == [other.uuid(), other.hex(17)]
    assert len(one.hex(17)) == 17
