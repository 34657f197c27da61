"""The right to act, carried along with the run that has it.

The engine gives each run its right; a driver asks for it right before each call goes out, repeats of
a call included. So a worker that stood still and wakes up after its work was taken over acts on
nothing, wherever in a flow it was. Where no run is (a request of a caller) everything is allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

_right: ContextVar[Callable[[], None] | None] = ContextVar("right", default=None)


def act_under(right: Callable[[], None]) -> None:
    """Let the current task and all it starts act only while `right` does not raise Fenced."""
    _right.set(right)


def check() -> None:
    """Raise Fenced when the current run lost its right to act."""
    right = _right.get()
    if right is not None:
        right()
