"""How one pod stands to others: pod affinity, anti-affinity and topology spread, worked out once a pod.

Called by the scheduler with the picture of all nodes. Counts the pods it needs in one pass, then answers for
each node from those counts.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.controllers.fit import selects, untolerated
from nodeyard.world.kubernetes.controllers.node_index import NodeIndex, NodeInfo
from nodeyard.world.kubernetes.controllers.pods import is_active
from nodeyard.world.kubernetes.selectors import selector_match
from nodeyard.world.kubernetes.store import Store

Obj = dict[str, Any]

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"

AFFINITY = "node(s) didn't match pod affinity rules"
ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules"
FOREIGN_ANTI_AFFINITY = "node(s) didn't satisfy existing pods anti-affinity rules"
SPREAD = "node(s) didn't match pod topology spread constraints"
SPREAD_LABEL = "node(s) didn't match pod topology spread constraints (missing required label)"


def _takes(term: Obj, home: str, pod: Obj) -> bool:
    """Tell whether an affinity term of a pod in namespace `home` speaks of another pod."""
    space = pod["metadata"]["namespace"]
    if "namespaceSelector" not in term and space not in (term.get("namespaces") or [home]):
        return False
    return selector_match(term.get("labelSelector"), pod["metadata"].get("labels") or {})


class Placement:
    """The rules of one pod towards the pods that run."""

    def __init__(self, pod: Obj, index: NodeIndex, store: Store) -> None:
        self._pod = pod
        self._index = index
        self._store = store
        self._home = pod["metadata"]["namespace"]
        affinity = pod["spec"].get("affinity") or {}
        attract, repel = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
        self._near = [(term, self._count(term)) for term in attract.get(_REQUIRED) or ()]
        self._far = [(term, self._count(term)) for term in repel.get(_REQUIRED) or ()]
        self._wishes = [
            (sign * int(item["weight"]), item["podAffinityTerm"], self._count(item["podAffinityTerm"]))
            for sign, group in ((1, attract), (-1, repel))
            for item in group.get(_PREFERRED) or ()
        ]
        self._forbidden = self._foreign()
        self._spread = [
            (item, self._spread_count(item)) for item in pod["spec"].get("topologySpreadConstraints") or ()
        ]

    @property
    def free(self) -> bool:
        """Tell whether the pod has no rule at all towards others."""
        return not (self._near or self._far or self._wishes or self._forbidden or self._spread)

    def misfit(self, info: NodeInfo) -> str | None:
        """Return the rule that a node breaks, None when it breaks none."""
        labels = info.labels
        for term, counts in self._near:
            domain = labels.get(term["topologyKey"])
            alone = not counts and _takes(term, self._home, self._pod)
            if domain is None or not (counts.get(domain) or alone):
                return AFFINITY
        if any(counts.get(labels.get(term["topologyKey"], "")) for term, counts in self._far):
            return ANTI_AFFINITY
        if any(labels.get(key) == domain for key, domain in self._forbidden):
            return FOREIGN_ANTI_AFFINITY
        for item, counts in self._spread:
            if item.get("whenUnsatisfiable", "DoNotSchedule") != "DoNotSchedule":
                continue
            domain = labels.get(item["topologyKey"])
            if domain is None:
                return SPREAD_LABEL
            floor = min(counts.values(), default=0) if len(counts) >= int(item.get("minDomains") or 1) else 0
            if counts.get(domain, 0) + 1 - floor > int(item.get("maxSkew", 1)):
                return SPREAD
        return None

    def score(self, info: NodeInfo) -> float:
        """Return how much the pod likes a node for its neighbours."""
        labels = info.labels
        total = 0.0
        for weight, term, counts in self._wishes:
            total += weight * min(counts.get(labels.get(term["topologyKey"], ""), 0), 1)
        for item, counts in self._spread:
            most = max(counts.values(), default=0) or 1
            total += 100.0 * (1 - counts.get(labels.get(item["topologyKey"], ""), 0) / most)
        return total

    # --- counting ---

    def _neighbours(self, all_spaces: bool) -> list[Obj]:
        pods = self._store.list("pods", None if all_spaces else self._home)
        return [pod for pod in pods if pod["spec"].get("nodeName") and is_active(pod)]

    def _count(self, term: Obj) -> dict[str, int]:
        """Return how many pods that a term speaks of run in each domain."""
        wide = "namespaceSelector" in term or bool(term.get("namespaces"))
        found: dict[str, int] = {}
        for pod in self._neighbours(wide):
            info = self._index.nodes.get(pod["spec"]["nodeName"])
            if info is None or not _takes(term, self._home, pod):
                continue
            domain = info.labels.get(term["topologyKey"])
            if domain is not None:
                found[domain] = found.get(domain, 0) + 1
        return found

    def _foreign(self) -> set[tuple[str, str]]:
        """Return the domains that running pods keep this pod out of."""
        found = set()
        for pod in self._index.guarded.values():
            info = self._index.nodes.get(pod["spec"]["nodeName"])
            if info is None or not is_active(pod):
                continue
            for term in pod["spec"]["affinity"]["podAntiAffinity"][_REQUIRED]:
                domain = info.labels.get(term["topologyKey"])
                if domain is not None and _takes(term, pod["metadata"]["namespace"], self._pod):
                    found.add((term["topologyKey"], domain))
        return found

    def _spread_count(self, item: Obj) -> dict[str, int]:
        """Return how many matching pods each eligible domain has, empty domains included."""
        selector = dict(item.get("labelSelector") or {})
        own = self._pod["metadata"].get("labels") or {}
        exact = {key: own[key] for key in item.get("matchLabelKeys") or () if key in own}
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), **exact}
        spec = self._pod["spec"]
        honor_taints = item.get("nodeTaintsPolicy") == "Honor"
        found: dict[str, int] = {}
        eligible = set()
        for info in self._index.nodes.values():
            domain = info.labels.get(item["topologyKey"])
            if domain is None:
                continue
            if item.get("nodeAffinityPolicy", "Honor") == "Honor" and not selects(spec, info.node):
                continue
            if honor_taints and untolerated(spec, info.node) is not None:
                continue
            eligible.add(info.name)
            found.setdefault(domain, 0)
        for pod in self._neighbours(False):
            name = pod["spec"]["nodeName"]
            if name in eligible and selector_match(selector, pod["metadata"].get("labels") or {}):
                found[self._index.nodes[name].labels[item["topologyKey"]]] += 1
        return found
