"""Three ways to show an update as it goes on: a live view, lines, JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC
from types import TracebackType
from typing import Any, Protocol, Self

from nodeyard.cli.printing import print_json
from nodeyard.cli.watching import lines
from nodeyard.drivers.system import RealClock

Obj = dict[str, Any]

EVENTS_KEPT = 20


class Screen(Protocol):
    """Told of every look, of the changes since the last one, and of a line that is dead."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, progress: Obj | None, changes: Iterable[Obj], lost: str) -> None: ...


class Quiet:
    """What every screen needs and most have nothing to do for."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class JsonLines(Quiet):
    """One object a change, each with the instant at which it was seen."""

    def __init__(self) -> None:
        self._clock = RealClock()

    def show(self, progress: Obj | None, changes: Iterable[Obj], lost: str) -> None:
        for change in changes:
            print_json({"seenAt": self._clock.now(), **change})


class PlainLines(Quiet):
    """One sentence a change."""

    def __init__(self) -> None:
        self._clock = RealClock()

    def show(self, progress: Obj | None, changes: Iterable[Obj], lost: str) -> None:
        for change in changes:
            said = lines.sentence(change)
            if said is not None:
                sys.stdout.write(f"{self._clock.now().astimezone(UTC):%H:%M:%S}Z {said}\n")
        sys.stdout.flush()


class Live:
    """The view of `view`, drawn anew at every look; the last one stays on the screen."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        self._console = Console(highlight=False)
        self._live = RichLive(console=self._console, auto_refresh=False, vertical_overflow="crop")
        self._events: list[Obj] = []
        self._end = ""

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)
        if self._end:
            self._console.print(self._end, markup=False)

    def show(self, progress: Obj | None, changes: Iterable[Obj], lost: str) -> None:
        from nodeyard.cli.watching.view import view

        for change in changes:
            if change["type"] == "event":
                self._events = [*self._events, change][-EVENTS_KEPT:]
            elif change["type"] == "end":
                self._end = lines.sentence(change) or ""
        if progress is not None:
            drawn = view(progress, self._events, lost, self._console.height)
            self._live.update(drawn, refresh=True)
