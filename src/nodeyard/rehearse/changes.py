"""Changes that may help against what was in the way of an update, the smallest first. Pure.

Each is a function from a case, which is a snapshot and a request, to the case with the change in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from nodeyard.planner.words import counted, span
from nodeyard.rehearse import summing
from nodeyard.rehearse.belonging import roots_of
from nodeyard.rehearse.group import select
from nodeyard.rehearse.learned import Root
from nodeyard.rehearse.plan import Request
from nodeyard.rehearse.play import Run
from nodeyard.rehearse.snapshot import Snapshot
from nodeyard.rehearse.watching import Held

Obj = dict[str, Any]
Case = tuple[Snapshot, Request]

LONGER = (2, 4)
"""How many times longer the limit of a drain is tried."""
_SCALED = {
    "Deployment": "deployments.apps",
    "StatefulSet": "statefulsets.apps",
    "ReplicaSet": "replicasets.apps",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change, in words and as what it makes of a case."""

    text: str
    make: Callable[[Snapshot, Request], Case]


def fatal_of(run: Run) -> list[Held]:
    """Return what an update failed on."""
    return [each for each in run.seen.held.values() if each.fatal]


def candidates(snapshot: Snapshot, request: Request, run: Run) -> Iterator[Change]:
    """Yield what may help against what was in the way, the smallest change first."""
    roots = _roots(snapshot)
    fatal = fatal_of(run)
    said: set[str] = set()
    steps = (_more_replicas, _looser_budget, _unhealthy_go, _one_budget, _no_finalizer)
    for step in steps:
        for held in fatal:
            change = step(snapshot, held, roots)
            if change is not None and change.text not in said:
                said.add(change.text)
                yield change
    yield from _settings(request)
    yield Change("add one node to the group before the update", _one_more_node)
    for times in LONGER:
        limit = request.drain_limit_s * times
        yield Change(
            f"let a drain take {span(limit)} instead of {span(request.drain_limit_s)}",
            lambda s, r, limit=limit: (s, replace(r, drain_limit_s=limit)),  # type: ignore[misc]
        )


def _settings(request: Request) -> Iterator[Change]:
    config = request.update_config
    if config.update_strategy == "MINIMAL":
        yield Change(
            "use the strategy DEFAULT, which adds nodes before it drains",
            lambda s, r: (s, r.with_config(update_strategy="DEFAULT")),
        )
    elif config.max_unavailable_percentage is not None or (config.max_unavailable or 1) > 1:
        yield Change(
            "replace one node at a time (maxUnavailable 1)",
            lambda s, r: (s, r.with_config(max_unavailable=1, max_unavailable_percentage=None)),
        )
    else:
        yield Change(
            "replace two nodes at a time (maxUnavailable 2), which adds one node more to the surge",
            lambda s, r: (s, r.with_config(max_unavailable=2)),
        )


def _roots(snapshot: Snapshot) -> dict[str, Root]:
    roots = roots_of(snapshot)
    return {
        f"{each['metadata'].get('namespace', '')}/{each['metadata']['name']}": roots[each["metadata"]["uid"]]
        for each in snapshot.of("pods")
    }


def _changed(snapshot: Snapshot, resource: str, name: str, change: Callable[[Obj], Obj | None]) -> Snapshot:
    """Return a snapshot with one object changed, or taken out where `change` returns None."""
    items = []
    for each in snapshot.of(resource):
        meta = each["metadata"]
        made = change(each) if f"{meta.get('namespace', '')}/{meta['name']}" == name else each
        if made is not None:
            items.append(made)
    return replace(snapshot, objects={**snapshot.objects, resource: items})


def _object(snapshot: Snapshot, resource: str, name: str) -> Obj | None:
    for each in snapshot.of(resource):
        if f"{each['metadata'].get('namespace', '')}/{each['metadata']['name']}" == name:
            return each
    return None


def _more_replicas(snapshot: Snapshot, held: Held, roots: dict[str, Root]) -> Change | None:
    root = held.root or roots.get(held.blocker.pod)
    if not held.blocker.budget or root is None or root[0] not in _SCALED:
        return None
    resource, name = _SCALED[root[0]], summing.named(root)
    found = _object(snapshot, resource, name)
    if found is None:
        return None
    replicas = int(found["spec"].get("replicas") or 0) + 1

    def scaled(each: Obj) -> Obj:
        return {**each, "spec": {**each["spec"], "replicas": replicas}}

    text = f"scale {root[0]} {name} to {counted(replicas, 'replica')}"
    return Change(text, lambda s, r: (_changed(s, resource, name, scaled), r))


_BUDGETS = "poddisruptionbudgets.policy"


def _looser_budget(snapshot: Snapshot, held: Held, roots: dict[str, Root]) -> Change | None:
    name = held.blocker.budget
    found = _object(snapshot, _BUDGETS, name)
    if found is None or found["spec"].get("maxUnavailable") == 1:
        return None

    def looser(each: Obj) -> Obj:
        spec = {key: value for key, value in each["spec"].items() if key != "minAvailable"}
        return {**each, "spec": {**spec, "maxUnavailable": 1}}

    least, most = found["spec"].get("minAvailable"), found["spec"].get("maxUnavailable")
    was = f"maxUnavailable {most}" if least is None else f"minAvailable {least}"
    text = f"set maxUnavailable of budget {name} to 1 instead of {was}"
    return Change(text, lambda s, r: (_changed(s, _BUDGETS, name, looser), r))


def _unhealthy_go(snapshot: Snapshot, held: Held, roots: dict[str, Root]) -> Change | None:
    name = held.blocker.budget
    if held.blocker.code != "PodsNotReady" or _object(snapshot, _BUDGETS, name) is None:
        return None

    def allowing(each: Obj) -> Obj:
        return {**each, "spec": {**each["spec"], "unhealthyPodEvictionPolicy": "AlwaysAllow"}}

    text = f"set unhealthyPodEvictionPolicy of budget {name} to AlwaysAllow"
    return Change(text, lambda s, r: (_changed(s, _BUDGETS, name, allowing), r))


def _one_budget(snapshot: Snapshot, held: Held, roots: dict[str, Root]) -> Change | None:
    if held.blocker.code != "MultipleBudgets":
        return None
    names = held.blocker.budget.split(", ")

    def without(s: Snapshot, r: Request) -> Case:
        for name in names[1:]:
            s = _changed(s, _BUDGETS, name, lambda each: None)
        return s, r

    return Change(f"keep one budget over pod {held.blocker.pod}: delete {', '.join(names[1:])}", without)


def _no_finalizer(snapshot: Snapshot, held: Held, roots: dict[str, Root]) -> Change | None:
    if held.blocker.code != "StuckOnFinalizer":
        return None
    pod = held.blocker.pod

    def freed(each: Obj) -> Obj:
        return {**each, "metadata": {k: v for k, v in each["metadata"].items() if k != "finalizers"}}

    return Change(f"remove the finalizers of pod {pod}", lambda s, r: (_changed(s, "pods", pod, freed), r))


def _one_more_node(snapshot: Snapshot, request: Request) -> Case:
    """Return the case with one more node, like the first one of the group and empty."""
    group = select(snapshot, request.group)
    first = group.nodes[0]
    name = f"{first['metadata']['name']}-and-one-more"
    labels = {**(first["metadata"].get("labels") or {}), "kubernetes.io/hostname": name}
    meta = {
        **first["metadata"],
        "name": name,
        "uid": f"{first['metadata'].get('uid')}-one-more",
        "labels": labels,
    }
    nodes = [*snapshot.of("nodes"), {**first, "metadata": meta}]
    return replace(snapshot, objects={**snapshot.objects, "nodes": nodes}), request
