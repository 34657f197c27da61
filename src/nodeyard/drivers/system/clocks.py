"""Three clocks: real, scaled and virtual.

Timestamps are wall clock everywhere, because TLS, SigV4 and client waiters need them to be;
only waits and limits are scaled. The virtual clock has no wall: its loop jumps from timer to timer.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from nodeyard.drivers.system.virtual_loop import VirtualLoop

SPEED_MAX = 100_000.0
STEP_S = 1.0
"""A difference to the wall clock that is followed at once."""
FOLLOWING = 0.05
"""The share by which time runs faster or slower while it follows a jump of the wall clock: limits and sleeps
that were begun before an hour's jump last as long as they were to last, by a twentieth."""


class ScaledClock:
    """Waits and limits last their simulated seconds divided by `speed`.

    `goes_on_from`: an instant that was reached already, behind which time does not fall; a wall clock that is
    behind it is followed as after a jump.
    Bounds: 0 < speed <= 100,000. Raises: ValueError for another speed.
    """

    def __init__(self, speed: float = 1.0, *, goes_on_from: datetime | None = None) -> None:
        if not 0 < speed <= SPEED_MAX:
            raise ValueError(f"the speed must be above 0 and at most {SPEED_MAX:,.0f}, not {speed}")
        self.speed = speed
        self._start = time.monotonic()
        self._looked_at = self.steady()
        began = self.wall() if goes_on_from is None else max(self.wall(), goes_on_from)
        self._offset = began.timestamp() - self._looked_at
        """What to add to the steady clock to get `now`."""

    def now(self) -> datetime:
        steady = self.steady()
        away = self.wall().timestamp() - steady - self._offset
        if abs(away) > STEP_S:
            most = FOLLOWING * (steady - self._looked_at)
            away = min(most, max(-most, away))
        self._offset += away
        self._looked_at = steady
        return datetime.fromtimestamp(steady + self._offset, UTC)

    def wall(self) -> datetime:
        return datetime.now(UTC)

    def after(self, seconds: float) -> datetime:
        return self.now() + timedelta(seconds=seconds / self.speed)

    def elapsed(self) -> float:
        return (time.monotonic() - self._start) * self.speed

    def steady(self) -> float:
        # Goes on while the machine sleeps, as the leases of others do.
        return (
            time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
        )

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)

    async def wait(self, event: asyncio.Event, until: datetime | None) -> bool:
        """Wait for the event, at most until a wall instant; return whether it is set."""
        timeout = None if until is None else max(0.0, (until - self.now()).total_seconds())
        # Not wait_for: before Python 3.12 it forgets a cancellation that comes together with the event.
        try:
            async with asyncio.timeout(timeout):
                return await event.wait()
        except TimeoutError:
            return False


class RealClock(ScaledClock):
    """One simulated second is one second."""


class VirtualClock:
    """The time of a `VirtualLoop`: it stands still until everybody waits, then jumps to the next timer."""

    def __init__(
        self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC), *, loop: VirtualLoop | None = None
    ) -> None:
        self.loop = loop or VirtualLoop()
        self._start = start
        self._seconds = 0.0
        self._now = start

    def now(self) -> datetime:
        seconds = self.loop.seconds
        if seconds != self._seconds:
            self._seconds = seconds
            self._now = self._start + timedelta(seconds=seconds)
        return self._now

    def wall(self) -> datetime:
        return self.now()

    def after(self, seconds: float) -> datetime:
        return self.now() + timedelta(seconds=seconds)

    def elapsed(self) -> float:
        return self.loop.time()

    def steady(self) -> float:
        return self.loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, until: datetime | None) -> bool:
        """Wait for the event, at most until a virtual instant; return whether it is set."""
        if event.is_set():
            return True
        if until is None:
            return await event.wait()
        # What asyncio.timeout does around event.wait(), with one future and one timer instead of a
        # cancellation: everything in a simulation waits here, again and again.
        waiter = self.loop.create_future()
        waiters = event._waiters
        waiters.append(waiter)
        timer = self.loop.call_at((until - self._start).total_seconds(), _expire, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            waiters.remove(waiter)
        return event.is_set()


def _expire(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)
