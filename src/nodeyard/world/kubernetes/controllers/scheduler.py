"""The scheduler: gives each pod without a node the best node that takes it.

A pod that fits nowhere says so in its PodScheduled condition and an event, and is tried again, with growing
pauses, when nodes or pods change.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.controller import Controller, Place, place_of
from nodeyard.world.kubernetes.controllers.fit import misfit, named_nodes, preference, untolerated
from nodeyard.world.kubernetes.controllers.node_index import NodeIndex, NodeInfo, ports_of, requests_of
from nodeyard.world.kubernetes.controllers.placement import Placement
from nodeyard.world.kubernetes.controllers.pods import (
    condition,
    is_finished,
    is_leaving,
    owner_of,
    with_condition,
)
from nodeyard.world.kubernetes.store import Change, Store

Obj = dict[str, Any]

COMPONENT = "default-scheduler"
_ENOUGH = 60
"""Feasible nodes after which looking further would not make placement better."""
_PAUSE_MAX_S = 10.0
_WAKE = "wake the waiting"


class Scheduler(Controller):
    """Binds pods to nodes."""

    watches = frozenset({"pods", "nodes"})

    def __init__(self, api: Api, store: Store, clock: Clock, ids: Ids) -> None:
        super().__init__(api, store, clock, ids)
        self.index = NodeIndex()
        self._waiting: dict[Place, int] = {}
        self._refusals: dict[str, tuple[int, str]] = {}
        self._offset = 0

    def changed(self, change: Change) -> None:
        if self.index.changed(change) and self._waiting:
            self.queue.add(_WAKE)
        if change.resource != "pods":
            return
        place = place_of(change.object)
        if change.type == "DELETED" or change.object["spec"].get("nodeName"):
            self._waiting.pop(place, None)
        elif change.type == "ADDED" or _respecified(change):
            self.queue.add(place)

    def reconcile(self, key: Any) -> None:
        if key == _WAKE:
            for place, attempts in self._waiting.items():
                self.queue.after(place, min(2.0 ** max(attempts - 1, 0), _PAUSE_MAX_S))
            return
        pod = self.store.get("pods", *key)
        if pod is None or pod["spec"].get("nodeName") or is_leaving(pod) or is_finished(pod):
            return
        if pod["spec"].get("schedulerName", COMPONENT) != COMPONENT:
            return
        if pod["spec"].get("schedulingGates"):
            self._report(pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates")
            return
        self._schedule(key, pod)

    def _schedule(self, key: Place, pod: Obj) -> None:
        owner = owner_of(pod)
        signature = owner["uid"] if owner is not None and named_nodes(pod["spec"]) is None else ""
        known = self._refusals.get(signature)
        if signature and known is not None and known[0] == self.index.version:
            self._refuse(key, pod, known[1])
            return
        chosen, reasons = self._choose(pod)
        if chosen is None:
            message = _message(len(self.index.nodes), reasons)
            if signature:
                self._refusals[signature] = (self.index.version, message)
            self._refuse(key, pod, message)
            return
        bound = self.api.bind(*key, chosen.name)
        if owner is None or owner["kind"] != "DaemonSet":
            text = f"Successfully assigned {key[0]}/{key[1]} to {chosen.name}"
            self.api.event(bound, "Normal", "Scheduled", text, COMPONENT)

    def _choose(self, pod: Obj) -> tuple[NodeInfo | None, Counter[str]]:
        spec = pod["spec"]
        wanted, ports = requests_of(pod), ports_of(pod)
        reasons: Counter[str] = Counter()
        names = named_nodes(spec)
        nodes = self.index.nodes
        if names is not None:
            candidates = [nodes[name] for name in names if name in nodes]
            others = len(nodes) - len(candidates)
            if others:
                reasons["node(s) didn't match Pod's node affinity/selector"] = others
        else:
            candidates = self._rotated()
        placement = Placement(pod, self.index, self.store)
        feasible: list[NodeInfo] = []
        for info in candidates:
            why = misfit(spec, wanted, ports, info)
            if why is None and not placement.free:
                why = placement.misfit(info)
            if why is not None:
                reasons[why] += 1
                continue
            feasible.append(info)
            if len(feasible) >= _ENOUGH and placement.free:
                break
        if not feasible:
            return None, reasons
        return max(feasible, key=lambda info: _score(spec, wanted, info, placement)), reasons

    def _rotated(self) -> list[NodeInfo]:
        """Return all nodes, each time beginning elsewhere, so that early stops stay fair."""
        nodes = self.index.nodes
        if not nodes:
            return []
        self._offset = (self._offset + 17) % len(nodes)
        listed = list(nodes.values())
        return [*islice(listed, self._offset, None), *islice(listed, self._offset)]

    def _refuse(self, key: Place, pod: Obj, message: str) -> None:
        self._waiting[key] = self._waiting.get(key, 0) + 1
        self._report(pod, "Unschedulable", message)

    def _report(self, pod: Obj, reason: str, message: str) -> None:
        old = condition(pod, "PodScheduled")
        if old is not None and old.get("message") == message:
            return
        new = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
        conditions = list(pod["status"].get("conditions") or ())
        status = {**pod["status"], "conditions": with_condition(conditions, new, self.stamp())}
        kept = self.store.put("pods", {**pod, "status": status})
        if reason == "Unschedulable":
            self.api.event(kept, "Warning", "FailedScheduling", message, COMPONENT)


def _respecified(change: Change) -> bool:
    was = change.previous
    return was is not None and (
        was.get("spec") != change.object.get("spec")
        or was["metadata"].get("labels") != change.object["metadata"].get("labels")
    )


def _score(spec: Obj, wanted: dict[str, int], info: NodeInfo, placement: Placement) -> float:
    """Return how good a node is: room left, preferences, neighbours."""
    room = 0.0
    for name, least in (("cpu", 100), ("memory", 200 * 2**20)):
        size = info.allocatable.get(name, 0)
        if size:
            taken = info.used.get(name, 0) + max(wanted.get(name, 0), least)
            room += 50.0 * max(0.0, 1 - taken / size)
    total = room + preference(spec, info.node)
    if untolerated(spec, info.node, ("PreferNoSchedule",)) is not None:
        total -= 300.0
    return total if placement.free else total + placement.score(info)


def _message(nodes: int, reasons: Counter[str]) -> str:
    """Return why no node took a pod, as the scheduler says it."""
    if not nodes:
        return "no nodes available to schedule pods"
    parts = sorted(f"{count} {reason}" for reason, count in reasons.items())
    text = f"0/{nodes} nodes are available: {', '.join(parts)}."
    return (
        f"{text} preemption: 0/{nodes} nodes are available: {nodes} Preemption is not helpful for scheduling."
    )
