"""Three clocks: real, scaled and virtual.

Timestamps are wall clock everywhere, because TLS, SigV4 and client waiters need them to be;
only waits and limits are scaled. The virtual clock has no wall: it jumps to its next sleeper.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta

SPEED_MAX = 100_000.0


class ScaledClock:
    """Waits and limits last their simulated seconds divided by `speed`.

    Bounds: 0 < speed <= 100,000. Raises: ValueError for another speed.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if not 0 < speed <= SPEED_MAX:
            raise ValueError(f"the speed must be above 0 and at most {SPEED_MAX:,.0f}, not {speed}")
        self.speed = speed
        self._start = time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def after(self, seconds: float) -> datetime:
        return self.now() + timedelta(seconds=seconds / self.speed)

    def elapsed(self) -> float:
        return (time.monotonic() - self._start) * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)

    async def wait(self, event: asyncio.Event, until: datetime | None) -> bool:
        """Wait for the event, at most until a wall instant; return whether it is set."""
        timeout = None if until is None else max(0.0, (until - self.now()).total_seconds())
        try:
            await asyncio.wait_for(event.wait(), timeout)
        except TimeoutError:
            return False
        return True


class RealClock(ScaledClock):
    """One simulated second is one second."""


class VirtualClock:
    """Time stands still until everybody sleeps, then jumps to the next sleeper.

    `run_until_idle` is called by the test or the rehearsal that owns the loop.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._seconds = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._seconds)

    def after(self, seconds: float) -> datetime:
        return self.now() + timedelta(seconds=seconds)

    def elapsed(self) -> float:
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        future = self._sleeper(self._seconds + max(0.0, seconds))
        await future

    async def wait(self, event: asyncio.Event, until: datetime | None) -> bool:
        """Wait for the event, at most until a virtual instant; return whether it is set."""
        if event.is_set():
            return True
        waiter = asyncio.ensure_future(event.wait())
        waiting: set[asyncio.Future[object]] = {waiter}  # type: ignore[arg-type]
        if until is not None:
            waiting.add(self._sleeper((until - self._start).total_seconds()))  # type: ignore[arg-type]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()
        return event.is_set()

    def _sleeper(self, at: float) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (at, next(self._order), future))
        return future

    def jump(self) -> bool:
        """Wake the next sleeper at its time; return False when nobody sleeps."""
        while self._sleepers:
            at, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                self._seconds = max(self._seconds, at)
                future.set_result(None)
                return True
        return False

    async def run_for(self, seconds: float) -> None:
        """Let everybody run, jumping from sleeper to sleeper, until `seconds` have passed."""
        end = self._seconds + seconds
        while True:
            await _settle()
            if not self._sleepers or self._sleepers[0][0] > end:
                break
            self.jump()
        self._seconds = max(self._seconds, end)


async def _settle(rounds: int = 25) -> None:
    """Let every task run until it waits for something."""
    for _ in range(rounds):
        await asyncio.sleep(0)
