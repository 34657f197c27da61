"""What holds at every instant of every story, whatever happens in it.

Looked at whenever everything that could run has run. Pure looking: nothing here changes the run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from nodeyard.engine.retry import RETRYABLE_MAX_S
from nodeyard.model import label_selector
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.status import NodegroupStatus
from nodeyard.model.values import replace
from nodeyard.ports import ActiveFault, AutoScalingGroup
from nodeyard.simulation import Simulation
from nodeyard.simulation.simulation import CLUSTER, is_ready
from nodeyard.world.aws.fleet import SHUTTING_DOWN, TERMINATED, Machine
from nodeyard.world.faults import refusals

Obj = dict[str, Any]

BUDGETS = "poddisruptionbudgets.policy"
RACE = timedelta(seconds=10)
"""From the look that finds a node empty to the answer to its hook: slow calls one after another, for this
node and for those that go with it, and whole seconds."""
ENDED = (SHUTTING_DOWN, TERMINATED)
LEAVING = ("Terminating", "Terminating:Wait", "Terminating:Proceed", "Terminated")


@dataclass
class Harm:
    """What the world did to a simulation, for which the service is not to blame.

    `groups` lost nodes or got another size, `instances` were taken without a drain; `pods`: some went
    down with them.
    """

    groups: set[str] = field(default_factory=set)
    instances: set[str] = field(default_factory=set)
    pods: bool = False


class Bounds:
    """The bounds of one simulation. `forced`: its pods may be killed against their budgets."""

    def __init__(self, simulation: Simulation, *, forced: bool = False, harm: Harm | None = None) -> None:
        self._simulation = simulation
        self._forced = forced
        self._harm = harm or Harm()
        self._forced_before = len(simulation.forced)
        """Drains that went over pods before these bounds were: no excuse for what is broken now."""
        self._faults: dict[str, ActiveFault] = {}
        simulation.faults.on_change(self._note_faults)
        self._out_of_time: set[str] = set()
        self._let_go: dict[str, datetime] = {}
        """Instance -> when the service was first seen to have let it go."""
        self._asked: dict[str, AutoScalingGroup] = {}
        self._late: dict[str, Obj] = {}
        """Pods by uid that were put on a node that was let go already: they go down with it."""
        self._satisfied: dict[str, tuple[tuple[int, int], int]] = {}
        """Budget -> the numbers for which it was once satisfied, and the revision at which it last was."""
        self._reached: dict[str, tuple[int, int]] = {}
        """Node group -> (desired size, most nodes that were in use since that is the size)."""
        self._held: dict[str, tuple[Nodegroup, AutoScalingGroup, int]] = {}
        """Node group -> what it was when its bounds held: they hold for as long as nothing of it changes."""
        self._serving: Counter[str | None] = Counter()
        """Node group -> nodes in use when a node last changed."""
        self._counted_at = -1
        self._budgets_seen = -1
        self._placed_seen: tuple[int, int, int] | None = None
        self._moves = 0
        """How often an instance changed its state."""
        self._over = {each.id for each in simulation.fleet.machines_now() if each.state in ENDED}
        """Instances that ended before, or are terminated with neither node nor pod left: they stay so."""
        simulation.fleet.listen(self._moved)

    def broken(self) -> str:
        """Return what is broken now, empty when all bounds hold."""
        store = self._simulation.handle().store
        nodes = store.changed_at("nodes")
        found: list[str] = []
        for group in self._simulation.nodegroups():
            if group.resources.auto_scaling_group is None:
                continue
            auto_scaling = self._simulation.compute.group_now(group.scope, group.auto_scaling_group_name)
            if auto_scaling is not None:
                self._note_let_go(group, auto_scaling)
                if group.name not in self._harm.groups:
                    found += self._group(group, auto_scaling, nodes)
        if store.changed_at(BUDGETS) != self._budgets_seen:
            self._budgets_seen = store.changed_at(BUDGETS)
            found += self._budgets()
        placed = store.changed_at("pods"), store.changed_at("nodes"), self._moves
        if placed != self._placed_seen:
            self._placed_seen = placed
            found += self._abandoned()
        return f"{self._simulation.at()}: " + "; ".join(found) if found else ""

    def _moved(self, machine: Machine) -> None:
        self._moves += 1

    def _group(self, group: Nodegroup, auto_scaling: AutoScalingGroup, nodes: int) -> list[str]:
        """Judge a group; `nodes` is the revision of the last change of a node."""
        held = self._held.get(group.name)
        if held and held[0] is group and held[1] is auto_scaling and held[2] == nodes:
            return []
        found = [*self._surge(group, auto_scaling), *self._capacity(group, auto_scaling)]
        if not found:
            self._held[group.name] = group, auto_scaling, nodes
        return found

    def _surge(self, group: Nodegroup, auto_scaling: AutoScalingGroup) -> list[str]:
        """Never more nodes than the size and the surge of an update."""
        state = self._simulation.auto_scaling.state(*_place(group), auto_scaling.name)
        # Auto Scaling itself launches first where it moves an instance: between zones, off Spot capacity.
        extra = state.surplus if state else frozenset[str]()
        staying = [
            each
            for each in auto_scaling.instances
            if each.lifecycle_state not in LEAVING and each.id not in extra
        ]
        unavailable = unavailable_max(group)
        minimal = group.update_config.update_strategy == "MINIMAL"
        surges = is_updating(self._simulation, group) and not minimal
        surge = max(2 * len(auto_scaling.zones), unavailable) if surges else 0
        most = group.scaling.desired + surge
        if len(staying) > max(most, auto_scaling.desired) or auto_scaling.desired > max(
            most, group.scaling.maximum
        ):
            return [
                f"{group.name} has {len(staying)} instances and wants {auto_scaling.desired}, "
                f"at most {most} are allowed"
            ]
        return []

    def _capacity(self, group: Nodegroup, auto_scaling: AutoScalingGroup) -> list[str]:
        """Never fewer nodes in use than the size less maxUnavailable, once there were so many."""
        if group.status not in (NodegroupStatus.ACTIVE, NodegroupStatus.UPDATING):
            self._reached.pop(group.name, None)
            return []
        in_use = self._in_use(group)
        desired, most = self._reached.get(group.name, (-1, 0))
        if desired != group.scaling.desired:
            # A size of its own: from here on it counts what was reached for it.
            most = min(in_use, group.scaling.desired)
        most = max(most, in_use)
        self._reached[group.name] = (group.scaling.desired, most)
        floor = min(most, group.scaling.desired, auto_scaling.desired) - unavailable_max(group)
        if in_use < floor:
            return [f"{group.name} has {in_use} nodes in use, at least {floor} must be"]
        return []

    def _in_use(self, group: Nodegroup) -> int:
        revision = self._simulation.handle().store.changed_at("nodes")
        if revision != self._counted_at:
            self._counted_at = revision
            self._serving = Counter[str | None]()
            for node in self._simulation.nodes():
                if not node["spec"].get("unschedulable") and is_ready(node):
                    labels = node["metadata"].get("labels") or {}
                    self._serving[labels.get("eks.amazonaws.com/nodegroup")] += 1
        return self._serving[group.name]

    def _budgets(self) -> list[str]:
        """No budget that was satisfied is broken, unless force or the limit of a drain ended pods.

        Or pods that tolerate every taint went down with a node that they had come back to, or the scheduler
        took pods for others of higher priority.
        """
        if self._forced or self._harm.pods or len(self._simulation.forced) > self._forced_before:
            return []
        found = []
        store = self._simulation.handle().store
        for budget in store.list(BUDGETS):
            meta, status = budget["metadata"], budget.get("status") or {}
            healthy, needs = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
            numbers = status.get("expectedPods", 0), needs
            if healthy >= needs:
                self._satisfied[meta["uid"]] = numbers, store.revision
                continue
            before, since = self._satisfied.get(meta["uid"], (None, 0))
            if before == numbers and not self._has_late(budget) and not self._preempted(budget, since):
                name = f"{meta['namespace']}/{meta['name']}"
                found.append(f"budget {name} needs {needs} healthy pods and has {healthy}")
        return found

    def _has_late(self, budget: Obj) -> bool:
        return any(_guards(budget, pod) for pod in self._late.values())

    def _preempted(self, budget: Obj, since: int) -> bool:
        """Tell whether the scheduler took a pod of a budget after a revision.

        Source: Kubernetes, Pod Priority and Preemption: it heeds budgets where it can, and breaks others.
        """
        changes = self._simulation.handle().store.history("pods", since) or ()
        # It counts as gone from the moment in which it is told to end.
        return any(_guards(budget, each.object) for each in changes if _was_preempted(each.object))

    def _abandoned(self) -> list[str]:
        """No instance is ended with a pod on it that could have been evicted, before its drain's limit.

        Force is no excuse but for the node whose drain it ended.
        """
        self._note_limits()
        store = self._simulation.handle().store
        found = []
        machines = self._simulation.fleet.machines_now()
        ended = [each for each in machines if each.state in ENDED and each.id not in self._over]
        # Of each address, the latest.
        owner = {each.private_dns_name: each.id for each in machines} if ended else {}
        for machine in ended:
            if owner[machine.private_dns_name] != machine.id:
                continue  # what is there now is another's
            if machine.id in self._harm.instances or machine.id in self._out_of_time:
                continue
            if self._was_forced(machine):
                continue
            if self._went_unseen(machine):
                self._harm.instances.add(machine.id)  # Auto Scaling soon forgets that there was a notice
                continue
            node = store.get("nodes", None, machine.private_dns_name)
            let_go = self._let_go.setdefault(machine.id, self._simulation.clock.now())
            pods = store.pods_on(machine.private_dns_name)
            if node is None and not pods and machine.state == TERMINATED:
                self._over.add(machine.id)
            for pod in pods:
                if must_leave(pod) and _came_late(pod, let_go):
                    self._late[pod["metadata"]["uid"]] = pod
                elif must_leave(pod):
                    name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
                    found.append(f"instance {machine.id} was ended with pod {name} on it")
        return found

    def _was_forced(self, machine: Machine) -> bool:
        """Tell whether the drain of an instance went over its pods."""
        return any(
            each.subject.get("instance") == machine.id
            or (each.subject.get("node") == machine.private_dns_name and each.at >= machine.launched_at)
            for each in self._simulation.forced
        )

    def _went_unseen(self, machine: Machine) -> bool:
        """Tell whether AWS or the cluster was out of reach from the notice on with which EC2 took it back.

        Or in reach so little before its end that the service, which asks again and again, had not yet.
        """
        noticed = self._simulation.auto_scaling.noticed(machine.account, machine.region).get(machine.id)
        group = machine.tags.get("eks:nodegroup-name")
        before = self._simulation.clock.now() - timedelta(seconds=RETRYABLE_MAX_S)
        lately = [each for each in self._faults.values() if each.until is None or each.until > before]
        refused = refusals.of_call(lately, "autoscaling", "DescribeAutoScalingGroups", group)
        out_of_reach = [each for each in lately if each.name == "cluster-unreachable"]
        out_of_reach += [] if refused is None else [refused[1]]
        return noticed is not None and any(each.since < noticed for each in out_of_reach)

    def _note_faults(self) -> None:
        """Remember every fault that was on, with its end."""
        now, active = self._simulation.clock.now(), {each.id for each in self._simulation.faults.active()}
        for id, fault in self._faults.items():
            if id not in active and (fault.until is None or fault.until > now):
                self._faults[id] = replace(fault, until=now)
        self._faults |= {each.id: each for each in self._simulation.faults.active()}

    def _note_let_go(self, group: Nodegroup, found: AutoScalingGroup) -> None:
        """Remember when the terminate hook of an instance was answered: from then on EC2 ends it."""
        if self._asked.get(group.name) is found:
            return
        self._asked[group.name] = found
        for each in found.instances:
            if each.lifecycle_state == "Terminating:Proceed":
                self._let_go.setdefault(each.id, self._simulation.clock.now())

    def _note_limits(self) -> None:
        """Remember the instances whose drain has had all of its time: they go with what is left."""
        now = self._simulation.clock.now()
        for group in self._simulation.nodegroups():
            self._out_of_time |= {id for id, drain in group.drains.items() if drain.limit <= now}


def _place(group: Nodegroup) -> tuple[str, str]:
    return group.scope.account, group.scope.region


def unavailable_max(group: Nodegroup) -> int:
    """Return how many nodes of a group may be out of use at once."""
    config = group.update_config
    if config.max_unavailable_percentage is not None:
        return max(1, -(-group.scaling.desired * config.max_unavailable_percentage // 100))
    return config.max_unavailable or 1


def is_updating(simulation: Simulation, group: Nodegroup) -> bool:
    if group.active_update is None:
        return False
    update = simulation.store.update_now(group.scope, CLUSTER, group.name, group.active_update)
    return update is not None and update.type == "VersionUpdate"


def _guards(budget: Obj, pod: Obj) -> bool:
    there = pod["metadata"]["namespace"] == budget["metadata"]["namespace"]
    labels = pod["metadata"].get("labels") or {}
    return there and label_selector.matches(budget["spec"].get("selector"), labels)


def _was_preempted(pod: Obj) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each.get("reason") == "PreemptionByScheduler" for each in conditions)


def _came_late(pod: Obj, let_go: datetime) -> bool:
    """Tell whether a pod was put on a node that the service had found empty and let go.

    Only a pod that tolerates every taint can be: nothing else is put on a cordoned node, and nothing but EC2
    can keep this one away. Source: EKS User Guide, update behaviour: such pods come back to the node.
    """
    tolerant = any(
        each.get("operator") == "Exists" and not each.get("key")
        for each in pod["spec"].get("tolerations") or ()
    )
    conditions = (pod.get("status") or {}).get("conditions") or ()
    bound = next((each["lastTransitionTime"] for each in conditions if each["type"] == "PodScheduled"), None)
    return tolerant and bound is not None and datetime.fromisoformat(bound) >= let_go - RACE


def must_leave(pod: Obj) -> bool:
    """Tell whether a drain has to wait for a pod."""
    meta = pod["metadata"]
    owners = {each["kind"] for each in meta.get("ownerReferences") or ()}
    finished = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    return not (owners & {"DaemonSet", "Node"}) and not finished and "deletionTimestamp" not in meta
