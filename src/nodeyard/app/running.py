"""The parts of a process, run until a signal or until one of them breaks."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import structlog

log = structlog.get_logger(__name__)


def run(life: Coroutine[Any, Any, int]) -> int:
    """Run a service on the fastest event loop there is, and return its exit code."""
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return asyncio.run(life)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(life)


async def until_stopped(
    parts: Mapping[str, Coroutine[Any, Any, None]],
    announce: Callable[[], None],
    drain: Callable[[], Awaitable[None]],
) -> int:
    """Run everything until SIGINT or SIGTERM, then drain, then cancel what still runs.

    A part that ends by itself ends the process with code 1.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    tasks = {asyncio.create_task(part, name=name) for name, part in parts.items()}
    announce()
    stopped = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({*tasks, stopped}, return_when=asyncio.FIRST_COMPLETED)
    broken = [task for task in done if task is not stopped]
    for task in broken:
        why = task.exception()
        log.error(
            f"{task.get_name()} ended; the service stops, its state is kept", error=repr(why), exc_info=why
        )
    stopped.cancel()
    await drain()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return 1 if broken else 0
