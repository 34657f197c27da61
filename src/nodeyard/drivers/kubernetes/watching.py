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
from nodeyard.translation import kubernetes as translate
from nodeyard.translation.kubernetes import NODEGROUP

_AGAIN_S = 1.0
_NODES = "/api/v1/nodes"
_PODS = "/api/v1/pods"
_BUDGETS = "/apis/policy/v1/poddisruptionbudgets"


class _Watches:
    def __init__(self, client: Client) -> None:
        self._client = client
        self.changed: asyncio.Queue[str] = asyncio.Queue()
        self._emptying: dict[str, str] = {}
        """Node that is cordoned or tainted -> its node group."""
        self._standing: dict[str, tuple[object, ...]] = {}
        self._more: list[asyncio.Task[None]] = []

    async def nodes(self) -> None:
        async for event in self._endless(_NODES, {"labelSelector": NODEGROUP}):
            node = event.get("object") or {}
            group = translate.node_group_of(node)
            if group is not None:
                self._node(str(event.get("type")), node, group)

    def _node(self, change: str, node: dict[str, Any], group: str) -> None:
        name = node["metadata"]["name"]
        if change != "DELETED" and translate.is_emptying(node):
            self._emptying[name] = group
        else:
            self._emptying.pop(name, None)
        self._fit_watches()
        before, standing = self._standing.pop(name, None), translate.standing(node)
        if change != "DELETED":
            self._standing[name] = standing
        if change == "DELETED" or standing != before:
            self.changed.put_nowait(group)

    async def _pods(self) -> None:
        async for event in self._endless(_PODS, {}):
            pod = event.get("object") or {}
            group = self._emptying.get((pod.get("spec") or {}).get("nodeName") or "")
            if group is not None and translate.has_left(str(event.get("type")), pod):
                self.changed.put_nowait(group)

    async def _budgets(self) -> None:
        async for event in self._endless(_BUDGETS, {}):
            if translate.may_let_go(str(event.get("type")), event.get("object") or {}):
                for group in set(self._emptying.values()):
                    self.changed.put_nowait(group)

    def _fit_watches(self) -> None:
        if self._emptying and not self._more:
            self._more = [asyncio.create_task(watch()) for watch in (self._pods, self._budgets)]
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
