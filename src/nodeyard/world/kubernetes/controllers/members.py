"""Which pods each selector takes, kept current by changes: for budgets and services.

Used by the controllers whose objects select pods. A pod's change costs a look at the selectors of
its namespace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nodeyard.world.kubernetes.controllers.controller import Place, place_of
from nodeyard.world.kubernetes.selectors import selector_match
from nodeyard.world.kubernetes.store import Change, Store

Obj = dict[str, Any]
Selector = Mapping[str, Any] | None


class Members:
    """The pods of each selecting object."""

    def __init__(self, store: Store, selector_of: Callable[[Obj], Selector]) -> None:
        self._store = store
        self._selector_of = selector_of
        self._selectors: dict[str, dict[str, Selector]] = {}
        self._pods: dict[Place, set[str]] = {}

    def selecting(self, change: Change) -> None:
        """Take in a change of an object that selects."""
        space, name = place_of(change.object)
        rows = self._selectors.setdefault(space, {})
        if change.type == "DELETED":
            rows.pop(name, None)
            self._pods.pop((space, name), None)
            return
        selector = self._selector_of(change.object)
        if name in rows and rows[name] == selector:
            return
        rows[name] = selector
        self._pods[(space, name)] = {
            pod["metadata"]["name"]
            for pod in self._store.list("pods", space)
            if selector_match(selector, pod["metadata"].get("labels") or {})
        }

    def pod(self, change: Change) -> list[Place]:
        """Take in a change of a pod; return the objects that select it or did."""
        pod = change.object
        space, name = place_of(pod)
        labels = pod["metadata"].get("labels") or {}
        touched = []
        for owner, selector in self._selectors.get(space, {}).items():
            held = self._pods[(space, owner)]
            if change.type != "DELETED" and selector_match(selector, labels):
                held.add(name)
            elif name in held:
                held.discard(name)
            else:
                continue
            touched.append((space, owner))
        return touched

    def pods(self, place: Place) -> list[Obj]:
        """Return the pods of a selecting object by name."""
        found = (self._store.get("pods", place[0], name) for name in sorted(self._pods.get(place, ())))
        return [pod for pod in found if pod is not None]
