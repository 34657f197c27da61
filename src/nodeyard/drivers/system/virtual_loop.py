"""An event loop without a wall: when nothing can run any more, time jumps to the next timer.

Made for rehearsals and simulation tests, which own it; `clocks.VirtualClock` reads its time. It
has no selector, no sockets and no threads, so that everything that runs on it runs the same
every time. asyncio's own rule decides when time moves: a timer fires only after every ready
callback has run, which is exactly "everybody waits for something".

One turn of it does what one of asyncio's own does, without the parts that wait for files and threads,
and with handles that are only what it needs: a simulated day is a few hundred thousand turns.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import itertools
import random
from collections.abc import Callable
from typing import Any


class Stalled(RuntimeError):
    """Everybody waits for somebody else and no timer is left: what was waited for cannot happen."""


class _Handle(asyncio.TimerHandle):
    """A callback to come. What asyncio's own handles do for debugging is left out."""

    __slots__ = ()

    def __init__(
        self, when: float, callback: Any, args: tuple[Any, ...], context: contextvars.Context | None
    ) -> None:
        self._when = when
        self._callback = callback
        self._args = args
        self._context = contextvars.copy_context() if context is None else context
        self._cancelled = False
        self._source_traceback = None  # asyncio asks every handle for it

    def cancel(self) -> None:
        """Have it not called: it is forgotten when its turn comes."""
        self._cancelled = True


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks until none is ready, then jumps. `shuffle` is a seed: what is ready at the same
    moment then runs in an order of chance instead of in order of arrival.

    Units: seconds since the start.
    """

    def __init__(self, shuffle: int | None = None) -> None:
        super().__init__()
        self.seconds = 0.0
        self._chance = None if shuffle is None else random.Random(shuffle)
        self._timers: list[tuple[float, int, _Handle]] = []
        self._order = itertools.count()
        """Timers of the same instant ripen in the order in which they were set."""
        self._done: Callable[[], bool] | None = None
        self._end: float | None = None
        self.on_pause: list[Callable[[], None]] = []
        """Called whenever everything that could run at an instant has run, before time moves on."""
        self.jumps = 0

    def time(self) -> float:
        return self.seconds

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

    # --- what asyncio asks of a loop ---

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """Have a callback called in this turn or the next. Leaves out what guards against other threads."""
        handle = _Handle(self.seconds, callback, args, context)
        self._ready.append(handle)  # type: ignore[attr-defined]
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """Have a callback called at an instant of this loop."""
        handle = _Handle(when, callback, args, context)
        heapq.heappush(self._timers, (when, next(self._order), handle))
        return handle

    # Every future and task asks for it. A built-in function answers fastest: bool() is False.
    get_debug = staticmethod(bool)

    def _run_once(self) -> None:
        """Run what is ready now; when nothing is, let time pass up to the next timer first."""
        ready: Any = self._ready  # type: ignore[attr-defined]
        if not ready and not self._stopping:  # type: ignore[attr-defined]
            self._pass_time(ready)
        self._ripen(ready)
        if self._chance is not None and len(ready) > 1:
            # Tasks may never rely on whose turn is first; shuffled runs prove that they do not.
            waiting = list(ready)
            ready.clear()
            self._chance.shuffle(waiting)
            ready.extend(waiting)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle._cancelled:
                continue
            try:
                handle._context.run(handle._callback, *handle._args)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                told = {"message": f"{handle._callback!r} failed", "exception": error}
                self.call_exception_handler(told)

    def _ripen(self, ready: Any) -> None:
        """Make the timers ready whose time has come, and forget those that were cancelled."""
        timers, now = self._timers, self.seconds
        while timers and (timers[0][2]._cancelled or timers[0][0] <= now):
            handle = heapq.heappop(timers)[2]
            if not handle._cancelled:
                ready.append(handle)

    def _pass_time(self, ready: Any) -> None:
        """Let time pass up to the next timer. Raises: Stalled."""
        for callback in self.on_pause:
            callback()
        if ready:
            return
        if self._done is not None and self._done():
            self._held = True
            self.stop()
            return
        timers = self._timers
        while timers and timers[0][2]._cancelled:
            heapq.heappop(timers)
        upcoming = timers[0][0] if timers else None
        if self._end is not None and (upcoming is None or upcoming > self._end):
            self.seconds = max(self.seconds, self._end)
            self.stop()
        elif upcoming is None:
            raise Stalled("nothing is left that could happen, and no timer that could make it happen")
        else:
            self.seconds = max(self.seconds, upcoming)
            self.jumps += 1

    def _write_to_self(self) -> None:
        """Do nothing: no other thread may call."""
