"""Pods and nodes in the shapes that scheduling tests need, and a picture of a cluster to decide over."""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.controllers.decision import Decider, Decision
from nodeyard.world.kubernetes.controllers.node_index import NodeIndex
from nodeyard.world.kubernetes.store import Change

Obj = dict[str, Any]

ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


def a_node(name: str, zone: str = "a", *, cpu: str = "4", labels: Obj | None = None, **spec: Any) -> Obj:
    """Return a ready node."""
    has = {"cpu": cpu, "memory": "16Gi", "pods": "10", "nvidia.com/gpu": "1"}
    metadata = {"name": name, "labels": {ZONE: zone, HOST: name, **(labels or {})}}
    return {"kind": "Node", "metadata": metadata, "spec": spec, "status": {"allocatable": has}}


def a_pod(
    name: str, *, cpu: str = "100m", labels: Obj | None = None, space: str = "default", **spec: Any
) -> Obj:
    """Return a pod that asks for some cpu."""
    container = {"name": "c", "image": "i", "resources": {"requests": {"cpu": cpu}}}
    metadata = {"name": name, "namespace": space, "uid": name, "labels": labels or {}}
    return {"kind": "Pod", "metadata": metadata, "spec": {"containers": [container], **spec}, "status": {}}


def term(key: str = HOST, **more: Any) -> Obj:
    """Return an affinity term for pods labelled app=web."""
    return {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": key, **more}


def required(kind: str, *terms: Obj) -> Obj:
    """Return an affinity that requires terms."""
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": list(terms)}}


def preferred(kind: str, weight: int, one: Obj) -> Obj:
    """Return an affinity that prefers a term."""
    item = {"weight": weight, "podAffinityTerm": one}
    return {kind: {"preferredDuringSchedulingIgnoredDuringExecution": [item]}}


class Picture:
    """A cluster as the decider sees it, without a store."""

    def __init__(self, *nodes: Obj, budgets: list[Obj] | None = None) -> None:
        self.index = NodeIndex()
        self.decider = Decider(self.index, lambda: budgets or [])
        for node in nodes:
            self.add(node)

    def add(self, obj: Obj) -> None:
        """Take in an object that is new or has changed."""
        resource = "nodes" if obj["kind"] == "Node" else "pods"
        self.index.changed(Change("ADDED", resource, obj, 1))

    def remove(self, obj: Obj) -> None:
        """Take in that an object is gone."""
        resource = "nodes" if obj["kind"] == "Node" else "pods"
        self.index.changed(Change("DELETED", resource, obj, 1))

    def run(self, pod: Obj, node: str) -> Obj:
        """Let a pod run on a node."""
        bound = {**pod, "spec": {**pod["spec"], "nodeName": node}}
        self.add(bound)
        return bound

    def decide(self, pod: Obj) -> Decision:
        """Return what the scheduler would do with a pod."""
        return self.decider.decide(pod)

    def place(self, pod: Obj) -> str | None:
        """Bind a pod where the scheduler would and return the node."""
        node = self.decide(pod).node
        if node is not None:
            self.run(pod, node)
        return node

    def takers(self, pod: Obj) -> set[str]:
        """Return every node that takes a pod, found one by one."""
        found = set()
        for name in self.index.nodes:
            wish = {"key": "metadata.name", "operator": "In", "values": [name]}
            spec = dict(pod["spec"])
            affinity = dict(spec.get("affinity") or {})
            given = (affinity.get("nodeAffinity") or {}).get(
                "requiredDuringSchedulingIgnoredDuringExecution"
            ) or {"nodeSelectorTerms": [{}]}
            terms = [{**each, "matchFields": [wish]} for each in given["nodeSelectorTerms"]]
            affinity["nodeAffinity"] = {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}
            }
            if self.decide({**pod, "spec": {**spec, "affinity": affinity}}).node is not None:
                found.add(name)
        return found
