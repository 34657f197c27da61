"""The disruption controller: how many pods of a budget may go, kept in the budget's status."""

from __future__ import annotations

from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.controller import Controller, Place, place_of
from nodeyard.world.kubernetes.controllers.members import Members
from nodeyard.world.kubernetes.controllers.pods import (
    is_finished,
    is_leaving,
    is_ready,
    owner_of,
    share,
    with_condition,
)
from nodeyard.world.kubernetes.store import Change, Store
from nodeyard.world.kubernetes.times import parsed

Obj = dict[str, Any]

BUDGETS = "poddisruptionbudgets.policy"
DISRUPTED_FOR_S = 120
_SCALED = {
    "Deployment": "deployments.apps",
    "ReplicaSet": "replicasets.apps",
    "StatefulSet": "statefulsets.apps",
    "ReplicationController": "replicationcontrollers",
}


class NoScale(Exception):
    """A pod's controller cannot tell how many pods it should have."""


class Disruption(Controller):
    """Computes the status of PodDisruptionBudgets."""

    watches = frozenset({BUDGETS, "pods", *_SCALED.values()})

    def __init__(self, api: Api, store: Store, clock: Clock, ids: Ids) -> None:
        super().__init__(api, store, clock, ids)
        self._members = Members(store, lambda budget: budget["spec"].get("selector"))

    def changed(self, change: Change) -> None:
        if change.resource == BUDGETS:
            self._members.selecting(change)
            if change.type != "DELETED":
                self.queue.add(place_of(change.object))
        elif change.resource == "pods":
            for place in self._members.pod(change):
                self.queue.add(place)
        elif change.previous is not None and _replicas(change.previous) != _replicas(change.object):
            for budget in self.store.list(BUDGETS, change.object["metadata"]["namespace"]):
                self.queue.add(place_of(budget))

    def reconcile(self, key: Place) -> None:
        budget = self.store.get(BUDGETS, *key)
        if budget is None or is_leaving(budget):
            return
        pods = [pod for pod in self._members.pods(key) if not is_finished(pod)]
        try:
            expected, desired = self._wanted(budget, pods)
        except NoScale as unknown:
            self._fail(budget, str(unknown))
            return
        disrupted = self._still_disrupted(key, budget, pods)
        healthy = sum(
            is_ready(pod) and not is_leaving(pod) and pod["metadata"]["name"] not in disrupted for pod in pods
        )
        allowed = max(healthy - desired, 0) if expected else 0
        status: Obj = {
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "disruptionsAllowed": allowed,
            "expectedPods": expected,
            "observedGeneration": budget["metadata"].get("generation", 1),
        }
        if disrupted:
            status["disruptedPods"] = disrupted
        item: Obj = {"type": "DisruptionAllowed", "status": "True" if allowed else "False", "message": ""}
        item["reason"] = "SufficientPods" if allowed else "InsufficientPods"
        item["observedGeneration"] = status["observedGeneration"]
        before = list((budget.get("status") or {}).get("conditions") or ())
        status["conditions"] = with_condition(before, item, self.stamp())
        self.put_status(BUDGETS, budget, status)

    def _wanted(self, budget: Obj, pods: list[Obj]) -> tuple[int, int]:
        """Return how many pods there should be and how many must be healthy.

        Raises: NoScale.
        """
        spec = budget["spec"]
        least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
        if most is not None:
            expected = self._expected(pods)
            return expected, max(expected - share(most, expected, up=True), 0)
        if least is None:
            return len(pods), len(pods)
        if not str(least).endswith("%"):
            return len(pods), int(least)
        expected = self._expected(pods)
        return expected, share(least, expected, up=True)

    def _expected(self, pods: list[Obj]) -> int:
        scales: dict[str, int] = {}
        for pod in pods:
            owner = owner_of(pod)
            if owner is None:
                raise NoScale(f'found no controller ref for pod "{pod["metadata"]["name"]}"')
            if owner["uid"] not in scales:
                uid, count = self._scale(pod, owner)
                scales[owner["uid"]] = 0
                scales[uid] = count
        return sum(scales.values())

    def _scale(self, pod: Obj, owner: Obj) -> tuple[str, int]:
        space = pod["metadata"]["namespace"]
        found = self.store.get(_SCALED.get(owner["kind"], ""), space, owner["name"])
        if found is not None and owner["kind"] == "ReplicaSet":
            above = owner_of(found)
            if above is not None and above["kind"] == "Deployment":
                found = self.store.get(_SCALED["Deployment"], space, above["name"]) or found
        if found is None:
            group = owner.get("apiVersion", "v1").rpartition("/")[0]
            what = f"{owner['kind'].lower()}s" + (f".{group}" if group else "")
            raise NoScale(f"{what} does not implement the scale subresource")
        return found["metadata"]["uid"], _replicas(found)

    def _still_disrupted(self, key: Place, budget: Obj, pods: list[Obj]) -> dict[str, str]:
        """Return the evictions that have not shown yet; they are forgotten after two minutes."""
        marks = (budget.get("status") or {}).get("disruptedPods") or {}
        present = {pod["metadata"]["name"]: pod for pod in pods}
        kept: dict[str, str] = {}
        for name, since in marks.items():
            pod = present.get(name)
            if pod is None or is_leaving(pod):
                continue
            due = self.since(parsed(since), DISRUPTED_FOR_S)
            if due > self.clock.now():
                kept[name] = since
                self.queue.at(key, due)
        return kept

    def _fail(self, budget: Obj, why: str) -> None:
        """Close a budget whose size cannot be known, as the real controller does."""
        before = budget.get("status") or {}
        generation = budget["metadata"].get("generation", 1)
        item = {"type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed", "message": why}
        status = {**before, "disruptionsAllowed": 0, "observedGeneration": generation}
        status["conditions"] = with_condition(
            list(before.get("conditions") or ()), {**item, "observedGeneration": generation}, self.stamp()
        )
        if self.put_status(BUDGETS, budget, status):
            text = f"Failed to calculate the number of expected pods: {why}"
            self.api.event(budget, "Warning", "CalculateExpectedPodCountFailed", text, "controllermanager")


def _replicas(obj: Obj) -> int:
    return int(obj["spec"].get("replicas", 1))
