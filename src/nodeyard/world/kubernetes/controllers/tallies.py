"""How many pods that a rule speaks of are in each domain, kept current by changes.

Read by `placement`. A tally is made when a rule is first met, from the pods that run then; after that each
pod and each node that comes or goes costs a look at the tallies that may count it, not at all pods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from nodeyard.world.kubernetes.controllers.pods import is_leaving
from nodeyard.world.kubernetes.selectors import selector_match

if TYPE_CHECKING:
    from nodeyard.world.kubernetes.controllers.node_index import NodeInfo

Obj = dict[str, Any]
Takes = Callable[["NodeInfo"], bool]

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"

_MOST = 4_000


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


@dataclass(slots=True)
class Tally:
    """The counts of one rule over one topology key."""

    scopes: tuple[Scope, ...]
    key: str
    takes: Takes | None = None
    """Which nodes count at all; None for each that has the topology key."""
    leaving: bool = True
    """Whether pods on their way out count."""
    counts: dict[str, int] = field(default_factory=dict)
    homes: dict[str, int] = field(default_factory=dict)
    """How many nodes that count are in each domain."""
    total: int = 0

    def least(self) -> int:
        """Return the smallest count of any domain; zero without domains."""
        return min(self.counts.values(), default=0)

    def of(self, domain: str | None) -> int:
        """Return the count of a domain."""
        return self.counts.get(domain, 0) if domain is not None else 0


@dataclass(slots=True)
class Claim:
    """A term that running pods hold against or for others, with how many hold it in each domain."""

    scope: Scope
    key: str
    weight: int
    """Zero for a required anti-affinity; else what each such pod adds to the score of its domain."""
    domains: dict[str, int] = field(default_factory=dict)


class Tallies:
    """All tallies of a cluster, and the terms of running pods that bind others."""

    def __init__(self, nodes: dict[str, NodeInfo]) -> None:
        self._nodes = nodes
        self._tallies: dict[bytes, Tally] = {}
        self._by_space: dict[str, list[Tally]] = {}
        self._everywhere: list[Tally] = []
        self._claims: dict[bytes, Claim] = {}
        self._matching: dict[bytes, list[Claim]] = {}
        self.spaces: dict[str, Obj] = {}
        """The labels of each namespace."""

    def tally(self, key: bytes, make: Callable[[], Tally]) -> Tally:
        """Return the tally of a rule, counted now when the rule is new."""
        found = self._tallies.get(key)
        if found is None:
            if len(self._tallies) >= _MOST:
                # Rules of templates long gone; those still in use are counted anew when they are met.
                for table in (self._tallies, self._by_space, self._everywhere):
                    table.clear()
            found = self._tallies[key] = make()
            self._file(found)
            for info in self._nodes.values():
                self._node(found, info, 1)
        return found

    def _file(self, tally: Tally) -> None:
        if any(scope.space_selector is not None for scope in tally.scopes):
            self._everywhere.append(tally)
            return
        for space in tally.scopes[0].spaces:
            self._by_space.setdefault(space, []).append(tally)

    def claims_on(self, pod: Obj) -> list[Claim]:
        """Return the terms of running pods that speak of a pod."""
        if not self._claims:
            return []
        metadata = pod["metadata"]
        key = msgspec.json.encode([metadata.get("namespace"), metadata.get("labels")])
        found = self._matching.get(key)
        if found is None:
            found = [each for each in self._claims.values() if each.scope.speaks_of(pod, self.spaces)]
            self._matching[key] = found
        return found

    def namespace(self, name: str, labels: Obj | None) -> None:
        """Take in the labels of a namespace, None when it is gone."""
        if self.spaces.get(name) == labels:
            return
        if labels is None:
            self.spaces.pop(name, None)
        else:
            self.spaces[name] = labels
        self._matching.clear()
        for tally in self._everywhere:
            tally.counts.clear()
            tally.homes.clear()
            tally.total = 0
            for info in self._nodes.values():
                self._node(tally, info, 1)

    # --- nodes ---

    def node_came(self, info: NodeInfo) -> None:
        """Count a node with its pods."""
        for tally in self._tallies.values():
            self._node(tally, info, 1)
        for pod in info.pods.values():
            self._claim(info, pod, 1)

    def node_gone(self, info: NodeInfo) -> None:
        """Stop counting a node with its pods; it still has the labels it was counted by."""
        for tally in self._tallies.values():
            self._node(tally, info, -1)
        for pod in info.pods.values():
            self._claim(info, pod, -1)

    def _node(self, tally: Tally, info: NodeInfo, sign: int) -> None:
        domain = info.labels.get(tally.key)
        if domain is None or (tally.takes is not None and not tally.takes(info)):
            return
        _add(tally.homes, domain, sign)
        for pod in info.pods.values():
            self._pod(tally, domain, pod, sign)
        # An empty domain counts, with zero; one without nodes does not.
        if tally.homes.get(domain):
            tally.counts.setdefault(domain, 0)
        else:
            tally.counts.pop(domain, None)

    # --- pods ---

    def pod_came(self, info: NodeInfo, pod: Obj) -> None:
        """Count a pod on a node."""
        self._each(info, pod, 1)

    def pod_gone(self, info: NodeInfo, pod: Obj) -> None:
        """Stop counting a pod on a node."""
        self._each(info, pod, -1)

    def _each(self, info: NodeInfo, pod: Obj, sign: int) -> None:
        for tallies in (self._by_space.get(pod["metadata"].get("namespace", ""), ()), self._everywhere):
            for tally in tallies:
                domain = info.labels.get(tally.key)
                if domain is not None and (tally.takes is None or tally.takes(info)):
                    self._pod(tally, domain, pod, sign)
        self._claim(info, pod, sign)

    def _pod(self, tally: Tally, domain: str, pod: Obj, sign: int) -> None:
        if is_leaving(pod) and not tally.leaving:
            return
        if all(scope.speaks_of(pod, self.spaces) for scope in tally.scopes):
            tally.counts[domain] = tally.counts.get(domain, 0) + sign
            tally.total += sign

    def _claim(self, info: NodeInfo, pod: Obj, sign: int) -> None:
        affinity = pod["spec"].get("affinity")
        if not affinity:
            return
        for weight, term in _terms(affinity):
            domain = info.labels.get(term["topologyKey"])
            if domain is None:
                continue
            metadata = pod["metadata"]
            home, labels = metadata.get("namespace", ""), metadata.get("labels") or {}
            own = [labels.get(key) for name in _LABEL_KEYS for key in term.get(name) or ()]
            key = msgspec.json.encode([home, weight, term, own])
            claim = self._claims.get(key)
            if claim is None:
                scope = scope_of(term, home, labels)
                claim = self._claims[key] = Claim(scope, term["topologyKey"], weight)
                self._matching.clear()
            _add(claim.domains, domain, sign)
            if not claim.domains:
                del self._claims[key]
                self._matching.clear()


_LABEL_KEYS = ("matchLabelKeys", "mismatchLabelKeys")


def _terms(affinity: Obj) -> list[tuple[int, Obj]]:
    """Return the terms by which a running pod binds others, each with its weight; zero forbids.

    Source: Kubernetes, scheduler plugin InterPodAffinity: a required affinity pulls with weight one.
    """
    near, far = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
    found = [(0, term) for term in far.get(REQUIRED) or ()]
    found += [(1, term) for term in near.get(REQUIRED) or ()]
    found += [(int(each["weight"]), each["podAffinityTerm"]) for each in near.get(PREFERRED) or ()]
    found += [(-int(each["weight"]), each["podAffinityTerm"]) for each in far.get(PREFERRED) or ()]
    return found


def _add(table: dict[str, int], key: str, sign: int) -> None:
    left = table.get(key, 0) + sign
    if left:
        table[key] = left
    else:
        table.pop(key, None)
