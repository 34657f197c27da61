"""A very small world in which a version update can be played in milliseconds.

Auto Scaling, nodes, deployments and budgets as far as the planner of version updates sees them:
instances take time to boot and to go, pods to start and to stop, budgets refuse. It makes no
decision of an update; the planner makes all of them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.nodegroup import Scaling
from nodeyard.planner.launch_template import LABEL_IMAGE, LABEL_NODEGROUP
from nodeyard.planner.membership import Member
from nodeyard.ports import (
    AutoScalingGroup,
    Blocked,
    Budget,
    Condition,
    Evicted,
    GroupInstance,
    Node,
    Pod,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
DOWN_S = 30
"""Seconds from the end of a drain to the end of the instance."""
EVERYTHING = ({"operator": "Exists"},)


@dataclass
class Instance:
    id: str
    zone: str
    version: str
    launched: datetime
    going_since: datetime | None = None
    name: str = ""
    joined: bool = False
    ready: bool = False
    unschedulable: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    taints: tuple[tuple[str, str, str], ...] = ()
    annotations: dict[str, str] = field(default_factory=dict)


@dataclass
class Workload:
    """Replicas of one pod. `start_s` is from scheduled to Ready, `grace_s` from evicted to gone."""

    name: str
    replicas: int
    start_s: float = 20
    grace_s: int = 10
    tolerates_everything: bool = False
    owner: str | None = "ReplicaSet"
    finalizer: str = ""
    one_a_node: bool = False


@dataclass
class Running:
    name: str
    workload: str
    node: str = ""
    ready_at: datetime | None = None
    gone_at: datetime | None = None


@dataclass
class Demand:
    """A PodDisruptionBudget over one workload; `selects` names it."""

    name: str
    selects: str
    min_available: int | None = None
    max_unavailable: int | None = None


class World:
    """Everything there is. `move_to` lets time pass."""

    def __init__(self, *, zones: int, sizes: tuple[int, int, int], boot_s: float = 60, seed: int = 0) -> None:
        self.now = START
        self.zones = [f"z{'abcdefgh'[n]}" for n in range(zones)]
        self.sizes = Scaling(*sizes)
        self.version = "1"
        self.images = {"1": "ami-old"}
        self.boot_s = boot_s
        self.chance = random.Random(seed)
        self.instances: dict[str, Instance] = {}
        self.workloads: dict[str, Workload] = {}
        self.pods: dict[str, Running] = {}
        self.demands: list[Demand] = []
        self.suspended: tuple[str, ...] = ()
        self.left_cordoned: frozenset[str] = frozenset()
        """Instances whose nodes an earlier try cordoned and left so."""
        self.owner_cordoned: frozenset[str] = frozenset()
        self.no_capacity: set[str] = set()
        self.never_joins: set[str] = set()
        self.never_ready: set[str] = set()
        self.launch_failures: tuple[Issue, ...] = ()
        self.killed: list[str] = []
        self.evictions = 0
        self.log: Callable[[str], None] = lambda text: None
        self.changed = False
        self._numbers = Counter[str]()
        self._fill(booted=True)

    # --- what a scenario sets up ---

    def runs(self, workload: Workload, *, budget: Demand | None = None) -> None:
        """Start a workload, all of it Ready at once."""
        self.workloads[workload.name] = workload
        if budget is not None:
            self.demands.append(budget)
        self._replicas()
        self._schedule()
        for pod in self.pods.values():
            if pod.node and pod.ready_at is not None:
                pod.ready_at = self.now

    # --- what the hands do ---

    def resize(self, sizes: Scaling) -> None:
        self.changed = self.sizes != sizes
        self.sizes = sizes
        self._shrink()

    def terminate(self, id: str, *, decrement: bool) -> None:
        instance = self.instances.get(id)
        if instance is None or instance.going_since is not None:
            return
        left = [
            pod.name
            for pod in self._on(instance.name)
            if pod.gone_at is None and self.workloads[pod.workload].owner != "DaemonSet"
        ]
        self.killed += left
        instance.going_since = self.now
        self.changed = True
        if decrement:
            self.sizes = replace(self.sizes, desired=self.sizes.desired - 1)

    def evict(self, name: str) -> Evicted | Blocked:
        pod = self.pods.get(name)
        if pod is None or pod.gone_at is not None:
            return Evicted()
        demands = [each for each in self.demands if each.selects == pod.workload]
        if len(demands) > 1:
            return Blocked("This pod has more than one PodDisruptionBudget, which is not supported.")
        for demand in demands:
            budget = self.budget(demand)
            if self._is_ready(pod) and budget.allowed <= 0:
                text = f"The disruption budget {demand.name} needs {budget.needs} healthy pods"
                return Blocked("Cannot evict pod as it would violate the pod's disruption budget.", (text,))
        self._end(pod)
        self.evictions += 1
        return Evicted()

    def delete(self, name: str) -> None:
        pod = self.pods.get(name)
        if pod is not None and pod.gone_at is None:
            self._end(pod)

    # --- what is observed ---

    def group(self) -> AutoScalingGroup:
        return AutoScalingGroup(
            "asg",
            self.sizes.minimum,
            self.sizes.maximum,
            self.sizes.desired,
            tuple(self.zones),
            "lt-1",
            self.version,
            instances=tuple(self._group_instance(each) for each in self.instances.values()),
            suspended_processes=self.suspended,
        )

    def members(self) -> tuple[Member, ...]:
        return tuple(Member(self._group_instance(each), self._node(each)) for each in self.instances.values())

    def pods_on(self, node: str) -> tuple[Pod, ...]:
        return tuple(self._pod(each) for each in self._on(node))

    def all_pods(self) -> tuple[Pod, ...]:
        return tuple(self._pod(each) for each in self.pods.values())

    def budget(self, demand: Demand) -> Budget:
        expected = self.workloads[demand.selects].replicas
        healthy = sum(
            1
            for pod in self.pods.values()
            if pod.workload == demand.selects and pod.gone_at is None and self._is_ready(pod)
        )
        if demand.min_available is not None:
            needs, words = demand.min_available, f"minAvailable {demand.min_available}"
        else:
            most = demand.max_unavailable or 0
            needs, words = max(0, expected - most), f"maxUnavailable {most}"
        return Budget(
            namespace="shop",
            name=demand.name,
            selector={"matchLabels": {"app": demand.selects}},
            demand=words,
            expected=expected,
            needs=needs,
            healthy=healthy,
            allowed=max(0, healthy - needs),
            min_available=None if demand.min_available is None else str(demand.min_available),
            max_unavailable=None if demand.max_unavailable is None else str(demand.max_unavailable),
        )

    # --- time ---

    def next_change(self) -> datetime:
        """Return when something happens by itself next, an hour from now when nothing does.

        Controllers take a second to answer a change.
        """
        if self.changed:
            self.changed = False
            return self.now + timedelta(seconds=1)
        times = [pod.ready_at for pod in self.pods.values() if pod.ready_at is not None]
        times += [pod.gone_at for pod in self.pods.values() if pod.gone_at is not None]
        for each in self.instances.values():
            if each.going_since is not None:
                times.append(each.going_since + timedelta(seconds=DOWN_S))
            elif not each.joined:
                times.append(each.launched + timedelta(seconds=self.boot_s))
        return min((at for at in times if at > self.now), default=self.now + timedelta(hours=1))

    def move_to(self, at: datetime) -> None:
        """Let time pass until an instant, and everything happen that is due by then."""
        self.now = at
        self._age()
        self._shrink()
        self._fill(booted=False)
        self._replicas()
        self._schedule()

    def _age(self) -> None:
        for pod in [each for each in self.pods.values() if each.gone_at is not None]:
            held = self.workloads[pod.workload].finalizer
            if pod.gone_at is not None and pod.gone_at <= self.now and not held:
                del self.pods[pod.name]
        for instance in list(self.instances.values()):
            if instance.going_since is not None:
                if self.now >= instance.going_since + timedelta(seconds=DOWN_S):
                    self._gone(instance)
            elif not instance.joined:
                self._join(instance)

    def _join(self, instance: Instance, *, at_once: bool = False) -> None:
        if instance.version in self.never_joins:
            return
        if at_once or self.now >= instance.launched + timedelta(seconds=self.boot_s):
            instance.joined = True
            instance.ready = instance.version not in self.never_ready
            instance.labels = {
                LABEL_NODEGROUP: "blue",
                LABEL_IMAGE: self.images[instance.version],
            }

    def _gone(self, instance: Instance) -> None:
        del self.instances[instance.id]
        for pod in self._on(instance.name):
            del self.pods[pod.name]

    def _fill(self, *, booted: bool) -> None:
        self.launch_failures = ()
        staying = [each for each in self.instances.values() if each.going_since is None]
        for _ in range(self.sizes.desired - len(staying)):
            counts = Counter(dict.fromkeys(self.zones, 0))
            counts.update(each.zone for each in self.instances.values() if each.going_since is None)
            zone = min(self.zones, key=lambda each: (counts[each], each))
            if zone in self.no_capacity:
                text = f"Could not launch On-Demand Instances in {zone}. InsufficientInstanceCapacity."
                self.launch_failures = (Issue(IssueCode.ASG_INSTANCE_LAUNCH_FAILURES, text),)
                return
            self._numbers["i"] += 1
            number = self._numbers["i"]
            instance = Instance(f"i-{number}", zone, self.version, self.now, name=f"node-{number}")
            self.instances[instance.id] = instance
            if booted:
                self._join(instance, at_once=True)

    def _shrink(self) -> None:
        staying = [each for each in self.instances.values() if each.going_since is None]
        surplus = len(staying) - self.sizes.desired
        staying.sort(key=lambda each: (int(each.version), each.launched, each.id))
        for instance in staying[: max(0, surplus)]:
            self.terminate(instance.id, decrement=False)

    def _replicas(self) -> None:
        for workload in self.workloads.values():
            have = sum(
                1 for pod in self.pods.values() if pod.workload == workload.name and pod.gone_at is None
            )
            managed = workload.owner is not None or not self._numbers[workload.name]
            for _ in range((workload.replicas - have) if managed else 0):
                self._numbers[workload.name] += 1
                name = f"{workload.name}-{self._numbers[workload.name]}"
                self.pods[name] = Running(name, workload.name)

    def _schedule(self) -> None:
        for pod in self.pods.values():
            if pod.node or pod.gone_at is not None:
                continue
            workload = self.workloads[pod.workload]
            open_nodes = [each for each in self.instances.values() if self._takes(each, workload)]
            if open_nodes:
                load = Counter(other.node for other in self.pods.values())
                node = min(open_nodes, key=lambda each: (load[each.name], each.id))
                pod.node = node.name
                pod.ready_at = self.now + timedelta(seconds=workload.start_s)

    def _takes(self, instance: Instance, workload: Workload) -> bool:
        if not instance.ready or instance.going_since is not None:
            return False
        if workload.one_a_node and any(pod.workload == workload.name for pod in self._on(instance.name)):
            return False
        closed = instance.unschedulable or any(taint[2] == "NoSchedule" for taint in instance.taints)
        return workload.tolerates_everything or not closed

    def _end(self, pod: Running) -> None:
        self.changed = True
        pod.gone_at = self.now + timedelta(seconds=self.workloads[pod.workload].grace_s)

    def _is_ready(self, pod: Running) -> bool:
        return pod.ready_at is not None and pod.ready_at <= self.now

    def _on(self, node: str) -> list[Running]:
        return [pod for pod in self.pods.values() if pod.node == node]

    def _group_instance(self, instance: Instance) -> GroupInstance:
        state = "InService" if instance.ready else "Pending:Wait"
        if instance.going_since is not None:
            state = "Terminating:Wait"
        return GroupInstance(instance.id, instance.zone, state, "Healthy", "t3.medium", instance.version)

    def _node(self, instance: Instance) -> Node | None:
        if not instance.joined:
            return None
        ready = Condition("True") if instance.ready else Condition("False", message="cni is not initialized")
        return Node(
            name=instance.name,
            uid=f"uid-{instance.id}",
            provider_id=f"aws:///{instance.zone}/{instance.id}",
            labels=instance.labels,
            unschedulable=instance.unschedulable,
            ready=instance.ready,
            zone=instance.zone,
            created_at=instance.launched,
            taints=instance.taints,
            conditions={"Ready": ready},
            annotations=instance.annotations,
        )

    def _pod(self, running: Running) -> Pod:
        workload = self.workloads[running.workload]
        tolerations: tuple[dict[str, Any], ...] = EVERYTHING if workload.tolerates_everything else ()
        return Pod(
            namespace="shop",
            name=running.name,
            uid=f"uid-{running.name}",
            node=running.node,
            phase="Running" if running.node else "Pending",
            ready=self._is_ready(running),
            owner_kind=workload.owner,
            owner_name=workload.name,
            grace_s=workload.grace_s,
            terminating_since=running.gone_at,
            labels={"app": workload.name},
            finalizers=(workload.finalizer,) if workload.finalizer else (),
            tolerations=tolerations,
            unschedulable_because="" if running.node else "0 nodes are available for it.",
        )
