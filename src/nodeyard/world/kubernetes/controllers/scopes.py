"""Which pods a rule of another pod speaks of: selector, namespaces, label keys.

Read by tallies and placement. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nodeyard.world.kubernetes.selectors import selector_match

Obj = dict[str, Any]

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which pods a term speaks of."""

    selector: Obj | None
    spaces: frozenset[str]
    space_selector: Obj | None = None

    def speaks_of(self, pod: Obj, spaces: dict[str, Obj]) -> bool:
        """Tell whether the term speaks of a pod, given the labels of all namespaces."""
        space = pod["metadata"].get("namespace", "")
        if space not in self.spaces and not (
            self.space_selector is not None and selector_match(self.space_selector, spaces.get(space, {}))
        ):
            return False
        return selector_match(self.selector, pod["metadata"].get("labels") or {})


def with_label_keys(selector: Obj | None, term: Obj, labels: dict[str, str]) -> Obj | None:
    """Return a selector narrowed by the matchLabelKeys and mismatchLabelKeys of its term."""
    keys = [(key, "In") for key in term.get("matchLabelKeys") or ()]
    keys += [(key, "NotIn") for key in term.get("mismatchLabelKeys") or ()]
    extra = [{"key": key, "operator": verb, "values": [labels[key]]} for key, verb in keys if key in labels]
    if not extra or selector is None:
        return selector
    return {**selector, "matchExpressions": [*(selector.get("matchExpressions") or ()), *extra]}


def scope_of(term: Obj, home: str, labels: dict[str, str]) -> Scope:
    """Return which pods an affinity term of a pod in a namespace speaks of."""
    spaces, chosen = term.get("namespaces") or (), term.get("namespaceSelector")
    selector = with_label_keys(term.get("labelSelector"), term, labels)
    if not spaces and chosen is None:
        spaces = (home,)
    return Scope(selector, frozenset(spaces), chosen)
