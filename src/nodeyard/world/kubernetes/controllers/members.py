"""Which pods each selector takes, kept current by changes: for budgets and services.

Used by the controllers whose objects select pods. A pod's change costs a look at those selectors of
its namespace that ask for one of its labels, or for none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nodeyard.world.kubernetes.controllers.controller import Place, place_of
from nodeyard.world.kubernetes.selectors import selector_match
from nodeyard.world.kubernetes.store import Change, Store

Obj = dict[str, Any]
Selector = Mapping[str, Any] | None
Mark = tuple[str, str]
"""A label that every pod of a selector has; two empty texts where the selector asks for no exact label."""


class Members:
    """The pods of each selecting object."""

    def __init__(self, store: Store, selector_of: Callable[[Obj], Selector]) -> None:
        self._store = store
        self._selector_of = selector_of
        self._selectors: dict[str, dict[str, Selector]] = {}
        self._by_mark: dict[str, dict[str, dict[str, dict[str, Selector]]]] = {}
        """Namespace -> the key and the value of a mark -> selectors by the names of their objects."""
        self._pods: dict[Place, set[str]] = {}
        self._selected_by: dict[Place, set[str]] = {}
        """Pod -> the selecting objects that hold it."""

    def selecting(self, change: Change) -> bool:
        """Take in a change of an object that selects; tell whether it selects otherwise than before."""
        space, name = place_of(change.object)
        rows = self._selectors.setdefault(space, {})
        if change.type == "DELETED":
            self._forget(space, name, rows)
            return True
        selector = self._selector_of(change.object)
        if name in rows and rows[name] == selector:
            return False
        self._forget(space, name, rows)
        rows[name] = selector
        key, value = _mark(selector)
        self._by_mark.setdefault(space, {}).setdefault(key, {}).setdefault(value, {})[name] = selector
        held = self._pods[(space, name)] = {
            pod["metadata"]["name"]
            for pod in self._store.list("pods", space)
            if selector_match(selector, pod["metadata"].get("labels") or {})
        }
        for each in held:
            self._selected_by.setdefault((space, each), set()).add(name)
        return True

    def _forget(self, space: str, name: str, rows: dict[str, Selector]) -> None:
        if name not in rows:
            return
        key, value = _mark(rows.pop(name))
        values = self._by_mark[space][key]
        values[value].pop(name)
        if not values[value]:
            del values[value]
        if not values:
            del self._by_mark[space][key]
        for pod in self._pods.pop((space, name)):
            self._release(space, pod, name)

    def _release(self, space: str, pod: str, owner: str) -> None:
        owners = self._selected_by[(space, pod)]
        owners.discard(owner)
        if not owners:
            del self._selected_by[(space, pod)]

    def pod(self, change: Change) -> list[Place]:
        """Take in a change of a pod; return the objects that select it or did."""
        pod = change.object
        space, name = place_of(pod)
        if space not in self._selectors:
            return []
        before = frozenset(self._selected_by.get((space, name), ()))
        if change.type == "MODIFIED" and _labels(change.previous) == _labels(pod):
            return [(space, owner) for owner in sorted(before)]
        now = set() if change.type == "DELETED" else self._takers(space, _labels(pod))
        touched = sorted(before | now)
        for owner in touched:
            if owner in now and owner not in before:
                self._pods[(space, owner)].add(name)
                self._selected_by.setdefault((space, name), set()).add(owner)
            elif owner not in now:
                self._pods[(space, owner)].discard(name)
                self._release(space, name, owner)
        return [(space, owner) for owner in touched]

    def _takers(self, space: str, labels: Mapping[str, str]) -> set[str]:
        """Return the objects whose selectors take labels."""
        found: set[str] = set()
        for key, values in self._by_mark.get(space, {}).items():
            for owner, selector in values.get(labels.get(key, ""), {}).items():
                if selector_match(selector, labels):
                    found.add(owner)
        return found

    def holds(self, place: Place, name: str) -> bool:
        """Tell whether a selecting object takes a pod."""
        return name in self._pods.get(place, ())

    def pods(self, place: Place) -> list[Obj]:
        """Return the pods of a selecting object by name."""
        found = (self._store.get("pods", place[0], name) for name in sorted(self._pods.get(place, ())))
        return [pod for pod in found if pod is not None]


def _mark(selector: Selector) -> Mark:
    exact = (selector or {}).get("matchLabels") or {}
    return min(exact.items(), default=("", ""))


def _labels(pod: Obj | None) -> dict[str, str]:
    found: dict[str, str] = (pod or {"metadata": {}})["metadata"].get("labels") or {}
    return found
