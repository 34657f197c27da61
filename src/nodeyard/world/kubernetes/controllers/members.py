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
Mark = tuple[str, str] | None
"""A label that every pod of a selector has; None where the selector asks for no exact label."""


class Members:
    """The pods of each selecting object."""

    def __init__(self, store: Store, selector_of: Callable[[Obj], Selector]) -> None:
        self._store = store
        self._selector_of = selector_of
        self._selectors: dict[str, dict[str, Selector]] = {}
        self._by_mark: dict[tuple[str, Mark], dict[str, Selector]] = {}
        self._pods: dict[Place, set[str]] = {}
        self._selected_by: dict[Place, set[str]] = {}
        """Pod -> the selecting objects that hold it."""

    def selecting(self, change: Change) -> None:
        """Take in a change of an object that selects."""
        space, name = place_of(change.object)
        rows = self._selectors.setdefault(space, {})
        if change.type == "DELETED":
            self._forget(space, name, rows)
            return
        selector = self._selector_of(change.object)
        if name in rows and rows[name] == selector:
            return
        self._forget(space, name, rows)
        rows[name] = selector
        self._by_mark.setdefault((space, _mark(selector)), {})[name] = selector
        held = self._pods[(space, name)] = {
            pod["metadata"]["name"]
            for pod in self._store.list("pods", space)
            if selector_match(selector, pod["metadata"].get("labels") or {})
        }
        for each in held:
            self._selected_by.setdefault((space, each), set()).add(name)

    def _forget(self, space: str, name: str, rows: dict[str, Selector]) -> None:
        if name not in rows:
            return
        mark = space, _mark(rows.pop(name))
        self._by_mark[mark].pop(name)
        if not self._by_mark[mark]:
            del self._by_mark[mark]
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
        before = frozenset(self._selected_by.get((space, name), ()))
        now = set() if change.type == "DELETED" else self._takers(space, pod["metadata"].get("labels") or {})
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
        marks: list[Mark] = [None, *labels.items()]
        return {
            owner
            for mark in marks
            for owner, selector in self._by_mark.get((space, mark), {}).items()
            if selector_match(selector, labels)
        }

    def pods(self, place: Place) -> list[Obj]:
        """Return the pods of a selecting object by name."""
        found = (self._store.get("pods", place[0], name) for name in sorted(self._pods.get(place, ())))
        return [pod for pod in found if pod is not None]


def _mark(selector: Selector) -> Mark:
    exact = (selector or {}).get("matchLabels") or {}
    return next(((key, exact[key]) for key in sorted(exact)), None)
