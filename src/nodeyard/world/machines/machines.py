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

from nodeyard.model import standstill
from nodeyard.model.standstill import Standstill
from nodeyard.ports import Clock, Ids
from nodeyard.world.aws.fleet import PENDING, RUNNING, TERMINATED, Machine
from nodeyard.world.faults import Faults
from nodeyard.world.faults import machines as moods
from nodeyard.world.kubernetes.controllers.kubelets import LEASES, NAMESPACE, is_held
from nodeyard.world.kubernetes.errors import ApiError
from nodeyard.world.kubernetes.registry import ClusterHandle
from nodeyard.world.kubernetes.times import micro_time, rfc3339
from nodeyard.world.machines import leases
from nodeyard.world.machines.habits import USUAL, Habits
from nodeyard.world.machines.node import booted_again, node, registering
from nodeyard.world.machines.user_data import Instructions, NotJoining, read

log = structlog.get_logger(__name__)

REBOOT_S = (60.0, 120.0)
"""How long a kubelet is silent when its machine reboots: longer than the 40 s after which it is missed."""
WARM_S = 10.0
"""How long a machine takes to join whose first boot is behind it (ours: AWS gives no figure)."""
RETRY_S = 15.0
"""How long a kubelet waits before it tries to register again."""
CLOUD_CONTROLLER_S = 5.0
"""How long the cloud node controller takes to see that an instance is gone."""
CONSOLE_LINES = 50
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

    def on_cluster(self, callback: Callable[[ClusterHandle], None]) -> None: ...


@dataclass(slots=True)
class _Kept:
    machine: Machine
    console: list[str] = field(default_factory=list)
    joined: ClusterHandle | None = None
    initialised: bool = False
    """It booted once, in a warm pool or before it was stopped: what is left is to start and to join."""

    def say(self, line: str) -> None:
        """Add a line to the boot log; a repetition says nothing new."""
        if not self.console or self.console[-1] != line:
            self.console.append(line)
            del self.console[:-CONSOLE_LINES]


class Machines:
    """Boots machines and speaks for their kubelets."""

    def __init__(
        self,
        *,
        fleet: Source,
        clusters: Clusters,
        clock: Clock,
        ids: Ids,
        faults: Faults,
        habits: Habits = USUAL,
    ) -> None:
        self._habits = habits
        self._fleet = fleet
        self._clusters = clusters
        self._clock = clock
        self._ids = ids
        self._faults = faults
        faults.on_change(self._faults_changed)
        self._kept: dict[str, _Kept] = {}
        self._due: list[tuple[datetime, int, str]] = []
        self._order = itertools.count()
        self._lost: set[str] = set()
        """Machines whose API server does not exist; they are tried again when a cluster appears."""
        self._standstill = standstill.NONE
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self, stood: Standstill = standstill.NONE) -> None:
        """Take up every machine and cluster that is there, and those to come."""
        self._standstill = stood
        self._fleet.listen(self._heard)
        for machine in self._fleet.machines_now():
            self._heard(machine)
        self._clusters.on_cluster(self._cluster_came)
        self._task = asyncio.create_task(self._run(), name="machines")

    async def stop(self) -> None:
        """Let go; nodes stay as they are."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def console(self, instance_id: str) -> str:
        """Return the boot log of an instance; empty for one that is not known."""
        kept = self._kept.get(instance_id)
        return "\n".join(kept.console) if kept else ""

    def _heard(self, machine: Machine) -> None:
        new = machine.id not in self._kept
        kept = self._kept.setdefault(machine.id, _Kept(machine))
        held, kept.machine = kept.machine, machine
        if not new and held.pooled and not machine.pooled and machine.state == RUNNING:
            # It booted while it waited in its warm pool: what is left is to join.
            self._at(self._clock.after(WARM_S), machine.id)
            return
        if not new and held.state == machine.state:
            if machine.reboots != held.reboots and machine.state == RUNNING:
                self._reboot(kept)
            return
        if machine.state == RUNNING and machine.pooled:
            kept.initialised = True
            kept.say("nodeadm: the instance waits in a warm pool; it joins when its group takes it")
        elif machine.state == RUNNING:
            up = self._clock.after(WARM_S if kept.initialised else self._habits.boot_s(machine))
            # Counted from the launch, so that a machine that was up before a restart is back at once.
            launched = self._standstill.start(machine.launched_at)
            self._at(launched + (up - self._clock.now()) if new else up, machine.id)
        elif machine.state != PENDING:
            kept.initialised = True
            wait = CLOUD_CONTROLLER_S if machine.state == TERMINATED else 0.0
            self._at(self._clock.after(wait), machine.id)

    def _reboot(self, kept: _Kept) -> None:
        machine = kept.machine
        kept.say("reboot: the system goes down and comes back")
        if kept.joined is not None:
            leases.drop(kept.joined, machine.private_dns_name, self._clock)
        least, most = REBOOT_S
        share = zlib.crc32(f"{machine.id} {machine.reboots}".encode()) % 1000 / 1000
        self._at(self._clock.after(least + (most - least) * share), machine.id)

    def _cluster_came(self, handle: ClusterHandle) -> None:
        """Try lost machines again, and delete nodes whose instance ended while nobody looked."""
        for id in sorted(self._lost):
            self._at(self._clock.after(RETRY_S), id)
        self._lost.clear()
        for each in handle.store.list("nodes"):
            id = each["spec"].get("providerID", "").rpartition("/")[2]
            name = each["metadata"]["name"]
            if id not in self._kept and is_held(handle.store.get(LEASES, NAMESPACE, name)):
                self._forget(handle, each)

    def _faults_changed(self) -> None:
        """Let every machine see whether it may join, and its kubelet whether it may report."""
        self._lost.clear()
        for id, kept in self._kept.items():
            if kept.machine.state == RUNNING and (kept.joined is not None or kept.console):
                self._at(self._clock.now(), id)

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
            elif kept.machine.state != PENDING:
                self._end(kept)
        except ApiError as refused:
            kept.say(f"kubelet: {refused.message}; trying again")
            self._at(self._clock.after(RETRY_S), kept.machine.id)
        except Exception:
            # One machine must not stop the others.
            log.exception("a machine stopped working", instance=kept.machine.id)

    def _boot(self, kept: _Kept) -> None:
        machine = kept.machine
        if machine.pooled:
            return
        kept_out = moods.keeps_from_joining(self._faults.active(), machine) if kept.joined is None else None
        if kept_out is not None:
            kept.say(kept_out)
            return
        try:
            told = read(machine.user_data)
            handle = self._cluster(machine, told)
        except NotJoining as why:
            kept.say(str(why))
            log.info("a machine does not join", instance=machine.id, why=str(why))
            return
        if handle is None:
            where = told.endpoint or f"cluster {told.cluster}"
            kept.say(f'kubelet: "Unable to register node with API server": no API server answers at {where}')
            self._lost.add(machine.id)
            return
        wanted = self._habits.node(machine, node(machine, told, handle.version))
        name = wanted["metadata"]["name"]
        held = handle.store.get("nodes", None, name)
        if held is not None and held["spec"].get("providerID") != wanted["spec"]["providerID"]:
            self._forget(handle, held)  # an earlier machine had this address
            held = None
        if held is not None and not is_held(handle.store.get(LEASES, NAMESPACE, name)):
            now = self._clock.now()
            held = handle.store.put("nodes", booted_again(held, rfc3339(now), micro_time(now)))
        made = held or handle.api.create("nodes", None, registering(wanted, rfc3339(self._clock.now())))
        kept.joined = handle
        reports = is_held(handle.store.get(LEASES, NAMESPACE, name))
        if moods.is_silent(self._faults.active(), machine, reports=reports):
            leases.fall_silent(handle, made, self._clock)
            return
        leases.hold(handle, made, self._clock)
        kept.say(f'kubelet: "Successfully registered node" node="{name}"')

    def _cluster(self, machine: Machine, told: Instructions) -> ClusterHandle | None:
        """Return the cluster of the account and Region that a machine was told to join.

        Raises: NotJoining when the endpoint is another cluster's.
        """
        if not told.cluster:
            return self._at_endpoint(machine, told.endpoint)
        handle = self._clusters.get(machine.account, machine.region, told.cluster)
        place = urlsplit(told.endpoint).path.strip("/")
        if told.endpoint and handle is not None and place != urlsplit(handle.url).path.strip("/"):
            raise NotJoining(
                f'kubelet: "Unable to register node with API server": {told.endpoint} is not the API server '
                f"of cluster {told.cluster}, which is at {handle.url}; correct the user data"
            )
        return handle

    def _at_endpoint(self, machine: Machine, endpoint: str) -> ClusterHandle | None:
        """Return the cluster whose API server is there; those with a path are out of reach of kubeadm."""
        for each in self._clusters.clusters():
            if (each.account, each.region) == (machine.account, machine.region) and each.url == endpoint:
                return each
        return None

    def _end(self, kept: _Kept) -> None:
        machine = kept.machine
        self._lost.discard(machine.id)
        for handle in [kept.joined] if kept.joined else self._clusters.clusters():
            held = handle.store.get("nodes", None, machine.private_dns_name)
            if held is None or not held["spec"].get("providerID", "").endswith(f"/{machine.id}"):
                continue
            if machine.state == TERMINATED:
                self._forget(handle, held)
            else:
                leases.drop(handle, machine.private_dns_name, self._clock)
        if machine.state == TERMINATED:
            del self._kept[machine.id]

    @staticmethod
    def _forget(handle: ClusterHandle, gone: dict[str, Any]) -> None:
        """Delete the node of an instance that is gone, as the cloud node controller does."""
        name = gone["metadata"]["name"]
        text = f"Deleting node {name} because it does not exist in the cloud provider"
        handle.api.event(gone, "Normal", "DeletingNode", text, "cloud-node-lifecycle-controller")
        handle.api.delete("nodes", None, name)
        if handle.store.get(LEASES, NAMESPACE, name) is not None:
            handle.api.delete(LEASES, NAMESPACE, name)
