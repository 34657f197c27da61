"""Three clocks and two sources of chance."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nodeyard.drivers.system import RealClock, ScaledClock, SeededIds, Stalled, VirtualClock, VirtualLoop


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


def test_a_virtual_clock_jumps_from_sleeper_to_sleeper_in_order() -> None:
    clock = VirtualClock()
    log: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        log.append((name, clock.elapsed()))

    for name, seconds in (("late", 900), ("early", 60)):
        clock.loop.create_task(sleeper(name, seconds))
    assert not clock.loop.run_until(end=1000)
    assert log == [("early", 60), ("late", 900)]
    assert clock.elapsed() == 1000
    assert clock.now() == clock.after(0) == VirtualClock().after(1000)
    clock.loop.close()


def test_a_virtual_wait_ends_with_its_event_or_exactly_at_its_limit() -> None:
    clock = VirtualClock()
    event = asyncio.Event()
    limit = clock.after(100.000001)
    early, late = (clock.loop.create_task(clock.wait(event, at)) for at in (clock.after(10), limit))
    clock.loop.run_until(end=10)
    assert early.result() is False
    clock.loop.call_later(5, event.set)
    clock.loop.run_until(late.done, end=1000)
    assert late.result() is True and clock.elapsed() == 15
    event.clear()
    again = clock.loop.create_task(clock.wait(event, limit))
    clock.loop.run_until(again.done, end=1000)
    assert again.result() is False and clock.now() == limit
    clock.loop.close()


def test_time_stands_still_for_as_long_as_anything_can_run() -> None:
    clock = VirtualClock()

    async def busy() -> float:
        for _ in range(1000):
            await asyncio.sleep(0)
        return clock.elapsed()

    clock.loop.create_task(clock.sleep(0.001))
    assert clock.loop.run_until_complete(busy()) == 0
    clock.loop.close()


def test_waiting_for_what_cannot_happen_is_an_error_and_not_a_hang() -> None:
    clock = VirtualClock()
    with pytest.raises(Stalled):
        clock.loop.run_until_complete(clock.wait(asyncio.Event(), None))


def test_a_shuffled_loop_runs_what_is_ready_in_an_order_that_follows_from_its_seed() -> None:
    def order(shuffle: int | None) -> list[int]:
        clock, seen = VirtualClock(loop=VirtualLoop(shuffle)), []

        async def one(number: int) -> None:
            await clock.sleep(1)
            seen.append(number)

        for number in range(8):
            clock.loop.create_task(one(number))
        clock.loop.run_until(end=2)
        clock.loop.close()
        return seen

    assert order(None) == order(None)
    assert order(1) == order(1) != order(2)
    assert sorted(order(1)) == list(range(8))


def test_the_same_seed_gives_the_same_ids() -> None:
    one, other = SeededIds(7), SeededIds(7)
    assert [one.uuid(), one.hex(17)] == [other.uuid(), other.hex(17)]
    assert len(one.hex(17)) == 17


class Jumping(ScaledClock):
    """A clock whose wall and steady clocks a test moves."""

    def __init__(self, **members: Any) -> None:
        self.hours, self.passed = 0.0, 0.0
        super().__init__(**members)

    def steady(self) -> float:
        return self.passed

    def wall(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=self.hours, seconds=self.passed)


@pytest.mark.parametrize("hours", [1.0, -1.0])
def test_time_goes_on_when_the_wall_clock_jumps_and_follows_it_slowly(hours: float) -> None:
    clock = Jumping()
    before = clock.now()
    clock.hours = hours
    assert clock.now() == before
    clock.passed += 600
    assert abs((clock.now() - before).total_seconds() - 600) <= 30 + 1e-3
    for _ in range(24):
        last = clock.now()
        clock.passed += 3600
        assert clock.now() > last
    assert abs(clock.now() - clock.wall()) < timedelta(seconds=1)


def test_time_does_not_fall_behind_what_was_reached_and_follows_the_wall_clock_from_there() -> None:
    reached = Jumping().wall() + timedelta(hours=1)
    clock = Jumping(goes_on_from=reached)
    assert clock.now() == reached
    clock.passed += 600
    assert reached + timedelta(seconds=569) <= clock.now() <= reached + timedelta(seconds=600)
    assert Jumping(goes_on_from=reached - timedelta(hours=2)).now() == clock.wall() - timedelta(seconds=600)


def test_small_steps_of_the_wall_clock_are_followed_at_once() -> None:
    clock = Jumping()
    clock.hours = 0.5 / 3600
    assert clock.now() == clock.wall()
