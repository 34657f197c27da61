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
from nodeyard.world.kubernetes.controllers.scopes import PREFERRED, REQUIRED, Scope, scope_of

if TYPE_CHECKING:
    from nodeyard.world.kubernetes.controllers.node_index import NodeInfo

Obj = dict[str, Any]
Takes = Callable[["NodeInfo"], bool]

_MOST = 4_000


@dataclass(slots=True, eq=False)
class Terrain:
    """The domains of one topology key, over the nodes that count. Shared by many tallies."""

    key: str
    takes: Takes | None = None
    """Which nodes count at all; None for each that has the topology key."""
    homes: dict[str, int] = field(default_factory=dict)
    """How many nodes that count are in each domain."""
    eligible: set[str] = field(default_factory=set)
    """The nodes that count."""
    tallies: list[Tally] = field(default_factory=list)

    def open(self, info: NodeInfo) -> None:
        """Take in a node, without its pods."""
        domain = info.labels.get(self.key)
        if domain is None or (self.takes is not None and not self.takes(info)):
            return
        self.eligible.add(info.name)
        self.homes[domain] = self.homes.get(domain, 0) + 1
        if self.homes[domain] == 1:
            for tally in self.tallies:
                tally.enter(domain)

    def close(self, info: NodeInfo) -> None:
        """Forget a node whose pods are no longer counted."""
        if info.name not in self.eligible:
            return
        self.eligible.discard(info.name)
        domain = info.labels[self.key]
        self.homes[domain] -= 1
        if not self.homes[domain]:
            del self.homes[domain]
            for tally in self.tallies:
                tally.leave(domain)


class Tally:
    """The counts of one rule over one terrain: an empty domain has zero, one without nodes has no count."""

    def __init__(self, scopes: tuple[Scope, ...], terrain: Terrain, *, leaving: bool = True) -> None:
        self.scopes = scopes
        self.terrain = terrain
        self.key = terrain.key
        self.leaving = leaving
        """Whether pods on their way out count."""
        self.counts: dict[str, int] = dict.fromkeys(terrain.homes, 0)
        self.total = 0
        self.least = 0
        """The smallest count of any domain; zero without domains."""
        self._levels: dict[int, int] = {0: len(terrain.homes)} if terrain.homes else {}
        """How many domains have each count."""

    def of(self, domain: str | None) -> int:
        """Return the count of a domain."""
        return self.counts.get(domain, 0) if domain is not None else 0

    def speaks_of(self, pod: Obj, spaces: dict[str, Obj]) -> bool:
        """Tell whether the rule counts a pod."""
        return all(scope.speaks_of(pod, spaces) for scope in self.scopes)

    def enter(self, domain: str) -> None:
        """Take in a domain."""
        self.counts[domain] = self.least = 0
        self._levels[0] = self._levels.get(0, 0) + 1

    def leave(self, domain: str) -> None:
        """Forget a domain."""
        self._take(self.counts.pop(domain))
        self.least = min(self._levels, default=0)

    def count(self, domain: str, sign: int) -> None:
        """Count pods of a domain that came, or went."""
        was = self.counts[domain]
        now = self.counts[domain] = was + sign
        self.total += sign
        self._levels[now] = self._levels.get(now, 0) + 1
        self._take(was)
        if now < self.least:
            self.least = now
        elif was == self.least and was not in self._levels:
            self.least = min(self._levels)

    def _take(self, level: int) -> None:
        left = self._levels[level] - 1
        if left:
            self._levels[level] = left
        else:
            del self._levels[level]


@dataclass(slots=True, eq=False)
class Group:
    """Bound pods of one namespace with the same labels: rules speak of all of them or of none."""

    sample: Obj
    tallies: list[Tally]
    nodes: dict[str, list[int]] = field(default_factory=dict)
    """Node -> how many stay there and how many are on their way out."""


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
        self._terrains: dict[bytes, Terrain] = {}
        self._tallies: dict[bytes, Tally] = {}
        self._groups: dict[bytes, Group] = {}
        self._claims: dict[bytes, Claim] = {}
        self._matching: dict[bytes, list[Claim]] = {}
        self.spaces: dict[str, Obj] = {}
        """The labels of each namespace."""

    def terrain(self, key: bytes, make: Callable[[], Terrain]) -> Terrain:
        """Return the domains that a key stands for, found now when they are new."""
        found = self._terrains.get(key)
        if found is None:
            found = self._terrains[key] = make()
            for info in self._nodes.values():
                found.open(info)
        return found

    def tally(self, key: bytes, make: Callable[[], Tally]) -> Tally:
        """Return the tally of a rule, counted now when the rule is new."""
        found = self._tallies.get(key)
        if found is None:
            found = self._tallies[key] = make()
            found.terrain.tallies.append(found)
            for group in self._groups.values():
                if found.speaks_of(group.sample, self.spaces):
                    self._join(group, found, 1)
        return found

    def trim(self) -> None:
        """Forget all rules once they are many: most are of templates long gone.

        Those still in use are counted anew when they are next met; so nobody may hold a tally over this.
        """
        if len(self._claims) > _MOST:
            self._claims = {key: each for key, each in self._claims.items() if each.domains}
            self._matching.clear()
        if len(self._tallies) < _MOST:
            return
        self._tallies.clear()
        self._terrains.clear()
        for group in self._groups.values():
            group.tallies.clear()

    def _join(self, group: Group, tally: Tally, sign: int) -> None:
        """Let a tally count a group from now on, or no longer."""
        if sign > 0:
            group.tallies.append(tally)
        else:
            group.tallies.remove(tally)
        for name, (staying, leaving) in group.nodes.items():
            number = staying + (leaving if tally.leaving else 0)
            if number and name in tally.terrain.eligible:
                tally.count(self._nodes[name].labels[tally.key], sign * number)

    def claims_on(self, pod: Obj) -> list[Claim]:
        """Return the terms of running pods that speak of a pod."""
        if not self._claims:
            return []
        key = _kind(pod)
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
        groups = [each for each in self._groups.values() if each.sample["metadata"].get("namespace") == name]
        for tally in self._tallies.values():
            if all(scope.space_selector is None for scope in tally.scopes):
                continue
            for group in groups:
                counted, counts = tally in group.tallies, tally.speaks_of(group.sample, self.spaces)
                if counted != counts:
                    self._join(group, tally, 1 if counts else -1)

    # --- nodes ---

    @property
    def only_labels(self) -> bool:
        """Tell whether nothing is counted for which more of a node matters than its labels."""
        return not self._terrains

    def node_came(self, info: NodeInfo) -> None:
        """Count a node with its pods."""
        for terrain in self._terrains.values():
            terrain.open(info)
        for pod in info.pods.values():
            self.pod_came(info, pod)

    def node_gone(self, info: NodeInfo) -> None:
        """Stop counting a node with its pods; it still has the labels it was counted by."""
        for pod in info.pods.values():
            self.pod_gone(info, pod)
        for terrain in self._terrains.values():
            terrain.close(info)

    # --- pods ---

    def pod_came(self, info: NodeInfo, pod: Obj) -> None:
        """Count a pod on a node."""
        self._each(info, pod, 1)

    def pod_gone(self, info: NodeInfo, pod: Obj) -> None:
        """Stop counting a pod on a node."""
        self._each(info, pod, -1)

    def _each(self, info: NodeInfo, pod: Obj, sign: int) -> None:
        key = _kind(pod)
        group = self._groups.get(key)
        if group is None:
            counted = [each for each in self._tallies.values() if each.speaks_of(pod, self.spaces)]
            group = self._groups[key] = Group(pod, counted)
        leaving = is_leaving(pod)
        here = group.nodes.setdefault(info.name, [0, 0])
        here[leaving] += sign
        if here == [0, 0]:
            del group.nodes[info.name]
            if not group.nodes:
                del self._groups[key]
        for tally in group.tallies:
            if info.name in tally.terrain.eligible and (tally.leaving or not leaving):
                tally.count(info.labels[tally.key], sign)
        if pod["spec"].get("affinity"):
            self._claim(info, pod, sign)

    def _claim(self, info: NodeInfo, pod: Obj, sign: int) -> None:
        for weight, term in _terms(pod["spec"]["affinity"]):
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
            # One that nobody holds stays until there are many: whoever takes a pod off a node to see what
            # would be, and puts it back, still has the same claim.
            _add(claim.domains, domain, sign)


def _kind(pod: Obj) -> bytes:
    """Return what pods share of which rules speak alike."""
    metadata = pod["metadata"]
    return msgspec.json.encode([metadata.get("namespace"), metadata.get("labels")])


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
