"""What runs in a cluster, owner by owner, and what would hold up a drain that began now.

Asked by the console's workloads tab. Pods are gathered by what owns them, and the budgets of a workload are
those that take its first pod, so that 30,000 pods cost one look each and not one for every budget. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nodeyard.model import label_selector
from nodeyard.planner import drain
from nodeyard.planner.drain import Outcome
from nodeyard.planner.launch_template import LABEL_NODEGROUP
from nodeyard.ports import Budget, Node, Pod

POD_TEMPLATE_HASH = "pod-template-hash"
"""Ties the name of a ReplicaSet to its Deployment. Source: Kubernetes documentation, Deployments."""
STAYS, LEAVES, HELD = "STAYS", "LEAVES", "HELD"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something to know before a drain: `holds` says that the drain would wait for it."""

    code: str
    sentence: str
    help: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Workload:
    """Pods with one owner. `drain` is STAYS (does not hold a node up), LEAVES or HELD."""

    namespace: str
    kind: str
    name: str
    pods: int
    ready: int
    nodes: int
    nodegroups: tuple[str, ...]
    budgets: tuple[Budget, ...]
    drain: str
    obstacles: tuple[Obstacle, ...]


def workloads(
    nodes: Sequence[Node], pods: Sequence[Pod], budgets: Sequence[Budget], now: datetime
) -> list[Workload]:
    """Return every workload by namespace, name and kind."""
    groups: dict[tuple[str, str, str], list[Pod]] = {}
    for pod in pods:
        groups.setdefault((pod.namespace, *_owner(pod)), []).append(pod)
    places = {node.name: node for node in nodes}
    by_namespace: dict[str, list[Budget]] = {}
    for budget in budgets:
        by_namespace.setdefault(budget.namespace, []).append(budget)
    theirs = {key: _taking(by_namespace.get(key[0], ()), held[0]) for key, held in groups.items()}
    covered: dict[tuple[str, str], list[Pod]] = {}
    for key, held in groups.items():
        for budget in theirs[key]:
            covered.setdefault((budget.namespace, budget.name), []).extend(held)
    return [
        _workload(key, groups[key], theirs[key], places, covered, now)
        for key in sorted(groups, key=lambda each: (each[0], each[2], each[1]))
    ]


def _owner(pod: Pod) -> tuple[str, str]:
    """Return kind and name of what was deployed: the Deployment behind a ReplicaSet, else the owner."""
    if pod.owner_kind is None or pod.owner_name is None:
        return "Pod", pod.name
    suffix = f"-{pod.labels.get(POD_TEMPLATE_HASH, '')}"
    if pod.owner_kind == "ReplicaSet" and len(suffix) > 1 and pod.owner_name.endswith(suffix):
        return "Deployment", pod.owner_name.removesuffix(suffix)
    return pod.owner_kind, pod.owner_name


def _taking(budgets: Sequence[Budget], pod: Pod) -> tuple[Budget, ...]:
    return tuple(each for each in budgets if label_selector.matches(each.selector, pod.labels))


def _workload(
    key: tuple[str, str, str],
    pods: Sequence[Pod],
    budgets: tuple[Budget, ...],
    places: Mapping[str, Node],
    covered: Mapping[tuple[str, str], Sequence[Pod]],
    now: datetime,
) -> Workload:
    namespace, kind, name = key
    on = {pod.node for pod in pods if pod.node}
    groups = {places[node].labels.get(LABEL_NODEGROUP, "") for node in on if node in places} - {""}
    found: dict[str, Obstacle] = {}
    leaving: Pod | None = None
    for pod in pods:
        node = places.get(pod.node)
        if node is None:
            continue
        verdict = drain.judge(pod, node, now)
        if verdict.outcome is not Outcome.LEAVE and leaving is None:
            leaving = pod
        if verdict.outcome is Outcome.WAIT or verdict.warning or verdict.reason == "LocalStorage":
            held = verdict.reason in _NEVER_ENDS
            found.setdefault(verdict.reason, Obstacle(verdict.reason, verdict.sentence, "", held))
    refused = drain.foreseen(leaving, budgets, covered) if leaving is not None else None
    if refused is not None:
        found[refused.code] = Obstacle(refused.code, refused.sentence, refused.help, holds=True)
    obstacles = tuple(sorted(found.values(), key=lambda each: not each.holds))
    held_up = any(each.holds for each in obstacles)
    return Workload(
        namespace=namespace,
        kind=kind,
        name=name,
        pods=len(pods),
        ready=sum(pod.ready for pod in pods),
        nodes=len(on),
        nodegroups=tuple(sorted(groups)),
        budgets=budgets,
        drain=STAYS if leaving is None and on else HELD if held_up else LEAVES,
        obstacles=obstacles,
    )


_NEVER_ENDS = frozenset({"StuckOnFinalizer", "ToleratesEverything"})
