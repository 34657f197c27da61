"""What is watched of a cluster: which node groups should look again, and copies of pods and budgets.

Nodes are watched always; pods and budgets only while nodes of some group are being emptied, because only
then can a change of theirs let a refused eviction through, and only then are they read again and again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from nodeyard.drivers.kubernetes.client import Client
from nodeyard.drivers.kubernetes.informer import Informer, Place
from nodeyard.ports import Budget, Pod
from nodeyard.translation import kubernetes as translate
from nodeyard.translation.kubernetes import NODEGROUP

NODES = "/api/v1/nodes"
PODS = "/api/v1/pods"
BUDGETS = "/apis/policy/v1/poddisruptionbudgets"


@dataclass(frozen=True, slots=True)
class _Standing:
    """What of a node is watched."""

    group: str
    emptying: bool
    standing: tuple[object, ...]


def _standing(node: dict[str, Any]) -> _Standing:
    return _Standing(
        translate.node_group_of(node) or "", translate.is_emptying(node), translate.standing(node)
    )


class Watches:
    """The watches on one cluster. `changed` gets the names of groups that should look again."""

    def __init__(self, client: Client) -> None:
        self.changed: asyncio.Queue[str] = asyncio.Queue()
        self._emptying: dict[str, str] = {}
        """Node that is cordoned or tainted -> its node group."""
        self._pods_of: dict[str, set[Place]] = {}
        """Node -> pods on it, as the copy has them."""
        self._nodes = Informer(client, NODES, {"labelSelector": NODEGROUP}, _standing, self._node_changed)
        self._pods = Informer(client, PODS, {}, translate.pod, self._pod_changed)
        self._budgets = Informer(client, BUDGETS, {}, translate.budget, self._budget_changed)
        self._tasks = [asyncio.create_task(self._nodes.run(), name="nodes of a cluster")]
        self._more: list[asyncio.Task[None]] = []

    def pods_on(self, node: str) -> tuple[Pod, ...] | None:
        """Return the pods on a node; None where the copy does not follow the cluster."""
        if not self._pods.current:
            return None
        return tuple(self._pods.items[place] for place in sorted(self._pods_of.get(node, ())))

    def pods_in(self, namespace: str) -> tuple[Pod, ...] | None:
        """Return the pods of a namespace; None where the copy does not follow the cluster."""
        if not self._pods.current:
            return None
        found = self._pods.items
        return tuple(found[place] for place in sorted(found) if namespace in ("", place[0]))

    def budgets(self, namespace: str) -> tuple[Budget, ...] | None:
        """Return the budgets of a namespace; None where the copy does not follow the cluster."""
        if not self._budgets.current:
            return None
        found = self._budgets.items
        return tuple(found[place] for place in sorted(found) if namespace in ("", place[0]))

    def _node_changed(self, place: Place, before: _Standing | None, after: _Standing | None) -> None:
        name = place[1]
        if after is not None and after.emptying:
            self._emptying[name] = after.group
        else:
            self._emptying.pop(name, None)
        self._fit_watches()
        if before is None or after is None or before.standing != after.standing:
            for group in {each.group for each in (before, after) if each is not None}:
                self.changed.put_nowait(group)

    def _pod_changed(self, place: Place, before: Pod | None, after: Pod | None) -> None:
        if before is not None and (after is None or after.node != before.node):
            self._pods_of.get(before.node, set()).discard(place)
        if after is not None:
            self._pods_of.setdefault(after.node, set()).add(place)
        pod = after or before
        group = self._emptying.get(pod.node) if pod is not None else None
        if group is not None and (after is None or after.phase in ("Succeeded", "Failed")):
            self.changed.put_nowait(group)

    def _budget_changed(self, place: Place, before: Budget | None, after: Budget | None) -> None:
        if after is None or after.allowed:
            for group in set(self._emptying.values()):
                self.changed.put_nowait(group)

    def _fit_watches(self) -> None:
        if self._emptying and not self._more:
            self._more = [asyncio.create_task(each.run()) for each in (self._pods, self._budgets)]
        elif not self._emptying and self._more:
            self._stop(self._more)
            self._more = []
            self._pods.forget()
            self._budgets.forget()
            self._pods_of.clear()

    def close(self) -> None:
        self._stop([*self._tasks, *self._more])

    @staticmethod
    def _stop(tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
