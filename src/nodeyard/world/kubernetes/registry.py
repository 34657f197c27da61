"""The clusters of one process by account, Region and name, each driven by its controllers.

What clusters on disk and port (`embedded`) and those of a simulation (`memory`) have in common.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.store import Store

_BUILT_IN_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_PRIORITIES = (("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000))

Place = tuple[str, str, str]


@dataclass(slots=True)
class ClusterHandle:
    """One embedded cluster."""

    account: str
    region: str
    name: str
    version: str
    url: str
    api: Api
    store: Store


class Registry:
    """Who has which cluster, and who is told of new ones."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._clusters: dict[Place, ClusterHandle] = {}
        self._tasks: dict[Place, asyncio.Task[None]] = {}
        self._callbacks: list[Callable[[ClusterHandle], None]] = []

    def get(self, account: str, region: str, name: str) -> ClusterHandle | None:
        """Return a cluster, None when there is none."""
        return self._clusters.get((account, region, name))

    def clusters(self) -> list[ClusterHandle]:
        """Return all clusters."""
        return list(self._clusters.values())

    def on_cluster(self, callback: Callable[[ClusterHandle], None]) -> None:
        """Call back for every cluster, those that exist and those to come."""
        self._callbacks.append(callback)
        for handle in self._clusters.values():
            callback(handle)

    def set_version(self, account: str, region: str, name: str, version: str) -> None:
        """Give a cluster another Kubernetes version, as a control plane upgrade does."""
        self._clusters[(account, region, name)].version = version

    def _run(self, place: Place, handle: ClusterHandle) -> asyncio.Task[None]:
        """Start the controllers of a cluster and tell of it. Returns what moves it."""
        # Imported here: a store and its API are of use without controllers.
        from nodeyard.world.kubernetes.controllers import Controllers

        controllers = Controllers(handle.api, handle.store, self._clock, self._ids)
        task = asyncio.create_task(controllers.run(), name=f"controllers {'/'.join(place)}")
        self._tasks[place] = task
        for callback in self._callbacks:
            callback(handle)
        return task

    async def _halt(self, place: Place) -> None:
        """Stop the controllers of a cluster; nothing happens where none run."""
        task = self._tasks.pop(place, None)
        if task is not None:
            task.cancel()
            # An error of the controllers was reported when it happened; stopping goes on.
            await asyncio.gather(task, return_exceptions=True)


def furnish(api: Api, version: str) -> None:
    """Put into a cluster what every cluster has from its first second; what is there stays."""
    for name in _BUILT_IN_NAMESPACES:
        if api.store.get("namespaces", None, name) is None:
            api.create("namespaces", None, {"metadata": {"name": name}})
    for name, value in _PRIORITIES:
        if api.store.get("priorityclasses.scheduling.k8s.io", None, name) is None:
            api.create(
                "priorityclasses.scheduling.k8s.io", None, {"metadata": {"name": name}, "value": value}
            )
    if api.store.get("services", "default", "kubernetes") is None:
        ports = [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 443}]
        labels = {"component": "apiserver", "provider": "kubernetes"}
        service = {"metadata": {"name": "kubernetes", "labels": labels}}
        spec = {"type": "ClusterIP", "clusterIP": "10.100.0.1", "clusterIPs": ["10.100.0.1"], "ports": ports}
        api.create("services", "default", {**service, "spec": spec})
    # Imported here: a store and its API are of use without controllers.
    from nodeyard.world.kubernetes.controllers.system_workloads import install

    install(api, version)
