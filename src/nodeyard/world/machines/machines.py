"""Every simulated machine of a process: from an instance that runs to a node that joined.

One task and one heap of timers for all of them. What is under way is derived from instances
and Node objects, so that a restart goes on without a record of its own.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog

from nodeyard.ports import Clock, Ids
from nodeyard.world.aws.fleet import PENDING, RUNNING, TERMINATED, Machine
from nodeyard.world.kubernetes.controllers.kubelets import HELD, LEASE_SECONDS, LEASES, NAMESPACE
from nodeyard.world.kubernetes.embedded import ClusterHandle
from nodeyard.world.kubernetes.errors import ApiError
from nodeyard.world.kubernetes.times import rfc3339
from nodeyard.world.machines.node import node
from nodeyard.world.machines.user_data import Instructions, NotJoining, read

log = structlog.get_logger(__name__)

BOOT_S = (10.0, 40.0)
RETRY_S = 15.0
"""How long a kubelet waits before it tries to register again."""
CLOUD_CONTROLLER_S = 5.0
"""How long the cloud node controller takes to see that an instance is gone."""
SLICE = 25
"""Machines handled before others get their turn on the loop."""


class Source(Protocol):
    """Where instances come from."""

    def machines_now(self) -> tuple[Machine, ...]: ...

    def listen(self, callback: Callable[[Machine], None]) -> None: ...


class Clusters(Protocol):
    """Where clusters are."""

    def get(self, account: str, region: str, name: str) -> ClusterHandle | None: ...

    def clusters(self) -> list[ClusterHandle]: ...


@dataclass(slots=True)
class _Kept:
    machine: Machine
    console: list[str] = field(default_factory=list)
    joined: ClusterHandle | None = None


class Machines:
    """Boots machines and speaks for their kubelets."""

    def __init__(self, *, fleet: Source, clusters: Clusters, clock: Clock, ids: Ids) -> None:
        self._fleet = fleet
        self._clusters = clusters
        self._clock = clock
        self._ids = ids
        self._kept: dict[str, _Kept] = {}
        self._due: list[tuple[datetime, int, str]] = []
        self._order = itertools.count()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._fleet.listen(self._heard)
        for machine in self._fleet.machines_now():
            self._heard(machine)
        self._task = asyncio.create_task(self._run(), name="machines")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def console(self, instance_id: str) -> str:
        """Return the boot log of an instance; empty for one that is not known."""
        kept = self._kept.get(instance_id)
        return "\n".join(kept.console) if kept else ""

    def _heard(self, machine: Machine) -> None:
        kept = self._kept.setdefault(machine.id, _Kept(machine))
        before, kept.machine = kept.machine.state, machine
        if machine.state == RUNNING:
            least, most = BOOT_S
            share = zlib.crc32(machine.id.encode()) % 1000 / 1000
            wait = least + (most - least) * share
            # Counted from the launch, so that a machine that was up before a restart joins at once.
            at = machine.launched_at + (self._clock.after(wait) - self._clock.now())
            self._at(at if before == RUNNING else self._clock.after(wait), machine.id)
        elif machine.state != PENDING:
            wait = CLOUD_CONTROLLER_S if machine.state == TERMINATED else 0.0
            self._at(self._clock.after(wait), machine.id)

    def _at(self, when: datetime, id: str) -> None:
        heapq.heappush(self._due, (when, next(self._order), id))
        self._changed.set()

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            await self._clock.wait(self._changed, self._due[0][0] if self._due else None)
            done = 0
            while self._due and self._due[0][0] <= self._clock.now():
                _, _, id = heapq.heappop(self._due)
                if (kept := self._kept.get(id)) is not None:
                    self._advance(kept)
                done += 1
                if done % SLICE == 0:
                    await asyncio.sleep(0)

    def _advance(self, kept: _Kept) -> None:
        try:
            if kept.machine.state == RUNNING:
                self._boot(kept)
            else:
                self._end(kept)
        except ApiError as refused:
            kept.console.append(f"kubelet: {refused.message}; trying again")
            self._at(self._clock.after(RETRY_S), kept.machine.id)

    def _boot(self, kept: _Kept) -> None:
        try:
            told = read(kept.machine.user_data)
            handle = self._cluster(kept.machine, told)
        except NotJoining as why:
            if not kept.console or kept.console[-1] != str(why):
                kept.console.append(str(why))
                log.info("a machine does not join", instance=kept.machine.id, why=str(why))
            return
        if handle is None:
            kept.console.append(f"kubelet: no API server answers at {told.endpoint}; trying again")
            del kept.console[:-50]
            self._at(self._clock.after(RETRY_S), kept.machine.id)
            return
        wanted = node(kept.machine, told, handle.version)
        name = wanted["metadata"]["name"]
        held = handle.store.get("nodes", None, name)
        if held is not None and held["spec"].get("providerID") != wanted["spec"]["providerID"]:
            handle.api.delete("nodes", None, name)  # an earlier machine had this address
            held = None
        made = held or handle.api.create("nodes", None, wanted)
        self._hold_lease(handle, made, alive=True)
        kept.joined = handle
        kept.console.append(f"kubelet: registered node {name}")

    def _cluster(self, machine: Machine, told: Instructions) -> ClusterHandle | None:
        handle = self._clusters.get(machine.account, machine.region, told.cluster)
        place = urlsplit(told.endpoint).path.strip("/")
        if told.endpoint and place != f"{machine.account}/{machine.region}/{told.cluster}":
            raise NotJoining(f"kubelet: {told.endpoint} is not the API server of cluster {told.cluster}")
        return handle

    def _end(self, kept: _Kept) -> None:
        handle = kept.joined or self._joined(kept.machine)
        name = kept.machine.private_dns_name
        held = handle.store.get("nodes", None, name) if handle else None
        if (
            handle is not None
            and held is not None
            and held["spec"].get("providerID", "").endswith(kept.machine.id)
        ):
            if kept.machine.state == TERMINATED:
                handle.api.event(
                    held,
                    "Normal",
                    "DeletingNode",
                    f"Deleting node {name} because it does not exist in the cloud provider",
                    "cloud-node-lifecycle-controller",
                )
                handle.api.delete("nodes", None, name)
                if handle.store.get(LEASES, NAMESPACE, name) is not None:
                    handle.api.delete(LEASES, NAMESPACE, name)
            else:
                self._hold_lease(handle, held, alive=False)
        if kept.machine.state == TERMINATED:
            self._kept.pop(kept.machine.id, None)

    def _joined(self, machine: Machine) -> ClusterHandle | None:
        for handle in self._clusters.clusters():
            if handle.store.get("nodes", None, machine.private_dns_name) is not None:
                return handle
        return None

    def _hold_lease(self, handle: ClusterHandle, owner: dict[str, Any], *, alive: bool) -> None:
        """Write the node's lease: renewed for as long as a living kubelet holds it."""
        name = owner["metadata"]["name"]
        held = handle.store.get(LEASES, NAMESPACE, name)
        spec = {
            "holderIdentity": name,
            "leaseDurationSeconds": LEASE_SECONDS,
            "renewTime": rfc3339(self._clock.now()),
        }
        marks = {HELD: "true"} if alive else {}
        if held is None:
            reference = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": owner["metadata"]["uid"]}
            metadata = {"name": name, "annotations": marks, "ownerReferences": [reference]}
            handle.api.create(LEASES, NAMESPACE, {"metadata": metadata, "spec": spec})
        else:
            metadata = {**held["metadata"], "annotations": marks}
            handle.store.put(LEASES, {**held, "metadata": metadata, "spec": spec})
