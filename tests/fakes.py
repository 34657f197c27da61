"""Stand-ins for tests, each as small as its port allows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until a test moves it. `sleep` returns at once and moves it."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self._now = start

    def now(self) -> datetime:
        return self._now

    def wall(self) -> datetime:
        return self._now

    def after(self, seconds: float) -> datetime:
        return self._now + timedelta(seconds=seconds)

    def elapsed(self) -> float:
        return (self._now - self._start).total_seconds()

    def steady(self) -> float:
        return self.elapsed()

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)

    async def wait(self, event: asyncio.Event, until: datetime | None) -> bool:
        if not event.is_set() and until is not None and until > self._now:
            self._now = until
        await asyncio.sleep(0)
        return event.is_set()
