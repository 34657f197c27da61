"""Embedded clusters that only this process can reach: no certificates, no port, nothing on disk.

Called by simulations in place of `embedded.EmbeddedKubernetes`.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers import Controllers
from nodeyard.world.kubernetes.embedded import ClusterHandle, Place, furnish
from nodeyard.world.kubernetes.store import Store

HOST = "https://kubernetes.internal"


class MemoryKubernetes:
    """The clusters of a simulation, driven by their controllers."""

    ca_data = base64.b64encode(b"no certificate: nothing leaves this process").decode()

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._clusters: dict[Place, ClusterHandle] = {}
        self._by_url: dict[str, ClusterHandle] = {}
        self._tasks: dict[Place, asyncio.Task[None]] = {}
        self._callbacks: list[Callable[[ClusterHandle], None]] = []

    def get(self, account: str, region: str, name: str) -> ClusterHandle | None:
        """Return a cluster, None when there is none."""
        return self._clusters.get((account, region, name))

    def at(self, url: str) -> ClusterHandle | None:
        """Return the cluster that has this address, None when there is none."""
        return self._by_url.get(url)

    def clusters(self) -> list[ClusterHandle]:
        return list(self._clusters.values())

    def on_cluster(self, callback: Callable[[ClusterHandle], None]) -> None:
        """Call back for every cluster, those that exist and those to come."""
        self._callbacks.append(callback)
        for handle in self._clusters.values():
            callback(handle)

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
        controllers = Controllers(api, store, self._clock, self._ids)
        self._tasks[place] = asyncio.create_task(controllers.run(), name=f"controllers of {name}")
        for callback in self._callbacks:
            callback(handle)
        return handle

    def set_version(self, account: str, region: str, name: str, version: str) -> None:
        """Give a cluster another Kubernetes version, as a control plane upgrade does."""
        self._clusters[(account, region, name)].version = version

    async def remove(self, account: str, region: str, name: str) -> None:
        """Remove a cluster with everything in it; nothing happens when there is none."""
        place = (account, region, name)
        gone = self._clusters.pop(place, None)
        if gone is not None:
            del self._by_url[gone.url]
        task = self._tasks.pop(place, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def tasks(self) -> list[asyncio.Task[None]]:
        """Return what moves the clusters, so that its owner sees it fail."""
        return list(self._tasks.values())

    async def stop(self) -> None:
        for place in list(self._clusters):
            await self.remove(*place)
