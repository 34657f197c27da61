"""Which pods of lower priority would have to go to make room for one that fits nowhere.

Called by the decider with the nodes where room could be made. Takes pods off the picture of a node to see
whether the pod fits then, and puts every one of them back before it returns.
Source: Kubernetes, scheduler plugin DefaultPreemption.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nodeyard.world.kubernetes.controllers.controller import Place, place_of
from nodeyard.world.kubernetes.controllers.node_index import NodeIndex, NodeInfo
from nodeyard.world.kubernetes.controllers.requests import priority_of
from nodeyard.world.kubernetes.selectors import selector_match
from nodeyard.world.kubernetes.times import parsed

Obj = dict[str, Any]
Reasons = tuple[str, ...]

NO_VICTIMS = "No preemption victims found for incoming pod"
_ENOUGH = 100
"""Nodes with victims after which looking further would not make the choice better."""


@dataclass(frozen=True, slots=True)
class Sacrifice:
    """The pods that would have to leave one node."""

    info: NodeInfo
    victims: tuple[Obj, ...]
    violations: int
    """How many of them a disruption budget wants to keep."""

    def cost(self) -> tuple[float, ...]:
        """Return what makes one sacrifice worse than another, the gravest first."""
        priorities = [priority_of(pod) for pod in self.victims]
        highest = max(priorities)
        # Among equals, the pods that started last go.
        since = min(_started(pod) for pod in self.victims if priority_of(pod) == highest)
        weight = sum(number + 2**31 for number in priorities)
        return (self.violations, highest, weight, len(self.victims), -since)


def least_sacrifice(
    pod: Obj,
    hopeful: list[NodeInfo],
    index: NodeIndex,
    why_not: Callable[[NodeInfo], Reasons],
    budgets: list[Obj],
) -> tuple[Sacrifice | None, Counter[str]]:
    """Return the cheapest way to make room for a pod; None when there is none, with what is in the way."""
    priority = priority_of(pod)
    if not any(number < priority for number in index.priorities):
        return None, Counter({NO_VICTIMS: len(hopeful)} if hopeful else {})
    found: list[Sacrifice] = []
    reasons: Counter[str] = Counter()
    for info in hopeful:
        made = _sacrifice(info, priority, index, why_not, budgets)
        if isinstance(made, tuple):
            reasons.update(made)
            continue
        found.append(made)
        if len(found) >= _ENOUGH:
            break
    return min(found, key=Sacrifice.cost, default=None), reasons


def _sacrifice(
    info: NodeInfo,
    priority: int,
    index: NodeIndex,
    why_not: Callable[[NodeInfo], Reasons],
    budgets: list[Obj],
) -> Sacrifice | Reasons:
    """Return who would have to go, or what keeps the pod off even when all that may go are gone."""
    lower = [(place, pod) for place, pod in info.pods.items() if priority_of(pod) < priority]
    if not lower:
        return (NO_VICTIMS,)
    away: dict[Place, Obj] = {}
    for place, _ in lower:
        away[place] = index.lift(info, place)
    try:
        if why := why_not(info):
            return why
        lower.sort(key=lambda each: (-priority_of(each[1]), _started(each[1])))
        kept_by_budget, free = _split([pod for _, pod in lower], budgets)
        violations = 0
        # Those that a budget protects are spared first.
        for guarded, pods in ((True, kept_by_budget), (False, free)):
            for pod in pods:
                place = place_of(pod)
                index.lay(info, place, away.pop(place))
                if why_not(info):
                    away[place] = index.lift(info, place)
                    violations += guarded
        victims = tuple(away.values())
    finally:
        for place, pod in away.items():
            index.lay(info, place, pod)
    return Sacrifice(info, victims, violations) if victims else (NO_VICTIMS,)


def _split(pods: list[Obj], budgets: list[Obj]) -> tuple[list[Obj], list[Obj]]:
    """Return the pods whose going would break a budget, and the others."""
    left = {id(each): int((each.get("status") or {}).get("disruptionsAllowed") or 0) for each in budgets}
    breaking: list[Obj] = []
    free: list[Obj] = []
    for pod in pods:
        labels, broken = pod["metadata"].get("labels") or {}, False
        for budget in budgets:
            if budget["metadata"]["namespace"] != pod["metadata"].get("namespace"):
                continue
            selector = budget["spec"].get("selector")
            if not selector or not selector_match(selector, labels):
                continue
            if pod["metadata"]["name"] in ((budget.get("status") or {}).get("disruptedPods") or {}):
                continue
            left[id(budget)] -= 1
            broken = broken or left[id(budget)] < 0
        (breaking if broken else free).append(pod)
    return breaking, free


def _started(pod: Obj) -> float:
    text = (pod.get("status") or {}).get("startTime") or pod["metadata"].get("creationTimestamp")
    return parsed(text).timestamp() if text else 0.0
