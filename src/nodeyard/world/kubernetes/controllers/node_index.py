"""What each node has, how much of it is taken, and by whom: the scheduler's picture of the cluster.

Fed by every change of nodes and pods; never reads the store. A change costs as much as what it changes, so
that thousands of nodes with tens of thousands of pods stay cheap.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nodeyard.world.kubernetes.controllers.controller import Place, place_of
from nodeyard.world.kubernetes.controllers.pods import is_finished, is_leaving
from nodeyard.world.kubernetes.controllers.requests import (
    Amounts,
    Port,
    amount,
    floor_of,
    ports_of,
    priority_of,
    requests_of,
)
from nodeyard.world.kubernetes.controllers.tallies import Tallies
from nodeyard.world.kubernetes.store import Change

Obj = dict[str, Any]

_LOG_LEAST = 1_000
"""Names of touched nodes that are kept at least, beside some for each node."""


@dataclass(slots=True)
class NodeInfo:
    """One node with what its pods take."""

    node: Obj
    name: str
    labels: dict[str, str]
    allocatable: Amounts
    soft_taints: list[Obj]
    """Its taints of effect PreferNoSchedule, which most nodes do not have."""
    used: Amounts = field(default_factory=dict)
    floor_cpu: int = 0
    floor_memory: int = 0
    """What scoring counts as taken: a least amount for each container that asks for none."""
    ports: dict[Place, set[Port]] = field(default_factory=dict)
    pods: dict[Place, Obj] = field(default_factory=dict)
    nominated: dict[Place, Obj] = field(default_factory=dict)
    """Pods that wait for room here after a preemption."""

    @classmethod
    def of(cls, node: Obj) -> NodeInfo:
        """Return the picture of a node without pods."""
        info = cls(node, node["metadata"]["name"], {}, {}, [])
        info.describe(node)
        return info

    def describe(self, node: Obj) -> None:
        """Take in what a node says of itself."""
        self.node = node
        self.labels = node["metadata"].get("labels") or {}
        table = (node.get("status") or {}).get("allocatable") or {}
        self.allocatable = {key: amount(key, value) for key, value in table.items()}
        taints = (node.get("spec") or {}).get("taints") or ()
        self.soft_taints = [each for each in taints if each.get("effect") == "PreferNoSchedule"]

    def add(self, place: Place, pod: Obj) -> None:
        """Count a pod."""
        self.pods[place] = pod
        for name, value in requests_of(pod).items():
            self.used[name] = self.used.get(name, 0) + value
        cpu, memory = floor_of(pod)
        self.floor_cpu += cpu
        self.floor_memory += memory
        ports = ports_of(pod)
        if ports:
            self.ports[place] = ports

    def remove(self, place: Place) -> Obj:
        """Forget a pod and return it."""
        pod = self.pods.pop(place)
        for name, value in requests_of(pod).items():
            self.used[name] = self.used.get(name, 0) - value
        cpu, memory = floor_of(pod)
        self.floor_cpu -= cpu
        self.floor_memory -= memory
        self.ports.pop(place, None)
        return pod


class NodeIndex:
    """All nodes, kept current by changes. `version` grows whenever a pod might fit that did not before."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodeInfo] = {}
        self.tallies = Tallies(self.nodes)
        self.version = 0
        self.priorities: dict[int, int] = {}
        """How many bound pods have each priority."""
        self._homeless: dict[str, dict[Place, Obj]] = {}
        self._nominations: dict[Place, str] = {}
        self._watchers: list[Any] = []
        self._touched: list[str] = []
        self._forgotten = 0
        """How many entries `_touched` has lost at its beginning."""

    def _touch(self, name: str) -> None:
        self._touched.append(name)
        if len(self._touched) > _LOG_LEAST + 4 * len(self.nodes):
            half = len(self._touched) // 2
            del self._touched[:half]
            self._forgotten += half

    def touched_since(self, mark: int) -> tuple[Iterable[str] | None, int]:
        """Return the nodes on which something changed since a mark, and the mark of now.

        None stands for every node: the mark is not one of this index, or too old.
        """
        now = self._forgotten + len(self._touched)
        if mark < self._forgotten:
            return None, now
        return set(self._touched[mark - self._forgotten :]), now

    def watch(self, selection: Any) -> None:
        """Tell a selection of each node that comes, changes or goes from now on."""
        self._watchers.append(selection)

    def forget(self, selection: Any) -> None:
        """Stop telling a selection."""
        self._watchers.remove(selection)

    def changed(self, change: Change) -> bool:
        """Take in a change; tell whether waiting pods should be tried again."""
        before = self.version
        if change.resource == "nodes":
            self._node(change)
        else:
            self._pod(change)
        return self.version != before

    # --- nodes ---

    def _node(self, change: Change) -> None:
        node = change.object
        name = node["metadata"]["name"]
        info = self.nodes.get(name)
        if change.type == "DELETED":
            if info is not None:
                self._take_off(info)
                del self.nodes[name]
                self._touch(name)
                self._homeless.setdefault(name, {}).update(info.pods)
                self.version += 1
            return
        if info is None:
            info = NodeInfo.of(node)
            self.nodes[name] = info
            for place, pod in self._homeless.pop(name, {}).items():
                info.add(place, pod)
                self._priority(pod, 1)
            self._put_on(info)
            self._touch(name)
            self.version += 1
            return
        was = info.node
        alike = was["metadata"].get("labels") == node["metadata"].get("labels")
        same = alike and was.get("spec") == node.get("spec")
        if same and (was.get("status") or {}).get("allocatable") == node["status"].get("allocatable"):
            info.node = node
            return
        self._touch(name)
        if same:
            info.describe(node)
        else:
            counted = not (alike and self.tallies.only_labels)
            if counted:
                self.tallies.node_gone(info)
            info.describe(node)
            if counted:
                self.tallies.node_came(info)
            for selection in self._watchers:
                selection.node(info)
        self.version += 1

    def _put_on(self, info: NodeInfo) -> None:
        self.tallies.node_came(info)
        for selection in self._watchers:
            selection.node(info)

    def _take_off(self, info: NodeInfo) -> None:
        self.tallies.node_gone(info)
        for pod in info.pods.values():
            self._priority(pod, -1)
        for selection in self._watchers:
            selection.gone(info.name)

    # --- pods ---

    def _pod(self, change: Change) -> None:
        pod = change.object
        place, home = place_of(pod), pod["spec"].get("nodeName")
        gone = change.type == "DELETED" or is_finished(pod)
        nominated = (pod.get("status") or {}).get("nominatedNodeName", "")
        self.nominate(place, pod, "" if gone or home else nominated)
        if not home:
            return
        info = self.nodes.get(home)
        if info is None:
            stray = self._homeless.setdefault(home, {})
            if gone:
                stray.pop(place, None)
                if not stray:
                    del self._homeless[home]
            else:
                stray[place] = pod
            return
        known = info.pods.get(place)
        if known is not None and known["metadata"]["uid"] != pod["metadata"]["uid"]:
            self.lift(info, place)
            known = None
        if gone:
            if known is not None:
                self.lift(info, place)
                self.version += 1
        elif known is None:
            self.lay(info, place, pod)
        elif _counts_otherwise(known, pod):
            self.lift(info, place)
            self.lay(info, place, pod)
        else:
            info.pods[place] = pod

    def lay(self, info: NodeInfo, place: Place, pod: Obj) -> None:
        """Count a pod on a node."""
        info.add(place, pod)
        self._touch(info.name)
        self._priority(pod, 1)
        self.tallies.pod_came(info, pod)

    def lift(self, info: NodeInfo, place: Place) -> Obj:
        """Stop counting a pod on a node and return it."""
        pod = info.remove(place)
        self._touch(info.name)
        self._priority(pod, -1)
        self.tallies.pod_gone(info, pod)
        return pod

    def nominate(self, place: Place, pod: Obj, name: str) -> None:
        """Keep room on a node for a pod that waits for its victims to go; "" keeps none."""
        before = self._nominations.get(place, "")
        if before == name:
            return
        if before in self.nodes:
            self.nodes[before].nominated.pop(place, None)
            self.version += 1
        self._nominations.pop(place, None)
        if name in self.nodes:
            self._nominations[place] = name
            self.nodes[name].nominated[place] = pod

    def awaited(self) -> set[str]:
        """Return the nodes that keep room for pods which wait for it."""
        return set(self._nominations.values())

    def _priority(self, pod: Obj, sign: int) -> None:
        number = priority_of(pod)
        left = self.priorities.get(number, 0) + sign
        if left:
            self.priorities[number] = left
        else:
            self.priorities.pop(number, None)


def _counts_otherwise(was: Obj, now: Obj) -> bool:
    """Tell whether a pod that stays on its node counts in another way than before."""
    return bool(
        was["spec"] != now["spec"]
        or was["metadata"].get("labels") != now["metadata"].get("labels")
        or is_leaving(was) != is_leaving(now)
    )
