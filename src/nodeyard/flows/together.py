"""Several calls side by side, at most so many at once. Used by flows that ask for more than one thing."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

AT_ONCE = 20
"""Calls to one API that a flow has under way at the same time, unless it says otherwise."""


async def together(work: Iterable[Coroutine[Any, Any, T]], *, at_once: int | None = AT_ONCE) -> list[T]:
    """Return what each returns, in order. Raises: what the first to fail raises.

    Bounds: at_once >= 1, None for all at once.
    """
    coroutines = list(work)
    if len(coroutines) <= 1:
        # No task for what has nobody to run beside: most groups have one node to ask about at a time.
        return [await each for each in coroutines]
    if at_once is None or len(coroutines) <= at_once:
        return await asyncio.gather(*coroutines)
    room = asyncio.Semaphore(at_once)

    async def in_turn(one: Coroutine[Any, Any, T]) -> T:
        async with room:
            return await one

    return await asyncio.gather(*(in_turn(each) for each in coroutines))
