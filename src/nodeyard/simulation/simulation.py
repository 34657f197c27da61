"""One simulated service with its world: made from a seed, moved by its owner, looked at from everywhere.

Composition root of everything in memory, as `app.up` is of the embedded service. Every method is
synchronous: it runs the virtual loop as far as it needs and returns. Nothing in here is a thread,
a socket, a file or the wall clock, so a seed repeats a run exactly.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from nodeyard import catalog
from nodeyard.drivers.store import MemoryStore
from nodeyard.drivers.system import SeededIds, VirtualClock, VirtualLoop
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import clusters as cluster_service
from nodeyard.flows.service import nodegroups as nodegroup_service
from nodeyard.flows.service import updates as update_service
from nodeyard.model import standstill
from nodeyard.model.cluster import Cluster, Endpoint
from nodeyard.model.commands import (
    CreateCluster,
    CreateNodegroup,
    ScalingChange,
    UpdateNodegroupConfig,
    UpdateNodegroupVersion,
)
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus, NodegroupStatus, UpdateStatus
from nodeyard.model.update import Update
from nodeyard.ports import AutoScalingGroup, Event, Kubernetes
from nodeyard.simulation.process import Process
from nodeyard.simulation.terms import Terms
from nodeyard.world.aws.auto_scaling import AutoScaling
from nodeyard.world.aws.memory import Accounts, MemoryCompute, MemoryFleet, Region
from nodeyard.world.clusters import EmbeddedClusters
from nodeyard.world.faults import Faults
from nodeyard.world.faults.clusters import FaultyClusters
from nodeyard.world.faults.compute import FaultyCompute
from nodeyard.world.faults.instances import FaultyInstances
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.in_process import InProcessKubernetes
from nodeyard.world.kubernetes.memory import MemoryKubernetes
from nodeyard.world.kubernetes.registry import ClusterHandle
from nodeyard.world.machines import Machines

Obj = dict[str, Any]
T = TypeVar("T")

START = datetime(2026, 1, 1, tzinfo=UTC)
SCOPE = Scope("111122223333", "eu-west-1")
CLUSTER = "prod"
HOUR_S = 3600.0
PATIENCE_S = 24 * HOUR_S
"""Simulated seconds after which something that was waited for counts as never to come."""

UNWATCHED_S = HOUR_S
"""How often the service looks by itself. It is told of everything here, so polling would only cost time."""

LEASE_S = 5.0
"""Leases of a service with slow hands are as short as those of a real one, so that they must be renewed."""


class SimulationFailed(Exception):
    """A part of the service or the world broke, or what was waited for did not come."""


class Simulation:
    """See the module. `shuffle` is a seed too: tasks that can run at once take turns by chance.

    `stumble` leaves out or repeats some passes of the service, as crashes and lost hints would.
    `around` makes the hands of each process of the service from those of its callers.
    """

    def __init__(
        self,
        seed: int | str = 0,
        start: datetime = START,
        *,
        shuffle: int | None = None,
        stumble: bool = False,
        terms: Terms | None = None,
        around: Callable[[Hands], Hands] | None = None,
    ) -> None:
        self.clock = VirtualClock(start, loop=VirtualLoop(shuffle))
        terms = terms or Terms()
        # A stream of chance for each part: what one draws does not change what the others get.
        self.ids, account, fleet, groups, kubernetes = (
            SeededIds(f"{seed} {part}") for part in ("service", "account", "fleet", "groups", "kubernetes")
        )
        self._stumbles = random.Random(shuffle) if stumble else None
        self.scope = SCOPE
        self.accounts = Accounts(account)
        self.fleet = MemoryFleet(self.accounts, self.clock, fleet)
        self.faults = Faults(self.clock, SeededIds(f"{seed} faults"))
        self._faulty = FaultyInstances(self.fleet, self.faults, self.clock)
        self._on_group_change: list[Callable[[str, str, str], None]] = []
        self.auto_scaling = AutoScaling(
            instances=self._faulty,
            clock=self.clock,
            ids=groups,
            path=None,
            on_group_change=self._group_changed,
        )
        self.compute = MemoryCompute(self.accounts, self.auto_scaling)
        self.control_planes = MemoryKubernetes(self.clock, kubernetes)
        self.machines = Machines(
            fleet=self.fleet,
            clusters=self.control_planes,
            clock=self.clock,
            ids=kubernetes,
            faults=self.faults,
            habits=terms.habits,
        )
        self.store = MemoryStore()
        self.clusters = EmbeddedClusters(self.control_planes, self.compute, self._connect)
        self.hands = self._hands(terms)
        self._around = around
        self._process = self._new_process()
        self.store.on_wake(lambda: self._process.engine.wake())
        self.store.on_record(lambda: self._process.hints.records_changed())
        self.faults.on_change(lambda: self._process.hints.world_changed())
        self._on_group_change.append(lambda *place: self._process.hints.group_changed(*place))
        self.forced: list[Event] = []
        """Events of drains that went over pods which did not leave: at their limit, or by force."""
        self.store.on_event(self._heard)
        self.node_role = self.region.add_role("node")
        self.cluster_role = self.region.add_role("cluster")
        self.do(self._start())
        self.clock.loop.on_pause.append(self._check_parts)

    # --- wiring ---

    def _hands(self, terms: Terms) -> Hands:
        compute = FaultyCompute(self.compute, self.faults)
        clusters = FaultyClusters(self.clusters, self.control_planes, self.faults)
        given = catalog.default(), terms.quotas, terms.drain_limit_s
        return Hands(
            self.store, compute, clusters, self.clock, self.ids, *given, told=terms.told, dice=terms.dice
        )

    def _new_process(self) -> Process:
        hands, lease_s = replace(self.hands, health_due={}), UNWATCHED_S
        if self._around is not None:
            hands, lease_s = self._around(hands), LEASE_S
        return Process(hands, lease_s, UNWATCHED_S, self._stumbles)

    def restart(self) -> None:
        """Kill the process of the service at this instant and begin another."""
        dead = self._process
        dead.kill()
        self._process = self._new_process()
        self._process.begin(self.clock.loop, dead)

    def _connect(self, endpoint: Endpoint) -> Kubernetes:
        return InProcessKubernetes(lambda: self.control_planes.at(endpoint.url))

    def _group_changed(self, account: str, region: str, name: str) -> None:
        for callback in self._on_group_change:
            callback(account, region, name)

    def _heard(self, event: Event) -> None:
        if event.kind in ("PodForced", "DrainTimedOut"):
            self.forced.append(event)

    async def _start(self) -> None:
        await self.fleet.start()
        await self.auto_scaling.start(standstill.NONE)
        await self.faults.start()
        await self._faulty.start(self.auto_scaling.interrupt)
        await self.machines.start()
        self._process.begin(self.clock.loop)

    async def _stop(self) -> None:
        await self._process.stop()
        await self.machines.stop()
        await self._faulty.stop()
        await self.faults.stop()
        await self.auto_scaling.stop()
        await self.fleet.stop()
        await self.control_planes.stop()

    def close(self) -> None:
        """Stop everything; nothing can be looked at afterwards."""
        if self.clock.loop.is_closed():
            return
        self.clock.loop.on_pause.clear()
        stores = [each.store for each in self.control_planes.clusters()]
        self.do(self._stop())
        self.clock.loop.close()
        # Everything in a world points at everything else: taken apart it is free at once, where finding that
        # out takes the collector a twentieth of the time of a run.
        for part in (*stores, self.fleet, self.auto_scaling, self.machines):
            vars(part).clear()

    def __enter__(self) -> Simulation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_parts(self) -> None:
        """Raise SimulationFailed as soon as a part ended or a flow hit a bug."""
        for task in (*self._process.parts, *self.control_planes.tasks()):
            if task.done():
                why = None if task.cancelled() else task.exception()
                raise SimulationFailed(f"{self.at()} {task.get_name()} ended: {why!r}") from why
        for key, error in self._process.engine.bugs().items():
            raise SimulationFailed(f"{self.at()} the work on {key} hit a bug: {error}")

    # --- time ---

    def at(self) -> str:
        """Return how much time has passed, as `h:mm:ss`."""
        minutes, seconds = divmod(int(self.clock.elapsed()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end; time passes where it waits."""
        return self.clock.loop.run_until_complete(work)

    def run_for(self, seconds: float) -> None:
        """Let simulated seconds pass."""
        self.clock.loop.run_until(end=self.clock.elapsed() + seconds)

    def run_until(self, done: Callable[[], bool], what: str, *, within_s: float = PATIENCE_S) -> None:
        """Let time pass until something holds. Raises: SimulationFailed when it does not within the limit."""
        if not self.clock.loop.run_until(done, end=self.clock.elapsed() + within_s):
            raise SimulationFailed(f"{self.at()} {what}: this did not come within {within_s:,.0f} s")

    def on_pause(self, callback: Callable[[], None]) -> None:
        """Call back at every instant once everything that could run has run, before time moves on."""
        self.clock.loop.on_pause.append(callback)

    # --- what callers of the service do ---

    def create_cluster(self, name: str = CLUSTER, version: str | None = None) -> Cluster:
        """Create a cluster and wait until it is ACTIVE."""
        command = CreateCluster(name, self.cluster_role, self.subnets(), version)
        self.do(cluster_service.create(self.hands, self.scope, command))
        self.run_until(lambda: self.cluster(name).status is ClusterStatus.ACTIVE, f"cluster {name} is ACTIVE")
        return self.cluster(name)

    def create_nodegroup(
        self, name: str, nodes: int = 2, *, cluster: str = CLUSTER, maximum: int | None = None, **members: Any
    ) -> Nodegroup:
        """Have a node group accepted; `members` are those of `model.commands.CreateNodegroup`."""
        asked: dict[str, Any] = {
            "subnets": self.subnets(),
            "node_role": self.node_role,
            "scaling": ScalingChange(0, maximum or max(nodes, 1), nodes),
        }
        command = CreateNodegroup(cluster, name, **(asked | members))
        return self.do(nodegroup_service.create(self.hands, self.scope, command))

    def scale(self, name: str, nodes: int, *, cluster: str = CLUSTER) -> Update:
        """Have another desired size accepted."""
        command = UpdateNodegroupConfig(cluster, name, scaling=ScalingChange(desired=nodes))
        return self.do(nodegroup_service.update_config(self.hands, self.scope, command))

    def update_version(self, name: str, *, cluster: str = CLUSTER, **members: Any) -> Update:
        """Have a version update accepted; `members` are those of `commands.UpdateNodegroupVersion`."""
        command = UpdateNodegroupVersion(cluster, name, **members)
        return self.do(update_service.start(self.hands, self.scope, command))

    def delete_nodegroup(self, name: str, *, cluster: str = CLUSTER) -> Nodegroup:
        """Have the deletion of a group accepted."""
        return self.do(nodegroup_service.delete(self.hands, self.scope, cluster, name))

    def until_active(self, name: str, *, cluster: str = CLUSTER, within_s: float = HOUR_S) -> Nodegroup:
        """Wait until a group is ACTIVE. Raises: SimulationFailed."""

        def active() -> bool:
            return self.nodegroup(name, cluster=cluster).status is NodegroupStatus.ACTIVE

        self.run_until(active, f"node group {name} is ACTIVE", within_s=within_s)
        return self.nodegroup(name, cluster=cluster)

    def until_gone(self, name: str, *, cluster: str = CLUSTER, within_s: float = PATIENCE_S) -> None:
        """Wait until a group is deleted. Raises: SimulationFailed."""

        def gone() -> bool:
            return self.store.nodegroup_now(self.scope, cluster, name) is None

        self.run_until(gone, f"node group {name} is gone", within_s=within_s)

    def until_ended(self, update: Update, *, within_s: float = PATIENCE_S) -> Update:
        """Wait until an update is no longer in progress and return it. Raises: SimulationFailed."""
        self.run_until(
            lambda: self.update(update).status is not UpdateStatus.IN_PROGRESS,
            f"update {update.type} of {update.nodegroup} ends",
            within_s=within_s,
        )
        return self.update(update)

    # --- what users of a cluster do ---

    def apply(self, *objects: Obj, namespace: str = "default", cluster: str = CLUSTER) -> None:
        """Put objects into a cluster, and their namespace if need be. Raises: ApiError."""
        api = self.api(cluster)
        if api.store.get("namespaces", None, namespace) is None:
            api.create("namespaces", None, {"metadata": {"name": namespace}})
        for obj in objects:
            what = next(
                each
                for each in api.store.registry.all()
                if (each.kind, each.api_version) == (obj["kind"], obj["apiVersion"])
            )
            api.create(what.key, namespace if what.namespaced else None, obj)

    # --- looking ---

    @property
    def region(self) -> Region:
        """What the account has: subnets, templates, capacity."""
        return self.accounts.region(self.scope)

    def subnets(self) -> tuple[str, ...]:
        return tuple(self.region.subnets)

    def cluster(self, name: str = CLUSTER) -> Cluster:
        found = self.store.cluster_now(self.scope, name)
        assert found is not None, f"there is no cluster {name}"
        return found

    def nodegroup(self, name: str, *, cluster: str = CLUSTER) -> Nodegroup:
        found = self.store.nodegroup_now(self.scope, cluster, name)
        assert found is not None, f"there is no node group {name}"
        return found

    def nodegroups(self) -> list[Nodegroup]:
        return self.store.nodegroups_now()

    def update(self, update: Update) -> Update:
        """Return an update as it is now."""
        found = self.store.update_now(update.scope, update.cluster, update.nodegroup, update.id)
        assert found is not None, f"there is no update {update.id}"
        return found

    def events(self) -> list[Event]:
        """Return everything that the service said so far."""
        return self.store.events_now()

    def auto_scaling_group(self, name: str, *, cluster: str = CLUSTER) -> AutoScalingGroup:
        """Return the Auto Scaling group of a node group."""
        group = self.nodegroup(name, cluster=cluster)
        found = self.compute.group_now(self.scope, group.auto_scaling_group_name)
        assert found is not None, f"node group {name} has no Auto Scaling group"
        return found

    def handle(self, name: str = CLUSTER) -> ClusterHandle:
        found = self.control_planes.get(self.scope.account, self.scope.region, name)
        assert found is not None, f"there is no cluster {name}"
        return found

    def api(self, cluster: str = CLUSTER) -> Api:
        """Return the Kubernetes API of a cluster, without HTTP."""
        return self.handle(cluster).api

    def nodes(self, *, cluster: str = CLUSTER) -> list[Obj]:
        """Return the Node objects of a cluster, to be read only."""
        return self.handle(cluster).store.list("nodes")

    def pods(self, namespace: str | None = None, *, cluster: str = CLUSTER) -> list[Obj]:
        """Return the Pod objects of a cluster, to be read only."""
        return self.handle(cluster).store.list("pods", namespace)

    def ready_nodes(self, *, cluster: str = CLUSTER) -> list[str]:
        """Return the names of the nodes that are Ready."""
        return [each["metadata"]["name"] for each in self.nodes(cluster=cluster) if is_ready(each)]


def is_ready(obj: Obj) -> bool:
    """Tell whether the Ready condition of a node or pod is True."""
    conditions: Iterable[Obj] = (obj.get("status") or {}).get("conditions") or ()
    for each in conditions:
        if each["type"] == "Ready":
            return bool(each["status"] == "True")
    return False
