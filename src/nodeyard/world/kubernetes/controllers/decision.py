"""Where one pod goes: the whole decision of the scheduler, as a value.

Called by the scheduler, and by whoever wants to know what it would do. Reads the picture of the cluster it is
given; writes nothing. Source: Kubernetes, pkg/scheduler, schedulePod, FitError.Error and DefaultPreemption.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nodeyard.world.kubernetes.controllers.claims import NOTHING, Needs
from nodeyard.world.kubernetes.controllers.controller import place_of
from nodeyard.world.kubernetes.controllers.fit import (
    barred,
    held_for_others,
    named_nodes,
    shortage,
)
from nodeyard.world.kubernetes.controllers.node_index import NodeIndex, NodeInfo
from nodeyard.world.kubernetes.controllers.placement import LASTING, Placement
from nodeyard.world.kubernetes.controllers.pods import is_leaving
from nodeyard.world.kubernetes.controllers.preemption import least_sacrifice
from nodeyard.world.kubernetes.controllers.requests import ports_of, priority_of, requests_of
from nodeyard.world.kubernetes.controllers.scores import best
from nodeyard.world.kubernetes.controllers.selection import Selections
from nodeyard.world.kubernetes.controllers.shortages import Sizes

Obj = dict[str, Any]

ENOUGH = 100
"""Fitting nodes after which looking on would not make placement better; the least that Kubernetes takes."""

NO_NODES = "no nodes available to schedule pods"
NOT_NAMED = "node(s) didn't satisfy plugin(s) [NodeAffinity]"
NOT_HELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a pod goes; or why it goes nowhere, and whose leaving would change that."""

    node: str | None
    message: str = ""
    nominated: str = ""
    victims: tuple[Obj, ...] = ()


class _Question:
    """One pod with all that its node must have, worked out once."""

    def __init__(self, pod: Obj, needs: Needs, placement: Placement, sizes: Sizes) -> None:
        self.pod = pod
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
        if self.ports or info.nominated:
            reserved = held_for_others(info, self.place, self.priority)
            short = shortage(self.wanted, self.ports, info, reserved)
            if short:
                return short
        else:
            used, size = info.used, info.allocatable
            for name, value in self._wanted_items:
                if used.get(name, 0) + value > size.get(name, 0):
                    return shortage(self.wanted, self.ports, info)
        if self.needs is not NOTHING:
            volumes = self.needs.misfit(info)
            if volumes is not None:
                return (volumes,)
        why = self.placement.misfit(info) if self.placement.constrains else None
        return () if why is None else (why,)

    def fits(self, info: NodeInfo) -> bool:
        """Tell whether nothing keeps the pod off an open node, as things are now."""
        self.placement.renew()
        return not self.why_not(info)

    def is_open(self, info: NodeInfo) -> bool:
        """Tell whether a node is open to the pod whatever runs there."""
        return barred(self.spec, info.node) is None

    def may_hope(self, info: NodeInfo) -> bool:
        """Tell whether evictions could make the pod fit an open node that it does not fit now."""
        if info.name in self.short.hopeless:
            return False
        if self.needs is not NOTHING and self.needs.misfit(info) is not None:
            return False
        return not self.placement.constrains or self.placement.misfit(info) not in LASTING


@dataclass(slots=True)
class _Search:
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
            ending = _preemption(total, [f"{total} {NOT_HELPFUL}"])
            return Decision(None, f"{_none(total)} {needs.problem}. {ending}")
        asked = _Question(pod, needs, Placement(pod, self._index, default_selector), self._sizes)
        name = (pod.get("status") or {}).get("nominatedNodeName", "")
        mine = self._index.nodes.get(name)
        if mine is not None and asked.is_open(mine) and asked.fits(mine):
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

    def _search(self, asked: _Question) -> _Search:
        search, names = _Search(), named_nodes(asked.spec)
        selection = self._selections.of(asked.spec) if names is None else None
        if names is not None:
            candidates, closed = self._named(asked, names)
        else:
            assert selection is not None
            candidates, closed = selection.rotated(), selection.reasons
        seen = 0
        # Ports are told before sizes, and what is reserved counts too: those are looked at one by one.
        short = {} if asked.ports else asked.short.short
        for info in candidates:
            seen += 1
            known = short.get(info.name)
            why_not = known if known is not None and not info.nominated else asked.why_not(info)
            if why_not:
                search.refused.append((info, why_not))
                continue
            search.fitting.append(info)
            if len(search.fitting) >= ENOUGH:
                break
        if selection is not None:
            selection.advance(seen)
        if not search.fitting:
            for _, why_not in search.refused:
                search.reasons.update(why_not)
            search.reasons.update(closed())
        return search

    def _named(self, asked: _Question, names: list[str]) -> tuple[list[NodeInfo], Callable[[], Counter[str]]]:
        """Return the open nodes among those that a pod names, and what gives the reasons of all others."""
        nodes = [self._index.nodes[name] for name in names if name in self._index.nodes]

        def closed() -> Counter[str]:
            reasons = Counter(why for info in nodes if (why := barred(asked.spec, info.node)) is not None)
            others = len(self._index.nodes) - len(nodes)
            return reasons + Counter({NOT_NAMED: others} if others else {})

        return [info for info in nodes if asked.is_open(info)], closed

    def _make_room(self, asked: _Question, search: _Search, why: str) -> Decision:
        total = len(self._index.nodes)
        hopeful = [info for info, _ in search.refused if asked.may_hope(info)]
        made = least_sacrifice(asked.pod, hopeful, self._index, asked.fits, self._budgets())
        if made is not None:
            victims = tuple(sorted(made.victims, key=place_of))
            return Decision(None, why, made.info.name, victims)
        counts = [(total - len(hopeful), NOT_HELPFUL), (len(hopeful), NO_VICTIMS)]
        parts = sorted(f"{count} {reason}" for count, reason in counts if count)
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
