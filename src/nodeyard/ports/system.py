"""Time and chance."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Timestamps are wall clock; waits and limits are in simulated seconds."""

    def now(self) -> datetime:
        """Return the wall-clock instant, aware, UTC; where the wall clock jumps it follows slowly."""
        ...

    def wall(self) -> datetime:
        """Return what the wall clock says, jumps included: for what others signed by theirs."""
        ...

    def after(self, seconds: float) -> datetime:
        """Return the wall-clock instant that lies this many simulated seconds ahead."""
        ...

    def elapsed(self) -> float:
        """Return simulated seconds since the process started; monotonic."""
        ...

    def steady(self) -> float:
        """Return wall seconds that no change of the system's date moves, for leases and figures."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for simulated seconds."""
        ...

    async def wait(self, event: asyncio.Event, until: datetime | None) -> bool:
        """Wait for the event, at most until an instant; return whether it is set."""
        ...


class Ids(Protocol):
    """Chance as an argument: seeded where a run must repeat itself."""

    def uuid(self) -> str:
        """Return a random UUID, lower case with hyphens."""
        ...

    def hex(self, digits: int) -> str: ...

    def random(self) -> float:
        """Return a number in [0, 1)."""
        ...
