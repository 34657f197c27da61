"""Which node groups should look again: a hint, made of watches on nodes, pods and budgets.

Nodes are watched always; pods and budgets only while nodes of some group are being emptied,
because only then can a change of theirs let a refused eviction through.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from nodeyard.drivers.kubernetes.client import Client
from nodeyard.ports import PortError
from nodeyard.translation.kubernetes import NODEGROUP, is_emptying, node_group_of

_AGAIN_S = 1.0
_NODES = "/api/v1/nodes"
_WHILE_EMPTYING = ("/api/v1/pods", "/apis/policy/v1/poddisruptionbudgets")


class _Watches:
    def __init__(self, client: Client) -> None:
        self._client = client
        self.changed: asyncio.Queue[str] = asyncio.Queue()
        self._emptying: dict[str, str] = {}
        """Node that is cordoned or tainted -> its node group."""
        self._more: list[asyncio.Task[None]] = []

    async def nodes(self) -> None:
        async for event in self._endless(_NODES, {"labelSelector": NODEGROUP}):
            node = event.get("object") or {}
            group = node_group_of(node)
            if group is None:
                continue
            name = node["metadata"]["name"]
            if event.get("type") != "DELETED" and is_emptying(node):
                self._emptying[name] = group
            else:
                self._emptying.pop(name, None)
            self._fit_watches()
            self.changed.put_nowait(group)

    async def _anything(self, path: str) -> None:
        async for _ in self._endless(path, {}):
            for group in set(self._emptying.values()):
                self.changed.put_nowait(group)

    def _fit_watches(self) -> None:
        if self._emptying and not self._more:
            self._more = [asyncio.create_task(self._anything(path)) for path in _WHILE_EMPTYING]
        elif not self._emptying and self._more:
            self._stop_more()

    def _stop_more(self) -> None:
        for task in self._more:
            task.cancel()
        self._more = []

    async def _endless(self, path: str, query: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        while True:
            try:
                # Without a resourceVersion the watch begins with what is there now.
                async for event in self._client.watched(path, query):
                    yield event
            except PortError:
                # A hint only: the flows look again by themselves.
                pass
            await self._client.pause(_AGAIN_S)

    def stop(self) -> None:
        self._stop_more()


async def groups_that_changed(client: Client) -> AsyncIterator[str]:
    """Yield node group names as something changes that concerns them; goes on after every break."""
    watches = _Watches(client)
    nodes = asyncio.create_task(watches.nodes())
    try:
        while True:
            yield await watches.changed.get()
    finally:
        nodes.cancel()
        watches.stop()
