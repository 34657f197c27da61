"""The disruption controller: how many pods of a budget may go, kept in the budget's status."""

from __future__ import annotations

from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.budget_counts import BudgetCounts, Count, Owner
from nodeyard.world.kubernetes.controllers.controller import Controller, Place, place_of
from nodeyard.world.kubernetes.controllers.pods import is_leaving, owner_of, share, with_condition
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
        self._counts = BudgetCounts(store)

    def changed(self, change: Change) -> None:
        if change.resource == BUDGETS:
            self._counts.budget(change)
            if change.type != "DELETED":
                self.queue.add(place_of(change.object))
        elif change.resource == "pods":
            for place in self._counts.pod(change):
                self.queue.add(place)
        elif change.previous is not None and _replicas(change.previous) != _replicas(change.object):
            for budget in self.store.list(BUDGETS, change.object["metadata"]["namespace"]):
                self.queue.add(place_of(budget))

    def reconcile(self, key: Place) -> None:
        budget = self.store.get(BUDGETS, *key)
        if budget is None or is_leaving(budget):
            return
        count = self._counts.of(key)
        try:
            expected, desired = self._wanted(budget, count)
        except NoScale as unknown:
            self._fail(budget, str(unknown))
            return
        disrupted = self._still_disrupted(key, budget, count)
        healthy = count.healthy - sum(count.is_healthy(name) for name in disrupted)
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

    def _wanted(self, budget: Obj, count: Count) -> tuple[int, int]:
        """Return how many pods there should be and how many must be healthy.

        Raises: NoScale.
        """
        spec, present = budget["spec"], len(count.pods)
        least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
        if most is not None:
            expected = self._expected(count)
            return expected, max(expected - share(most, expected, up=True), 0)
        if least is None:
            return present, present
        if not str(least).endswith("%"):
            return present, int(least)
        expected = self._expected(count)
        return expected, share(least, expected, up=True)

    def _expected(self, count: Count) -> int:
        found = {owner: self._scale(owner) if owner is not None else None for owner in count.owners}
        unknown = {owner for owner, scale in found.items() if scale is None}
        for name, owner in count.owned_by(unknown) if unknown else ():
            raise NoScale(_why_unknown(name, owner))
        return sum(dict(scale for scale in found.values() if scale is not None).values())

    def _scale(self, owner: Owner) -> tuple[str, int] | None:
        """Return the uid of what says how many pods of an owner there should be, and how many."""
        found = self.store.get(_SCALED.get(owner.kind, ""), owner.namespace, owner.name)
        if found is not None and owner.kind == "ReplicaSet":
            above = owner_of(found)
            if above is not None and above["kind"] == "Deployment":
                found = self.store.get(_SCALED["Deployment"], owner.namespace, above["name"]) or found
        return None if found is None else (found["metadata"]["uid"], _replicas(found))

    def _still_disrupted(self, key: Place, budget: Obj, count: Count) -> dict[str, str]:
        """Return the evictions that have not shown yet; they are forgotten after two minutes."""
        marks = (budget.get("status") or {}).get("disruptedPods") or {}
        kept: dict[str, str] = {}
        for name, since in marks.items():
            pod = self.store.get("pods", key[0], name) if name in count.pods else None
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


def _why_unknown(pod: str, owner: Owner | None) -> str:
    if owner is None:
        return f'found no controller ref for pod "{pod}"'
    group = owner.api_version.rpartition("/")[0]
    what = f"{owner.kind.lower()}s" + (f".{group}" if group else "")
    return f"{what} does not implement the scale subresource"


def _replicas(obj: Obj) -> int:
    return int(obj["spec"].get("replicas", 1))
