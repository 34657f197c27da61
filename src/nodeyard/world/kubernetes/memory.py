"""Embedded clusters that only this process can reach: no certificates, no port, nothing on disk.

Called by simulations in place of `embedded.EmbeddedKubernetes`.
"""

from __future__ import annotations

import asyncio
import base64

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.registry import ClusterHandle, Registry, furnish
from nodeyard.world.kubernetes.store import Store

HOST = "https://kubernetes.internal"


class MemoryKubernetes(Registry):
    """The clusters of a simulation, driven by their controllers."""

    ca_data = base64.b64encode(b"no certificate: nothing leaves this process").decode()

    def __init__(self, clock: Clock, ids: Ids) -> None:
        super().__init__(clock, ids)
        self._by_url: dict[str, ClusterHandle] = {}

    def at(self, url: str) -> ClusterHandle | None:
        """Return the cluster that has this address, None when there is none."""
        return self._by_url.get(url)

    async def create(self, account: str, region: str, name: str, version: str) -> ClusterHandle:
        """Return the cluster of this name, made if it does not exist yet."""
        place = (account, region, name)
        if place in self._clusters:
            return self._clusters[place]
        store = Store(self._clock, self._ids)
        api = Api(store, self._clock, self._ids)
        handle = ClusterHandle(*place, version, f"{HOST}/{'/'.join(place)}", api, store)
        furnish(api, version)
        self._clusters[place] = self._by_url[handle.url] = handle
        self._run(place, handle)
        return handle

    async def remove(self, account: str, region: str, name: str) -> None:
        """Remove a cluster with everything in it; nothing happens when there is none."""
        place = (account, region, name)
        gone = self._clusters.pop(place, None)
        if gone is not None:
            del self._by_url[gone.url]
        await self._halt(place)

    def tasks(self) -> list[asyncio.Task[None]]:
        """Return what moves the clusters, so that its owner sees it fail."""
        return list(self._tasks.values())

    async def stop(self) -> None:
        for place in list(self._clusters):
            await self.remove(*place)
