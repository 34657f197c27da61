"""What each node has and how much of it is taken: the scheduler's picture of the cluster.

Fed by every change of nodes and pods; never reads the store as a whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nodeyard.world.kubernetes.controllers.controller import Place, place_of
from nodeyard.world.kubernetes.controllers.pods import is_finished
from nodeyard.world.kubernetes.quantities import quantity
from nodeyard.world.kubernetes.store import Change

Obj = dict[str, Any]
Amounts = dict[str, int]
Port = tuple[str, str, int]


@lru_cache(maxsize=8192)
def amount(resource: str, value: str | int | float) -> int:
    """Return a quantity as a whole number: thousandths for cpu, units for all else."""
    exact = quantity(value)
    return math.ceil(exact * 1000) if resource == "cpu" else math.ceil(exact)


def requests_of(pod: Obj) -> Amounts:
    """Return what a pod asks of its node, itself counted as one of `pods`."""
    spec = pod["spec"]
    total: Amounts = {"pods": 1}
    for container in spec.get("containers") or ():
        for name, value in ((container.get("resources") or {}).get("requests") or {}).items():
            total[name] = total.get(name, 0) + amount(name, value)
    for container in spec.get("initContainers") or ():
        for name, value in ((container.get("resources") or {}).get("requests") or {}).items():
            total[name] = max(total.get(name, 0), amount(name, value))
    for name, value in (spec.get("overhead") or {}).items():
        total[name] = total.get(name, 0) + amount(name, value)
    return {name: value for name, value in total.items() if value}


def ports_of(pod: Obj) -> set[Port]:
    """Return the host ports of a pod as (address, protocol, port)."""
    found = set()
    shared = pod["spec"].get("hostNetwork")
    for container in pod["spec"].get("containers") or ():
        for port in container.get("ports") or ():
            number = port.get("hostPort") or (port.get("containerPort") if shared else 0)
            if number:
                found.add((port.get("hostIP") or "0.0.0.0", port.get("protocol", "TCP"), int(number)))
    return found


@dataclass(slots=True)
class NodeInfo:
    """One node with what its pods take."""

    node: Obj
    allocatable: Amounts = field(default_factory=dict)
    used: Amounts = field(default_factory=dict)
    ports: dict[Place, set[Port]] = field(default_factory=dict)
    pods: dict[Place, Amounts] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.node["metadata"]["name"])

    @property
    def labels(self) -> dict[str, str]:
        return self.node["metadata"].get("labels") or {}

    def add(self, place: Place, pod: Obj) -> None:
        """Count a pod."""
        if place in self.pods:
            return
        wanted = requests_of(pod)
        self.pods[place] = wanted
        for name, value in wanted.items():
            self.used[name] = self.used.get(name, 0) + value
        ports = ports_of(pod)
        if ports:
            self.ports[place] = ports

    def remove(self, place: Place) -> None:
        """Forget a pod."""
        for name, value in self.pods.pop(place, {}).items():
            self.used[name] = self.used.get(name, 0) - value
        self.ports.pop(place, None)


class NodeIndex:
    """All nodes, kept current by changes. `version` grows whenever a pod might fit that did not before."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodeInfo] = {}
        self.guarded: dict[Place, Obj] = {}
        """Bound pods with required anti-affinity, which others must respect."""
        self.version = 0
        self._homeless: dict[str, dict[Place, Obj]] = {}

    def changed(self, change: Change) -> bool:
        """Take in a change; tell whether waiting pods should be tried again."""
        before = self.version
        if change.resource == "nodes":
            self._node(change)
        else:
            self._pod(change)
        return self.version != before

    def _node(self, change: Change) -> None:
        node = change.object
        name = node["metadata"]["name"]
        if change.type == "DELETED":
            gone = self.nodes.pop(name, None)
            if gone is not None:
                self.version += 1
            return
        old = self.nodes.get(name)
        table = (node.get("status") or {}).get("allocatable") or {}
        allocatable = {key: amount(key, value) for key, value in table.items()}
        if old is None:
            old = self.nodes[name] = NodeInfo(node, allocatable)
            for place, pod in self._homeless.pop(name, {}).items():
                old.add(place, pod)
            self.version += 1
            return
        was, old.node = old.node, node
        same = old.allocatable == allocatable and was["metadata"].get("labels") == node["metadata"].get(
            "labels"
        )
        old.allocatable = allocatable
        if not same or was.get("spec") != node.get("spec"):
            self.version += 1

    def _pod(self, change: Change) -> None:
        pod = change.object
        place, home = place_of(pod), pod["spec"].get("nodeName")
        if not home:
            return
        gone = change.type == "DELETED" or is_finished(pod)
        info = self.nodes.get(home)
        if gone:
            self.guarded.pop(place, None)
            self._homeless.get(home, {}).pop(place, None)
            if info is not None and place in info.pods:
                info.remove(place)
                self.version += 1
            return
        if _guards(pod):
            self.guarded[place] = pod
        if info is None:
            self._homeless.setdefault(home, {})[place] = pod
        else:
            info.add(place, pod)


def _guards(pod: Obj) -> bool:
    affinity = (pod["spec"].get("affinity") or {}).get("podAntiAffinity") or {}
    return bool(affinity.get("requiredDuringSchedulingIgnoredDuringExecution"))
