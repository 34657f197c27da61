"""Where one pod goes: the whole decision of the scheduler, as a value.

Called by the scheduler, and by whoever wants to know what it would do. Reads the picture of the cluster it is
given; writes nothing. Source: Kubernetes, pkg/scheduler, schedulePod, FitError.Error and DefaultPreemption.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from nodeyard.world.kubernetes.controllers import claims, placement
from nodeyard.world.kubernetes.controllers.claims import NOTHING, Needs
from nodeyard.world.kubernetes.controllers.controller import Place, place_of
from nodeyard.world.kubernetes.controllers.fit import (
    TOO_MANY,
    barred,
    named_nodes,
    shortage,
)
from nodeyard.world.kubernetes.controllers.node_index import NodeIndex, NodeInfo
from nodeyard.world.kubernetes.controllers.placement import Placement
from nodeyard.world.kubernetes.controllers.pods import is_leaving
from nodeyard.world.kubernetes.controllers.preemption import least_sacrifice
from nodeyard.world.kubernetes.controllers.requests import ports_of, priority_of, requests_of
from nodeyard.world.kubernetes.controllers.scores import best
from nodeyard.world.kubernetes.controllers.selection import Selection, Selections
from nodeyard.world.kubernetes.controllers.shortages import Sizes

Obj = dict[str, Any]

ENOUGH = 100
"""Fitting nodes after which looking on would not make placement better; the least that Kubernetes takes."""

NO_NODES = "no nodes available to schedule pods"
NOT_NAMED = "node(s) didn't satisfy plugin(s) [NodeAffinity]"
NOT_HELPFUL = "Preemption is not helpful for scheduling"
_LASTING = claims.LASTING | placement.LASTING


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a pod goes; or why it goes nowhere, and whose leaving would change that."""

    node: str | None
    message: str = ""
    nominated: str = ""
    victims: tuple[Obj, ...] = ()


class _Question:
    """One pod with all that its node must have, worked out once."""

    def __init__(self, pod: Obj, needs: Needs, placement: Placement, index: NodeIndex, sizes: Sizes) -> None:
        self.pod = pod
        self._index = index
        self.spec: Obj = pod["spec"]
        self.place = place_of(pod)
        self.priority = priority_of(pod)
        self.wanted = requests_of(pod)
        self.short = sizes.of(self.wanted)
        self._wanted_items = tuple(self.wanted.items())
        self.ports = ports_of(pod)
        self.needs = needs
        self.placement = placement

    def why_not(self, info: NodeInfo) -> tuple[str, ...]:
        """Return what keeps the pod off an open node, () when nothing does."""
        if info.nominated:
            others = [
                (place, pod)
                for place, pod in info.nominated.items()
                if place != self.place and priority_of(pod) >= self.priority
            ]
            if others:
                return self._why_not_beside(others, info) or self._why_not(info, self.placement)
        return self._why_not(info, self.placement)

    def _why_not_beside(self, others: list[tuple[Place, Obj]], info: NodeInfo) -> tuple[str, ...]:
        """Return what keeps the pod off a node on which pods run that only wait for room there so far."""
        for place, pod in others:
            self._index.lay(info, place, pod)
        # What these ask of others counts only where something already did, as in the scheduler.
        placement = Placement(self.pod, self._index) if self.placement.social else self.placement
        placement.renew()
        try:
            return self._why_not(info, placement)
        finally:
            for place, _ in others:
                self._index.lift(info, place)
            self.placement.renew()

    def _why_not(self, info: NodeInfo, placement: Placement) -> tuple[str, ...]:
        if self.ports:
            short = shortage(self.wanted, self.ports, info)
            if short:
                return short
        else:
            used, size = info.used, info.allocatable
            for name, value in self._wanted_items:
                if used.get(name, 0) + value > size.get(name, 0):
                    return shortage(self.wanted, self.ports, info)
        if self.needs is not NOTHING:
            volumes = self.needs.misfit(info)
            if volumes:
                return volumes
        why = placement.misfit(info) if placement.constrains else None
        return () if why is None else (why,)

    def why_not_now(self, info: NodeInfo) -> tuple[str, ...]:
        """Return what keeps the pod off an open node as things are now, () when nothing does."""
        self.placement.renew()
        return self.why_not(info)

    def is_open(self, info: NodeInfo) -> bool:
        """Tell whether a node is open to the pod whatever runs there."""
        return barred(self.spec, info.node) is None

    def hopeful(self, refused: list[tuple[NodeInfo, tuple[str, ...]]]) -> list[NodeInfo]:
        """Return the nodes that evictions may make the pod fit, by the first rule that each breaks now."""
        hopeless = self.short.hopeless
        return [
            info
            for info, why in refused
            if why[0] not in _LASTING and (info.name not in hopeless or not _is_shortage(why[0]))
        ]


def _is_shortage(reason: str) -> bool:
    return reason.startswith("Insufficient ") or reason == TOO_MANY


@dataclass(slots=True)
class Look:
    """What one look at the nodes found."""

    fitting: list[NodeInfo] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[NodeInfo, tuple[str, ...]]] = field(default_factory=list)
    """Open nodes that the pod does not fit now, and why."""


class Decider:
    """Decides for pods over one picture of the cluster."""

    def __init__(self, index: NodeIndex, budgets: Callable[[], list[Obj]] = list) -> None:
        self._index = index
        self._budgets = budgets
        self._selections = Selections(index)
        self._sizes = Sizes(index)

    def decide(self, pod: Obj, needs: Needs = NOTHING, default_selector: Obj | None = None) -> Decision:
        """Return where a pod goes.

        `needs` is what its volumes ask; `default_selector` chooses its kind, which is spread softly where the
        pod states no topology spread of its own.
        """
        total = len(self._index.nodes)
        if not total:
            return Decision(None, NO_NODES)
        if needs.problem:
            # What the scheduler adds of its search for resource claims, which did not begin.
            return Decision(None, f"{_none(total)} {needs.problem}. not found")
        asked = self._question(pod, needs, default_selector)
        name = (pod.get("status") or {}).get("nominatedNodeName", "")
        mine = self._index.nodes.get(name)
        if mine is not None and asked.is_open(mine) and not asked.why_not_now(mine):
            # Room was made there: nothing else is looked at while it is enough.
            return Decision(mine.name)
        search = self._search(asked)
        if search.fitting:
            return Decision(best(pod, search.fitting, asked.placement).name)
        text = ", ".join(sorted(f"{count} {reason}" for reason, count in search.reasons.items()))
        why = f"{_none(total)} {text}."
        refusal = _ineligible(asked, mine)
        if refusal:
            return Decision(None, f"{why} preemption: {refusal}")
        return self._make_room(asked, search, why)

    def look(self, pod: Obj, needs: Needs = NOTHING) -> Look:
        """Return which nodes would take a pod, `ENOUGH` of them at most, and why the others would not."""
        if needs.problem:
            return Look()
        return self._search(self._question(pod, needs, None))

    def _question(self, pod: Obj, needs: Needs, default_selector: Obj | None) -> _Question:
        self._index.tallies.trim()
        placement = Placement(pod, self._index, default_selector)
        return _Question(pod, needs, placement, self._index, self._sizes)

    def _search(self, asked: _Question) -> Look:
        names = named_nodes(asked.spec)
        if names is not None:
            search, closed = self._named(asked, names)
        else:
            selection = self._selections.of(asked.spec)
            search, closed = self._selected(asked, selection), selection.reasons
        if not search.fitting:
            search.reasons.update(chain.from_iterable(why_not for _, why_not in search.refused))
            search.reasons.update(closed())
        return search

    def _selected(self, asked: _Question, selection: Selection) -> Look:
        """Look at open nodes until enough of them fit."""
        # Ports are told before sizes, and what is reserved counts too: those are looked at one by one.
        short = {} if asked.ports else asked.short.short
        search, seen, refused = Look(), len(selection.open), {}
        for place, info in selection.rotated(short.keys() - self._index.awaited()):
            why_not = asked.why_not(info)
            if why_not:
                refused[info.name] = why_not
                continue
            search.fitting.append(info)
            if len(search.fitting) >= ENOUGH:
                seen = place + 1
                break
        selection.advance(seen)
        if not search.fitting:
            search.refused = [
                (info, refused.get(info.name) or short[info.name]) for _, info in selection.rotated()
            ]
        return search

    def _named(self, asked: _Question, names: list[str]) -> tuple[Look, Callable[[], Counter[str]]]:
        """Look at the nodes that a pod names; return what gives the reasons of all others."""
        nodes = [self._index.nodes[name] for name in names if name in self._index.nodes]
        search = Look()
        for info in nodes:
            if asked.is_open(info):
                why_not = asked.why_not(info)
                if why_not:
                    search.refused.append((info, why_not))
                else:
                    search.fitting.append(info)

        def closed() -> Counter[str]:
            reasons = Counter(why for info in nodes if (why := barred(asked.spec, info.node)) is not None)
            others = len(self._index.nodes) - len(nodes)
            return reasons + Counter({NOT_NAMED: others} if others else {})

        return search, closed

    def _make_room(self, asked: _Question, search: Look, why: str) -> Decision:
        total = len(self._index.nodes)
        hopeful = asked.hopeful(search.refused)
        made, reasons = least_sacrifice(asked.pod, hopeful, self._index, asked.why_not_now, self._budgets())
        if made is not None:
            victims = tuple(sorted(made.victims, key=place_of))
            return Decision(None, why, made.info.name, victims)
        if total > len(hopeful):
            reasons[NOT_HELPFUL] = total - len(hopeful)
        parts = sorted(f"{count} {reason}" for reason, count in reasons.items())
        return Decision(None, f"{why} {_preemption(total, parts)}")


def _ineligible(asked: _Question, mine: NodeInfo | None) -> str:
    """Return why a pod may not preempt, "" when it may."""
    if asked.spec.get("preemptionPolicy") == "Never":
        return "not eligible due to preemptionPolicy=Never."
    if mine is not None and asked.is_open(mine):
        for other in mine.pods.values():
            if is_leaving(other) and priority_of(other) < asked.priority:
                return "not eligible due to a terminating pod on the nominated node."
    return ""


def _none(total: int) -> str:
    return f"0/{total} nodes are available:"


def _preemption(total: int, parts: list[str]) -> str:
    return f"preemption: {_none(total)} {', '.join(parts)}."
