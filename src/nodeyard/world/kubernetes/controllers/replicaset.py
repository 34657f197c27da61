"""The ReplicaSet controller (and that of ReplicationControllers): as many pods as asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.controller import Controller, Place, place_of
from nodeyard.world.kubernetes.controllers.pods import (
    condition,
    is_active,
    is_leaving,
    is_ready,
    owner_of,
    pod_from,
)
from nodeyard.world.kubernetes.store import Change, Store
from nodeyard.world.kubernetes.times import parsed

Obj = dict[str, Any]

REPLICA_SETS = "replicasets.apps"
CONTROLLERS = "replicationcontrollers"
COST = "controller.kubernetes.io/pod-deletion-cost"
_KINDS = {"ReplicaSet": REPLICA_SETS, "ReplicationController": CONTROLLERS}
_BURST = 500
_LARGE = 50


class ReplicaSets(Controller):
    """Creates and deletes the pods of replica sets."""

    watches = frozenset({REPLICA_SETS, CONTROLLERS, "pods"})

    def __init__(self, api: Api, store: Store, clock: Clock, ids: Ids) -> None:
        super().__init__(api, store, clock, ids)
        self._pods: dict[str, dict[Place, bool]] = {}
        """Uid of a set -> its active pods, and whether each is ready: a set may have hundreds."""

    def changed(self, change: Change) -> None:
        obj = change.object
        if change.resource != "pods":
            previous = change.previous
            if change.type != "DELETED" and (previous is None or previous != obj):
                self.queue.add((change.resource, *place_of(obj)))
            return
        before, owner = owner_of(change.previous) if change.previous else None, owner_of(obj)
        if before is not None and before != owner:
            self._count(before, change.object, False)
        if owner is not None and owner["kind"] in _KINDS:
            self._count(owner, obj, change.type != "DELETED")
            self._touch((_KINDS[owner["kind"]], obj["metadata"]["namespace"], owner["name"]), change)

    def _count(self, owner: Obj, pod: Obj, there: bool) -> None:
        pods = self._pods.setdefault(owner["uid"], {})
        if there and is_active(pod):
            pods[place_of(pod)] = is_ready(pod)
            return
        pods.pop(place_of(pod), None)
        if not pods:
            del self._pods[owner["uid"]]

    def _touch(self, key: tuple[str, str, str], change: Change) -> None:
        """Look at a set soon: at once for a pod lost; a large set gathers mere progress of its pods first."""
        wanted = self.store.get(*key)
        if wanted is None:
            return
        if int(wanted["spec"].get("replicas", 1)) > _LARGE and is_active(change.object):
            if change.type == "MODIFIED":
                self.queue.after(key, 0.5)
            elif change.type == "DELETED":
                self.queue.add(key)
            return
        self.queue.add(key)

    def reconcile(self, key: tuple[str, str, str]) -> None:
        wanted = self.store.get(*key)
        if wanted is None:
            return
        difference = int(wanted["spec"].get("replicas", 1)) - self._active_count(wanted)
        if not is_leaving(wanted):
            if difference > 0:
                self._create(wanted, min(difference, _BURST))
                if difference > _BURST:
                    self.queue.add(key)
            elif difference < 0:
                self._delete(wanted, self._active(wanted), -difference)
            if difference:
                changed = self.store.get(*key)
                if changed is None:
                    return
                wanted = changed
        self._status(key, wanted)

    def _active_count(self, wanted: Obj) -> int:
        return len(self._pods.get(wanted["metadata"]["uid"], ()))

    def _active(self, wanted: Obj) -> list[Obj]:
        owned = self.store.owned_by(wanted["metadata"]["uid"])
        return [obj for kind, obj in owned if kind == "pods" and is_active(obj)]

    def _create(self, wanted: Obj, count: int) -> None:
        for _ in range(count):
            pod = self.api.create(
                "pods", wanted["metadata"]["namespace"], pod_from(wanted, wanted["spec"]["template"])
            )
            if count <= 20:
                text = f"Created pod: {pod['metadata']['name']}"
                self.api.event(wanted, "Normal", "SuccessfulCreate", text, "replicaset-controller")

    def _delete(self, wanted: Obj, pods: list[Obj], count: int) -> None:
        together: dict[str, int] = {}
        for pod in pods:
            node = pod["spec"].get("nodeName", "")
            together[node] = together.get(node, 0) + 1
        ranked = sorted(pods, key=lambda pod: _rank(pod, together))
        for pod in ranked[:count]:
            self.api.delete("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])
            text = f"Deleted pod: {pod['metadata']['name']}"
            self.api.event(wanted, "Normal", "SuccessfulDelete", text, "replicaset-controller")

    def _status(self, key: tuple[str, str, str], wanted: Obj) -> None:
        active = self._active_count(wanted)
        available = ready = sum(self._pods.get(wanted["metadata"]["uid"], {}).values())
        least = int(wanted["spec"].get("minReadySeconds") or 0)
        if least:
            dues = [self._available_at(pod, least) for pod in self._active(wanted) if is_ready(pod)]
            later = [due for due in dues if due > self.clock.now()]
            available -= len(later)
            if later:
                self.queue.at(key, min(later))
        status: Obj = {"replicas": active, "observedGeneration": wanted["metadata"].get("generation", 1)}
        for name, count in (
            ("fullyLabeledReplicas", active),
            ("readyReplicas", ready),
            ("availableReplicas", available),
        ):
            if count:
                status[name] = count
        self.put_status(key[0], wanted, status)

    def _available_at(self, pod: Obj, least: int) -> datetime:
        ready = condition(pod, "Ready") or {}
        return self.since(parsed(ready.get("lastTransitionTime", self.stamp())), least)


def _rank(pod: Obj, together: dict[str, int]) -> tuple[Any, ...]:
    """Return the sort key by which pods are deleted first. Source: controller_utils, ActivePodsWithRanks."""
    phases = {"Pending": 0, "Unknown": 1, "Running": 2}
    annotations = pod["metadata"].get("annotations") or {}
    try:
        cost = int(annotations.get(COST, 0))
    except ValueError:
        cost = 0
    node = pod["spec"].get("nodeName", "")
    # Younger first: the characters of a timestamp in reverse order of value.
    since = (condition(pod, "Ready") or {}).get("lastTransitionTime") or ""
    younger = tuple(-ord(letter) for letter in since)
    newest = tuple(-ord(letter) for letter in pod["metadata"].get("creationTimestamp", ""))
    return (
        bool(node),
        phases.get(pod["status"].get("phase", ""), 1),
        is_ready(pod),
        cost,
        -together.get(node, 0),
        younger,
        newest,
    )
