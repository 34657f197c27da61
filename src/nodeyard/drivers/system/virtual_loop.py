"""An event loop without a wall: when nothing can run any more, time jumps to the next timer.

Made for rehearsals and simulation tests, which own it; `clocks.VirtualClock` reads its time. It
has no selector, no sockets and no threads, so that everything that runs on it runs the same
every time. asyncio's own rule decides when time moves: a timer fires only after every ready
callback has run, which is exactly "everybody waits for something".

Instead of a selector it has itself: asyncio asks with `select` when it has nothing left to do.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any


class Stalled(RuntimeError):
    """Everybody waits for somebody else and no timer is left: what was waited for cannot happen."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks until none is ready, then jumps. `shuffle` is a seed: what is ready at the same
    moment then runs in an order of chance instead of in order of arrival.

    Units: seconds since the start.
    """

    def __init__(self, shuffle: int | None = None) -> None:
        super().__init__()
        self._seconds = 0.0
        self._chance = None if shuffle is None else random.Random(shuffle)
        self._selector = self
        self._done: Callable[[], bool] | None = None
        self._end: float | None = None
        self.on_pause: list[Callable[[], None]] = []
        """Called whenever everything that could run at an instant has run, before time moves on."""
        self.jumps = 0

    def time(self) -> float:
        return self._seconds

    def run_until(self, done: Callable[[], bool] | None = None, *, end: float | None = None) -> bool:
        """Run until `done` holds at a pause, or until the time is `end`; return whether it held.

        Raises: Stalled when neither can come any more.
        """
        self._done, self._end, held = done, end, self._held
        self._held = False
        try:
            self.run_forever()
            return self._held
        finally:
            self._done, self._end, self._held = None, None, held

    _held = False

    # --- what asyncio asks of a loop and its selector ---

    def select(self, timeout: float | None) -> tuple[()]:
        """Let time pass up to the next timer. Raises: Stalled."""
        ready: Any = self._ready  # type: ignore[attr-defined]
        if timeout == 0:
            return ()
        for callback in self.on_pause:
            callback()
        if ready:
            return ()
        if self._done is not None and self._done():
            self._held = True
            self.stop()
            return ()
        timers: Any = self._scheduled  # type: ignore[attr-defined]
        upcoming = timers[0].when() if timers else None
        if self._end is not None and (upcoming is None or upcoming > self._end):
            self._seconds = max(self._seconds, self._end)
            self.stop()
        elif upcoming is None:
            raise Stalled("nothing is left that could happen, and no timer that could make it happen")
        else:
            self._seconds = max(self._seconds, upcoming)
            self.jumps += 1
        return ()

    def _run_once(self) -> None:
        if self._chance is not None:
            ready: Any = self._ready  # type: ignore[attr-defined]
            if len(ready) > 1:
                # Tasks may never rely on whose turn is first; shuffled runs prove that they do not.
                waiting = list(ready)
                ready.clear()
                self._chance.shuffle(waiting)
                ready.extend(waiting)
        super()._run_once()  # type: ignore[misc]

    def _process_events(self, event_list: object) -> None:
        """Do nothing: there are no files."""

    def _write_to_self(self) -> None:
        """Do nothing: no other thread may call."""
