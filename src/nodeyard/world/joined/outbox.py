"""What simulated kubelets wrote and the real API server has not been told yet.

A key stands for an object: however often it changes, only what it is at the end is told. One call an object
at a time, a few at once, in the order of arrival. Waits are wall seconds: a real API server lives in real
time.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import structlog

from nodeyard.ports import Invalid, NotFound, PortError

log = structlog.get_logger(__name__)

Key = tuple[str, str, str]
"""(resource, namespace, name)"""

CALLS = 8
"""Calls at once. Every kubelet of its own would make one; thousands of simulated ones share these."""
AGAIN_S = 1.0
"""Wall seconds after which a call that failed is made again."""


class Outbox:
    """Keys to be told of, each once. `push` tells what a key's object is now. Raises: PortError."""

    def __init__(self, push: Callable[[Key], Awaitable[None]]) -> None:
        self._push = push
        self._keys: OrderedDict[Key, None] = OrderedDict()
        self._under_way: set[Key] = set()
        self._failing: set[Key] = set()
        self._added = asyncio.Event()

    def __contains__(self, key: Key) -> bool:
        return key in self._keys or key in self._under_way

    def add(self, key: Key) -> None:
        self._keys[key] = None
        self._added.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        async with asyncio.TaskGroup() as callers:
            for number in range(CALLS):
                callers.create_task(self._call(), name=f"calls of kubelets {number}")

    async def _call(self) -> None:
        while True:
            key = self._next()
            if key is None:
                self._added.clear()
                await self._added.wait()
                continue
            self._under_way.add(key)
            try:
                await self._push(key)
                self._failing.discard(key)
            except NotFound:
                self._failing.discard(key)  # the watch tells of it as well
            except Invalid as error:
                log.warning("the API server does not take what a kubelet says", of=key, why=error.message)
            except PortError as error:
                self._keys[key] = None
                if key not in self._failing:
                    log.warning("a kubelet's call failed, trying again", of=key, why=error.message)
                self._failing.add(key)
                await asyncio.sleep(AGAIN_S)
            finally:
                self._under_way.discard(key)
                if key in self._keys:
                    self._added.set()

    def _next(self) -> Key | None:
        """Take the oldest key that nobody works on."""
        for key in self._keys:
            if key not in self._under_way:
                del self._keys[key]
                return key
        return None
