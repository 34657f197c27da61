"""What is seen of one rehearsed update: where time goes, who is in the way, who loses all replicas.

Listens to the world and looks at the update's record at every instant at which time moves on.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from nodeyard.model.drain import Blocker
from nodeyard.model.rollout import Phase, Rollout
from nodeyard.model.update import Update
from nodeyard.ports import Event
from nodeyard.rehearse.belonging import root_of
from nodeyard.rehearse.group import name_of
from nodeyard.rehearse.learned import Root, condition
from nodeyard.rehearse.stage import Stage
from nodeyard.simulation.simulation import is_ready
from nodeyard.world.aws.fleet import PENDING, TERMINATED, Machine
from nodeyard.world.kubernetes.store import Change

Obj = dict[str, Any]


@dataclass(slots=True)
class Life:
    """One node of the group over time. Units: seconds since the update began; None for not yet."""

    name: str
    zone: str = ""
    new: bool = True
    ready: float | None = None
    drained: float | None = None
    """When its drain began."""
    emptied: float | None = None
    gone: float | None = None


@dataclass(slots=True)
class Held:
    """A pod that could not be evicted, with the budget in its way."""

    blocker: Blocker
    node: str
    root: Root | None = None
    """The workload of the pod; None where the pod was gone when it was first looked at."""
    seconds: float = 0.0
    fatal: bool = False


@dataclass(slots=True)
class Nowhere:
    """A pod that no node takes."""

    root: Root
    because: str
    since: float
    seconds: float = 0.0
    lasting: bool = True


@dataclass(slots=True)
class Seen:
    """Everything that was seen."""

    spans: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """What was waited for -> seconds: the critical path."""
    held: dict[tuple[str, str], Held] = field(default_factory=dict)
    outages: dict[Root, float] = field(default_factory=lambda: defaultdict(float))
    down: dict[Root, float] = field(default_factory=dict)
    """Workload -> since when it has no Ready pod."""
    nowhere: dict[str, Nowhere] = field(default_factory=dict)
    forced: list[str] = field(default_factory=list)
    lives: dict[str, Life] = field(default_factory=dict)
    extra_most: int = 0
    extra_seconds: float = 0.0
    """Instance seconds above the size of the group."""
    capacity: list[tuple[float, int]] = field(default_factory=list)
    """(when, Ready nodes of the group)"""


class Watcher:
    """Looks from the moment it is made until `stop`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._simulation = stage.simulation
        self._began = self._last = self._simulation.clock.elapsed()
        self._label = "the service"
        self._turning: tuple[Blocker, ...] = ()
        self._store = self._simulation.handle().store
        self._size = len(stage.group.nodes)
        self._running = self._size
        self._names = {f"{each['metadata']['namespace']}/{name_of(each)}" for each in stage.pods.values()}
        self.new_pods: dict[str, Root] = {}
        """Pods that no snapshot has, by namespace and name: nobody outside of a run knows them."""
        self._ready: dict[Root, set[str]] = defaultdict(set)
        self.update: Update | None = None
        self.last: frozenset[tuple[str, str]] = frozenset()
        """What was in the way when the upgrade was last looked at: pod and code."""
        self.seen = Seen()
        for each in self._simulation.fleet.machines_now():
            name = each.private_dns_name
            self.seen.lives[name] = Life(stage.plain(name), each.zone, new=False, ready=0.0)
        for pod in self._store.list("pods"):
            if _serves(pod):
                self._ready[self._root(pod)].add(pod["metadata"]["uid"])
        self.seen.capacity.append((0.0, self._size))
        self._simulation.store.on_event(self._said)
        self._simulation.fleet.listen(self._machine)
        self._stop_listening = self._store.listen(self._changed)
        self._simulation.on_pause(self._look)

    def stop(self) -> None:
        """Close what is still open: outages, pods that fit nowhere."""
        self._look()
        now = self._now()
        for root, since in self.seen.down.items():
            self.seen.outages[root] += now - since
        for each in self.seen.nowhere.values():
            if each.lasting:
                each.seconds = now - each.since
        self._stop_listening()
        self._simulation.clock.loop.on_pause.remove(self._look)

    def elapsed(self) -> float:
        """Return the seconds since the watcher was made."""
        return self._now()

    def _now(self) -> float:
        return self._simulation.clock.elapsed() - self._began

    def _root(self, pod: Obj) -> Root:
        return root_of(pod, self._owner)

    def _owner(self, reference: Obj, namespace: str) -> Obj | None:
        resource = _BETWEEN.get(reference["kind"])
        return self._store.get(resource, namespace, reference["name"]) if resource else None

    # --- the record of the update ---

    def _look(self) -> None:
        """Give the time since the last look to what was waited for then; see what is waited for now."""
        now = self._now()
        passed, self._last = now + self._began - self._last, now + self._began
        if passed > 0:
            self._passed(passed)
        if self.update is None:
            return
        self.update = self._simulation.update(self.update)
        memory = self.update.rollout
        if self.update.finished_at is not None or memory is None:
            self._label, self._turning = "", ()
            return
        self._turning = tuple(each for turn in memory.turns for each in turn.blockers)
        if memory.phase is Phase.UPGRADE:
            self.last = frozenset((each.pod, each.code) for each in self._turning)
        self._label = _waited_for(memory)
        for turn in memory.turns:
            life = self.seen.lives.get(turn.node)
            if life is not None:
                life.drained = now if life.drained is None else life.drained
                if turn.emptied is not None and life.emptied is None:
                    life.emptied = now

    def _passed(self, seconds: float) -> None:
        if self._label:
            self.seen.spans[self._label] += seconds
            self.seen.extra_seconds += max(0, self._running - self._size) * seconds
        for each in self._turning:
            held = self.seen.held.get((each.pod, each.code))
            if held is None:
                held = Held(each, self._stage.plain(each.node), self._workload(each.pod))
                self.seen.held[each.pod, each.code] = held
            held.blocker = each
            held.seconds += seconds

    def _workload(self, name: str) -> Root | None:
        pod = self._store.get("pods", *name.partition("/")[::2])
        return None if pod is None else self._root(pod)

    # --- the world ---

    def _said(self, event: Event) -> None:
        if event.kind in ("PodForced", "DrainTimedOut"):
            self.seen.forced.append(event.subject.get("pod", event.message))

    def _machine(self, machine: Machine) -> None:
        if machine.state == PENDING:
            self._running += 1
            self.seen.extra_most = max(self.seen.extra_most, self._running - self._size)
            self.seen.lives[machine.private_dns_name] = Life("", machine.zone)
        elif machine.state == TERMINATED:
            self._running -= 1
            life = self.seen.lives.get(machine.private_dns_name)
            if life is not None:
                life.gone = self._now()

    def _changed(self, change: Change) -> None:
        if change.resource == "nodes":
            self._node(change)
        elif change.resource == "pods":
            self._pod(change)

    def _node(self, change: Change) -> None:
        node, before = change.object, change.previous
        life = self.seen.lives.get(node["metadata"]["name"])
        was = before is not None and is_ready(before)
        now = change.type != "DELETED" and is_ready(node)
        if life is None or was == now:
            return
        life.name = self._stage.plain(node["metadata"]["name"])
        if now and life.ready is None:
            life.ready = self._now()
        self.seen.capacity.append((self._now(), self.seen.capacity[-1][1] + (1 if now else -1)))

    def _pod(self, change: Change) -> None:
        pod, uid = change.object, change.object["metadata"]["uid"]
        root = self._root(pod)
        ready = self._ready[root]
        if change.type == "ADDED":
            name = f"{pod['metadata']['namespace']}/{name_of(pod)}"
            if name not in self._names:
                self.new_pods[name] = root
        if change.type != "DELETED" and _serves(pod):
            ready.add(uid)
            since = self.seen.down.pop(root, None)
            if since is not None:
                self.seen.outages[root] += self._now() - since
        elif uid in ready:
            ready.discard(uid)
            if not ready and root[0] not in _NO_SERVICE:
                self.seen.down[root] = self._now()
        self._place(change, root)

    def _place(self, change: Change, root: Root) -> None:
        pod, uid = change.object, change.object["metadata"]["uid"]
        known = self.seen.nowhere.get(uid)
        refused = condition(pod, "PodScheduled")
        if change.type != "DELETED" and not pod["spec"].get("nodeName"):
            if refused.get("reason") == "Unschedulable":
                if known is None:
                    known = self.seen.nowhere[uid] = Nowhere(root, "", self._now())
                known.because = str(refused.get("message", ""))
        elif known is not None and known.lasting:
            known.lasting = False
            known.seconds = self._now() - known.since


_BETWEEN = {"ReplicaSet": "replicasets.apps", "Job": "jobs.batch"}
_NO_SERVICE = ("Pod", "Job", "CronJob", "DaemonSet", "Node")
"""Kinds whose pods are not replicas of a service: a DaemonSet is everywhere, a Job runs once."""


def _serves(pod: Obj) -> bool:
    """Tell whether a pod is Ready and stays: one that terminates gets no requests any more."""
    return is_ready(pod) and not pod["metadata"].get("deletionTimestamp")


def _waited_for(memory: Rollout) -> str:
    if memory.phase in (Phase.SET_UP, Phase.SCALE_DOWN):
        return "the service"
    if memory.phase is Phase.SCALE_UP:
        return "new nodes to join"
    if memory.phase in (Phase.RETREAT, Phase.ROLL_BACK):
        return "the retreat"
    draining = [turn for turn in memory.turns if turn.emptied is None]
    blockers = [each for turn in draining for each in turn.blockers]
    if blockers:
        first = min(blockers, key=lambda each: (each.since, each.pod))
        return f"budget {first.budget}" if first.budget else f"pod {first.pod} ({first.code})"
    if draining:
        return "pods to stop"
    if any(turn.released is None for turn in memory.turns):
        return "the pause for load balancers"
    return "old nodes to go" if memory.turns else "new nodes to join"
