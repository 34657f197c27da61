"""Stand-ins for tests, each as small as its port allows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any


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


class Refusing:
    """A hand that refuses one call: the first `times` times, after `allowed` that it lets through."""

    def __init__(self, inner: Any, call: str, error: Exception, times: int = 1, *, allowed: int = 0) -> None:
        self._inner = inner
        self._call = call
        self._error = error
        self._allowed = allowed
        self._left = times

    def __getattr__(self, name: str) -> Any:
        if name != self._call or self._left <= 0:
            return getattr(self._inner, name)

        async def refuse(*args: Any, **kwargs: Any) -> Any:
            if self._allowed > 0:
                self._allowed -= 1
                return await getattr(self._inner, name)(*args, **kwargs)
            self._left -= 1
            raise self._error

        return refuse
