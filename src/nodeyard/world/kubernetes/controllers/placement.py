"""How one pod stands to others: pod affinity, anti-affinity and topology spread.

Made by the decider once for each pod; answers for each node from tallies, without looking at pods.
Source: Kubernetes, scheduler plugins InterPodAffinity and PodTopologySpread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import msgspec

from nodeyard.world.kubernetes.controllers.fit import node_affinity, selects, untolerated
from nodeyard.world.kubernetes.controllers.node_index import NodeIndex, NodeInfo
from nodeyard.world.kubernetes.controllers.scopes import (
    PREFERRED,
    REQUIRED,
    Scope,
    scope_of,
    with_label_keys,
)
from nodeyard.world.kubernetes.controllers.tallies import Claim, Takes, Tally, Terrain
from nodeyard.world.kubernetes.selectors import selector_match

Obj = dict[str, Any]

AFFINITY = "node(s) didn't match pod affinity rules"
ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules"
FOREIGN_ANTI_AFFINITY = "node(s) didn't satisfy existing pods anti-affinity rules"
SPREAD = "node(s) didn't match pod topology spread constraints"
SPREAD_LABEL = "node(s) didn't match pod topology spread constraints (missing required label)"

LASTING = frozenset({AFFINITY, SPREAD_LABEL})
"""Refusals that no eviction on the node can lift."""

_HOSTNAME = "kubernetes.io/hostname"
_DEFAULT_SPREAD = ((_HOSTNAME, 3), ("topology.kubernetes.io/zone", 5))


@dataclass(frozen=True, slots=True)
class Spread:
    """One topology spread constraint of a pod, with its counts."""

    key: str
    skew: int
    least_domains: int
    itself: int
    """One when the pod counts for its own constraint."""
    tally: Tally


class Placement:
    """The rules of one pod towards the pods that run."""

    def __init__(self, pod: Obj, index: NodeIndex, default_selector: Obj | None = None) -> None:
        self._pod = pod
        self._index = index
        self._home = pod["metadata"].get("namespace", "")
        self._labels: dict[str, str] = pod["metadata"].get("labels") or {}
        affinity = pod["spec"].get("affinity") or {}
        near, far = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
        self._near = self._attraction(near.get(REQUIRED) or [])
        self._far = [self._tally((self._scope(term),), term) for term in far.get(REQUIRED) or ()]
        self._wishes = [
            (sign * int(each["weight"]), self._tally((self._scope(term),), term))
            for sign, group in ((1, near), (-1, far))
            for each in group.get(PREFERRED) or ()
            for term in (each["podAffinityTerm"],)
        ]
        claims = [claim for claim in index.tallies.claims_on(pod) if claim.domains]
        self._forbidden = [claim for claim in claims if not claim.weight]
        self._pulls: list[Claim] = [claim for claim in claims if claim.weight]
        given = pod["spec"].get("topologySpreadConstraints") or ()
        self._hard = self._spreads([each for each in given if not _is_soft(each)])
        self._soft = self._spreads([each for each in given if _is_soft(each)])
        if not given and default_selector is not None:
            self._soft = self._spreads(_defaults(default_selector))
        self._limits: list[tuple[str, dict[str, int], int]] = []
        """For each hard spread its key, its counts, and the most that a domain may have before the pod."""
        self.renew()
        self.social = bool(self._near or self._far or self._forbidden)
        """Whether pod affinity or anti-affinity has a say."""
        self.constrains = bool(self.social or self._hard)
        self.scores_neighbours = bool(self._wishes or self._pulls)
        self.scores_spread = bool(self._soft)

    def renew(self) -> None:
        """Take in that pods came or went since this was made."""
        self._limits = [
            (each.key, each.tally.counts, each.skew - each.itself + _floor(each)) for each in self._hard
        ]

    def misfit(self, info: NodeInfo) -> str | None:
        """Return the rule that a node breaks, None when it breaks none."""
        # Asked for hundreds of nodes for each pod: plain loops are twice as fast as `any`.
        labels = info.labels
        for key, counts, limit in self._limits:
            domain = labels.get(key)
            if domain is None:
                return SPREAD_LABEL
            if counts.get(domain, 0) > limit:
                return SPREAD
        if self._near is not None and not self._attracted(info):
            return AFFINITY
        for tally in self._far:
            if tally.counts.get(labels.get(tally.key, "")):
                return ANTI_AFFINITY
        for claim in self._forbidden:
            if labels.get(claim.key, "") in claim.domains:
                return FOREIGN_ANTI_AFFINITY
        return None

    def _attracted(self, info: NodeInfo) -> bool:
        assert self._near is not None
        tallies, itself = self._near
        if any(tally.key not in info.labels for tally in tallies):
            return False
        if all(tally.of(info.labels[tally.key]) for tally in tallies):
            return True
        # The first pod of a group that wants to be together may go anywhere.
        return itself and not any(tally.total for tally in tallies)

    def neighbours(self, info: NodeInfo) -> float:
        """Return how much the pod and its would-be neighbours like each other, before normalising."""
        labels = info.labels
        total = sum(weight * tally.of(labels.get(tally.key)) for weight, tally in self._wishes)
        for claim in self._pulls:
            total += claim.weight * claim.domains.get(labels.get(claim.key, ""), 0)
        return float(total)

    def crowding(self, candidates: list[NodeInfo]) -> list[float | None]:
        """Return how many of its kind a pod would meet on each node, before normalising.

        None stands for a node where a label is missing.
        """
        totals: list[float | None] = [0.0] * len(candidates)
        for spread in self._soft:
            key, counts, more = spread.key, spread.tally.counts, spread.skew - 1
            factor = math.log(len(spread.tally.terrain.homes) + 2)
            for place, info in enumerate(candidates):
                domain, before = info.labels.get(key), totals[place]
                if domain is None or before is None:
                    totals[place] = None
                else:
                    totals[place] = before + counts.get(domain, 0) * factor + more
        return totals

    # --- rules into tallies ---

    def _scope(self, term: Obj) -> Scope:
        return scope_of(term, self._home, self._labels)

    def _tally(self, scopes: tuple[Scope, ...], term: Obj) -> Tally:
        key, tallies = term["topologyKey"], self._index.tallies
        terrain = tallies.terrain(key.encode(), lambda: Terrain(key))
        parts = [[each.selector, sorted(each.spaces), each.space_selector] for each in scopes]
        return tallies.tally(msgspec.json.encode([key, parts]), lambda: Tally(scopes, terrain))

    def _attraction(self, terms: list[Obj]) -> tuple[list[Tally], bool] | None:
        """Return the counts of pods that satisfy all affinity terms, and whether the pod itself does."""
        if not terms:
            return None
        scopes = tuple(self._scope(term) for term in terms)
        spaces = self._index.tallies.spaces
        itself = all(scope.speaks_of(self._pod, spaces) for scope in scopes)
        return [self._tally(scopes, term) for term in terms], itself

    def _spreads(self, items: list[Obj]) -> list[Spread]:
        if not items:
            return []
        keys = sorted({each["topologyKey"] for each in items})
        return [self._spread(each, keys) for each in items]

    def _spread(self, item: Obj, keys: list[str]) -> Spread:
        selector = with_label_keys(item.get("labelSelector"), item, self._labels)
        spec, honour_taints = self._pod["spec"], item.get("nodeTaintsPolicy") == "Honor"
        honour_affinity = item.get("nodeAffinityPolicy", "Honor") == "Honor"
        chosen = [spec.get("nodeSelector"), node_affinity(spec).get(REQUIRED)] if honour_affinity else []
        tolerated = spec.get("tolerations") if honour_taints else []
        # A constraint counts on the nodes that have the topology keys of all, as the scheduler does.
        key, tallies = item["topologyKey"], self._index.tallies
        takes = _taker(spec, keys, honour_affinity and any(chosen), honour_taints)
        shape = msgspec.json.encode([key, keys, chosen, tolerated, honour_taints])
        place = key.encode() if takes is None else b"part " + shape
        terrain = tallies.terrain(place, lambda: Terrain(key, takes))
        # One that selects everything counts nothing, as in the scheduler, but speaks of the pod itself.
        counted = selector if selector and any(selector.values()) else None
        scope = Scope(counted, frozenset({self._home}))
        tally = tallies.tally(
            b"spread " + shape + msgspec.json.encode([counted, self._home]),
            lambda: Tally((scope,), terrain, leaving=False),
        )
        itself = int(selector_match(selector, self._labels))
        least = int(item.get("minDomains") or 1)
        return Spread(key, int(item.get("maxSkew", 1)), least, itself, tally)


def _floor(spread: Spread) -> int:
    """Return the least count of any domain; zero while there are fewer domains than there shall be."""
    return spread.tally.least if len(spread.tally.terrain.homes) >= spread.least_domains else 0


def _is_soft(item: Obj) -> bool:
    return bool(item.get("whenUnsatisfiable", "DoNotSchedule") != "DoNotSchedule")


def _defaults(selector: Obj) -> list[Obj]:
    """Return the soft constraints of pods that state none. Source: Kubernetes, scheduler system defaults."""
    return [{"topologyKey": key, "maxSkew": skew, "labelSelector": selector} for key, skew in _DEFAULT_SPREAD]


def _taker(spec: Obj, keys: list[str], affine: bool, honour_taints: bool) -> Takes | None:
    if len(keys) == 1 and not affine and not honour_taints:
        return None

    def takes(info: NodeInfo) -> bool:
        if any(key not in info.labels for key in keys):
            return False
        if affine and not selects(spec, info.node):
            return False
        return not honour_taints or untolerated(spec, info.node) is None

    return takes
