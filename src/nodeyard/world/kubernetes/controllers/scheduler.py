"""The scheduler: gives each pod without a node the best node that takes it.

A pod that fits nowhere says so in its PodScheduled condition and an event, and is tried again, with growing
pauses, when nodes, pods or volumes change. Pods of higher priority come first and may push others off.
"""

from __future__ import annotations

import heapq
import itertools
from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.attach_limits import CSI_NODES
from nodeyard.world.kubernetes.controllers.claims import CLAIMS, CLASSES, VOLUMES, Needs, needs_of
from nodeyard.world.kubernetes.controllers.controller import Controller, Place, place_of
from nodeyard.world.kubernetes.controllers.decision import Decider, Decision
from nodeyard.world.kubernetes.controllers.disruption import BUDGETS
from nodeyard.world.kubernetes.controllers.fit import named_nodes
from nodeyard.world.kubernetes.controllers.node_index import NodeIndex
from nodeyard.world.kubernetes.controllers.pods import (
    condition,
    is_finished,
    is_leaving,
    owner_of,
    with_condition,
)
from nodeyard.world.kubernetes.controllers.requests import priority_of
from nodeyard.world.kubernetes.controllers.volumes import bind_for
from nodeyard.world.kubernetes.store import Change, Store

Obj = dict[str, Any]

COMPONENT = "default-scheduler"
_PAUSE_MAX_S = 10.0
_WAKE, _WAKE_SOCIAL, _NEXT = "wake the waiting", "wake those who wait for others", "take the next"
_STORAGE = frozenset({CLAIMS, VOLUMES, CLASSES, CSI_NODES})
_OWNERS = {
    "ReplicaSet": "replicasets.apps",
    "StatefulSet": "statefulsets.apps",
    "ReplicationController": "replicationcontrollers",
}


class Scheduler(Controller):
    """Binds pods to nodes."""

    watches = frozenset({"pods", "nodes", "namespaces", *_STORAGE})

    def __init__(self, api: Api, store: Store, clock: Clock, ids: Ids) -> None:
        super().__init__(api, store, clock, ids)
        self.index = NodeIndex()
        self.decider = Decider(self.index, lambda: self.store.list(BUDGETS))
        self._active: list[tuple[int, int, Place]] = []
        self._pending: set[Place] = set()
        self._order = itertools.count()
        self._waiting: dict[Place, int] = {}
        self._social: set[Place] = set()
        """Waiting pods for which a pod that comes to a node may change something."""
        self._refusals: dict[str, tuple[int, str]] = {}

    # --- what changes ---

    def changed(self, change: Change) -> None:
        obj = change.object
        if change.resource == "namespaces":
            labels = obj["metadata"].get("labels") or {}
            self.index.tallies.namespace(
                obj["metadata"]["name"], None if change.type == "DELETED" else labels
            )
            return
        if change.resource in _STORAGE:
            self.index.version += 1
            eases = True
        else:
            eases = self.index.changed(change)
        if eases and self._waiting:
            self.queue.add(_WAKE)
        elif self._social and _arrived(change):
            self.queue.add(_WAKE_SOCIAL)
        self._pod(change)

    def _pod(self, change: Change) -> None:
        if change.resource != "pods":
            return
        place = place_of(change.object)
        if change.type == "DELETED" or change.object["spec"].get("nodeName"):
            self._no_longer_waits(place)
        elif change.type == "ADDED" or _respecified(change):
            self._activate(place, change.object)

    def _no_longer_waits(self, place: Place) -> None:
        self._waiting.pop(place, None)
        self._social.discard(place)

    def _activate(self, place: Place, pod: Obj) -> None:
        if place not in self._pending:
            self._pending.add(place)
            heapq.heappush(self._active, (-priority_of(pod), next(self._order), place))
        self.queue.add(_NEXT)

    def reconcile(self, key: Any) -> None:
        if key in (_WAKE, _WAKE_SOCIAL):
            for place, attempts in self._waiting.items():
                if key == _WAKE or place in self._social:
                    self.queue.after(place, min(2.0 ** max(attempts - 1, 0), _PAUSE_MAX_S))
        elif key == _NEXT:
            if self._active:
                _, _, place = heapq.heappop(self._active)
                self._pending.discard(place)
                if self._active:
                    self.queue.add(_NEXT)
                self._take(place)
        else:
            pod = self.store.get("pods", *key)
            if pod is not None:
                self._activate(key, pod)

    def _take(self, place: Place) -> None:
        pod = self.store.get("pods", *place)
        if pod is None or pod["spec"].get("nodeName") or is_leaving(pod) or is_finished(pod):
            return
        if pod["spec"].get("schedulerName", COMPONENT) != COMPONENT:
            return
        if pod["spec"].get("schedulingGates"):
            self._report(pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates")
            return
        self._schedule(place, pod)

    # --- one pod ---

    def _schedule(self, place: Place, pod: Obj) -> None:
        owner = owner_of(pod)
        signature = owner["uid"] if owner is not None and _is_like_its_siblings(pod) else ""
        known = self._refusals.get(signature)
        if signature and known is not None and known[0] == self.index.version:
            self._refuse(place, pod, Decision(None, known[1]))
            return
        needs = needs_of(pod, self.store)
        decision = self.decider.decide(pod, needs, self._kind_selector(pod, owner))
        if decision.node is None:
            if signature and not decision.victims:
                self._refusals[signature] = (self.index.version, decision.message)
            self._refuse(place, pod, decision)
            return
        self._bind(place, decision.node, needs)

    def _kind_selector(self, pod: Obj, owner: Obj | None) -> Obj | None:
        """Return what selects the siblings of a pod, which are spread where nothing else is said."""
        resource = _OWNERS.get(owner["kind"]) if owner is not None else None
        if resource is None or owner is None:
            return None
        found = self.store.get(resource, pod["metadata"]["namespace"], owner["name"])
        selector: Obj | None = (found or {}).get("spec", {}).get("selector")
        if selector and resource == _OWNERS["ReplicationController"]:
            return {"matchLabels": selector}
        return selector

    def _bind(self, place: Place, node: str, needs: Needs) -> None:
        if needs.waiting:
            home = self.store.get("nodes", None, node) or {}
            for claim, storage_class, _ in needs.waiting:
                bind_for(self.api, claim, storage_class, home)
        pod = self.api.bind(*place, node)
        owner = owner_of(pod)
        if owner is None or owner["kind"] != "DaemonSet":
            text = f"Successfully assigned {place[0]}/{place[1]} to {node}"
            self.api.event(pod, "Normal", "Scheduled", text, COMPONENT)

    # --- refusals ---

    def _refuse(self, place: Place, pod: Obj, decision: Decision) -> None:
        self._waiting[place] = self._waiting.get(place, 0) + 1
        if _is_social(pod):
            self._social.add(place)
        pod = self._report(pod, "Unschedulable", decision.message)
        if not decision.victims:
            return
        status = {**pod["status"], "nominatedNodeName": decision.nominated}
        self.store.put("pods", {**pod, "status": status})
        for victim in decision.victims:
            self._preempt(victim, pod, decision.nominated)

    def _preempt(self, victim: Obj, pod: Obj, node: str) -> None:
        if is_leaving(victim):
            return
        mark = {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}
        mark["message"] = f"{COMPONENT}: preempting to accommodate a higher priority pod"
        conditions = with_condition(list(victim["status"].get("conditions") or ()), mark, self.stamp())
        kept = self.store.put("pods", {**victim, "status": {**victim["status"], "conditions": conditions}})
        text = f"Preempted by pod {pod['metadata']['uid']} on node {node}"
        self.api.event(kept, "Normal", "Preempted", text, COMPONENT)
        self.api.delete("pods", *place_of(victim))

    def _report(self, pod: Obj, reason: str, message: str) -> Obj:
        old = condition(pod, "PodScheduled")
        if old is not None and old.get("message") == message:
            return pod
        new = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
        conditions = list(pod["status"].get("conditions") or ())
        status = {**pod["status"], "conditions": with_condition(conditions, new, self.stamp())}
        kept = self.store.put("pods", {**pod, "status": status})
        if reason == "Unschedulable":
            self.api.event(kept, "Warning", "FailedScheduling", message, COMPONENT)
        return kept


def _is_like_its_siblings(pod: Obj) -> bool:
    """Tell whether what refuses a pod refuses every other pod of its owner."""
    spec = pod["spec"]
    if _is_social(pod) or named_nodes(spec) is not None:
        return False
    if (pod.get("status") or {}).get("nominatedNodeName"):
        return False
    sources = ("persistentVolumeClaim", "ephemeral")
    return not any(source in volume for volume in spec.get("volumes") or () for source in sources)


def _is_social(pod: Obj) -> bool:
    """Tell whether a pod may come to fit because another pod comes to a node."""
    affinity = pod["spec"].get("affinity") or {}
    return bool(affinity.get("podAffinity") or pod["spec"].get("topologySpreadConstraints"))


def _arrived(change: Change) -> bool:
    """Tell whether a pod came to a node."""
    if change.resource != "pods" or change.type == "DELETED":
        return False
    now = change.object["spec"].get("nodeName")
    return bool(now) and (change.previous is None or change.previous["spec"].get("nodeName") != now)


def _respecified(change: Change) -> bool:
    was = change.previous
    return was is not None and (
        was.get("spec") != change.object.get("spec")
        or was["metadata"].get("labels") != change.object["metadata"].get("labels")
    )
