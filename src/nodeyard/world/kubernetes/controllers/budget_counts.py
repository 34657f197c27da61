"""What the pods of each budget come to, kept current by changes.

Used by the disruption controller: a budget is looked at after each change of each of its pods, and a
workload may have hundreds of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from nodeyard.world.kubernetes.controllers.controller import Place, place_of
from nodeyard.world.kubernetes.controllers.members import Members
from nodeyard.world.kubernetes.controllers.pods import is_finished, is_leaving, is_ready, owner_of
from nodeyard.world.kubernetes.store import Change, Store

Obj = dict[str, Any]


class Owner(NamedTuple):
    """The controller of pods."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


class Count:
    """The pods of one budget that are not over."""

    def __init__(self) -> None:
        self.pods: dict[str, tuple[Owner | None, bool]] = {}
        """Name -> owner, and whether the pod is healthy and stays."""
        self.healthy = 0
        self.owners: Counter[Owner | None] = Counter()

    def take(self, name: str, pod: Obj | None) -> None:
        """Count a pod as it is now; None: no longer."""
        was = self.pods.pop(name, None)
        if was is not None:
            self.healthy -= was[1]
            self.owners[was[0]] -= 1
            if not self.owners[was[0]]:
                del self.owners[was[0]]
        if pod is not None and not is_finished(pod):
            now = self.pods[name] = _owner(pod), is_ready(pod) and not is_leaving(pod)
            self.healthy += now[1]
            self.owners[now[0]] += 1

    def is_healthy(self, name: str) -> bool:
        """Tell whether a pod counts as healthy."""
        return self.pods.get(name, (None, False))[1]

    def owned_by(self, owners: set[Owner | None]) -> Iterator[tuple[str, Owner | None]]:
        """Yield the pods of some owners, with their owners, by name."""
        for name in sorted(self.pods):
            if self.pods[name][0] in owners:
                yield name, self.pods[name][0]


class BudgetCounts:
    """The counts of all budgets."""

    def __init__(self, store: Store) -> None:
        self._members = Members(store, lambda budget: budget["spec"].get("selector"))
        self._counts: dict[Place, Count] = {}

    def budget(self, change: Change) -> None:
        """Take in a change of a budget."""
        if self._members.selecting(change):
            self._counts.pop(place_of(change.object), None)

    def pod(self, change: Change) -> list[Place]:
        """Take in a change of a pod; return the budgets that select it or did."""
        touched = self._members.pod(change)
        for place in touched:
            count, name = self._counts.get(place), change.object["metadata"]["name"]
            if count is not None:
                count.take(name, change.object if self._members.holds(place, name) else None)
        return touched

    def of(self, place: Place) -> Count:
        """Return what the pods of a budget come to."""
        found = self._counts.get(place)
        if found is None:
            found = self._counts[place] = Count()
            for pod in self._members.pods(place):
                found.take(pod["metadata"]["name"], pod)
        return found


def _owner(pod: Obj) -> Owner | None:
    found = owner_of(pod)
    if found is None:
        return None
    space = pod["metadata"]["namespace"]
    return Owner(found.get("apiVersion", "v1"), found["kind"], space, found["name"], found["uid"])
