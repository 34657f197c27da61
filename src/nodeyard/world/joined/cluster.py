"""The control plane of `nodeyard up --kubeconfig`: one real cluster, which one cluster of EKS is.

Takes the place of `kubernetes.embedded.EmbeddedKubernetes`. The first cluster that is made gets it; nothing
is made or removed in it but nodes, leases and what is on them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec

from nodeyard.model import standstill
from nodeyard.model.standstill import Standstill
from nodeyard.ports import Clock, Conflict, Ids
from nodeyard.world.joined import claim
from nodeyard.world.joined.api_server import ApiServer
from nodeyard.world.joined.claim import Claim
from nodeyard.world.joined.kubelets import KUBELETS
from nodeyard.world.joined.mirror import Mirror
from nodeyard.world.kubernetes.controllers.loop import Controllers
from nodeyard.world.kubernetes.registry import ClusterHandle, Place

_LOG = logging.getLogger(__name__)

RENEW_S = 10.0
"""Wall seconds between two renewals of a lease. Source: Kubernetes, kubelet, nodeLeaseDurationSeconds / 4."""


class JoinedKubernetes:
    """`cluster` is the uid of the real one; the caller has seen that the data directory is of no other."""

    def __init__(self, server: ApiServer, cluster: str, *, clock: Clock, ids: Ids, data_dir: Path) -> None:
        self._server = server
        self._clock = clock
        self._ids = ids
        self._file = data_dir / claim.NAME
        self._claim = claim.read(self._file) or Claim(cluster, ids.hex(16))
        self._mirror = Mirror(server, clock, ids, self._claim.owner)
        self._handle: ClusterHandle | None = None
        self._callbacks: list[Callable[[ClusterHandle], None]] = []
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ca_data(self) -> str:
        """Return the CA certificate as kubeconfig files hold it: base64 of PEM."""
        return self._server.ca_data

    def get(self, account: str, region: str, name: str) -> ClusterHandle | None:
        """Return the cluster if it has this name, else None."""
        return self._handle if self._claim.place == (account, region, name) else None

    def clusters(self) -> list[ClusterHandle]:
        return [self._handle] if self._handle else []

    def on_cluster(self, callback: Callable[[ClusterHandle], None]) -> None:
        """Call back for the cluster, now or when it is made."""
        self._callbacks.append(callback)
        if self._handle is not None:
            callback(self._handle)

    async def create(self, account: str, region: str, name: str, version: str) -> ClusterHandle:
        """Give the real cluster a name. Raises: Conflict, when it has another one."""
        place = (account, region, name)
        if self._handle is not None and self._claim.place == place:
            return self._handle
        if self._claim.place not in (None, place):
            raise Conflict(
                f"The cluster at {self._server.url} is {'/'.join(self._claim.place or ())} already."
            )
        self._keep(msgspec.structs.replace(self._claim, place=place, version=version))
        return self._appear(place, version)

    async def remove(self, account: str, region: str, name: str) -> None:
        """Take its name from the real cluster; everything in it stays."""
        if self._claim.place == (account, region, name):
            self._keep(msgspec.structs.replace(self._claim, place=None, version=""))
            self._handle = None

    def set_version(self, account: str, region: str, name: str, version: str) -> None:
        """Remember which version the cluster of EKS has; the real control plane is upgraded by others."""
        self._keep(msgspec.structs.replace(self._claim, version=version))
        if self._handle is not None:
            self._handle.version = version

    def _keep(self, made: Claim) -> None:
        self._claim = made
        claim.write(self._file, made)

    def _appear(self, place: Place, version: str) -> ClusterHandle:
        mirror = self._mirror
        self._handle = ClusterHandle(*place, version, self._server.url, mirror.api, mirror.store)
        for callback in self._callbacks:
            callback(self._handle)
        return self._handle

    async def start(self, stood: Standstill = standstill.NONE) -> None:
        """Take up the nodes that were there before, and follow the cluster. Raises: PortError."""
        mirror = self._mirror
        mirror.store.standstill = stood
        for node in await self._server.nodes():
            mirror.take("nodes", node)
        for node in mirror.store.list("nodes"):
            mirror.hold(node["metadata"]["name"])
        controllers = Controllers(mirror.api, mirror.store, self._clock, self._ids, KUBELETS)
        self._run("kubelets", controllers.run())
        self._run("calls of kubelets", mirror.outbox.run())
        self._run("leases", self._renew())
        for resource in ("nodes", "pods"):
            self._run(f"copy of {resource}", self._follow(resource))
        if self._claim.place is not None:
            self._appear(self._claim.place, self._claim.version)

    async def stop(self) -> None:
        """Let go; the leases age from now on, as of machines that are cut off."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, resource: str) -> None:
        await self._server.follow(resource, lambda before, after: self._mirror.told(resource, before, after))

    async def _renew(self) -> None:
        while True:
            self._mirror.renew()
            await asyncio.sleep(RENEW_S)

    def _run(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"{what} of the joined cluster")
        task.add_done_callback(_report)
        self._tasks.append(task)


def _report(task: asyncio.Task[None]) -> None:
    """Tell when a part ends by an error: nothing of it would move any more."""
    if not task.cancelled() and task.exception() is not None:
        _LOG.error("%s stopped: %s", task.get_name(), task.exception(), exc_info=task.exception())
