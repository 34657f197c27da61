"""Whether one pod fits one node, taken alone: name, selector, affinity, taints, resources, ports.

Pure. Called by the scheduler for each candidate, and by the DaemonSet controller for the first three.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.controllers.node_index import Amounts, NodeInfo, Port

Obj = dict[str, Any]

UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


def _expression(item: Obj, value: str | None) -> bool:
    verb, values = item.get("operator"), item.get("values") or []
    if verb == "In":
        return value in values
    if verb == "NotIn":
        return value not in values
    if verb == "Exists":
        return value is not None
    if verb == "DoesNotExist":
        return value is None
    try:
        number, bound = int(value or ""), int(values[0])
    except (ValueError, IndexError):
        return False
    return number > bound if verb == "Gt" else number < bound


def term_matches(term: Obj, node: Obj) -> bool:
    """Tell whether a node satisfies one node selector term; an empty term takes nothing."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    labels = node["metadata"].get("labels") or {}
    return all(_expression(item, labels.get(item["key"])) for item in expressions) and all(
        _expression(item, node["metadata"]["name"]) for item in fields
    )


def selects(spec: Obj, node: Obj) -> bool:
    """Tell whether node selector and required node affinity of a pod take a node."""
    labels = node["metadata"].get("labels") or {}
    for key, value in (spec.get("nodeSelector") or {}).items():
        if labels.get(key) != value:
            return False
    required = _node_affinity(spec).get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    return any(term_matches(term, node) for term in required.get("nodeSelectorTerms") or ())


def _node_affinity(spec: Obj) -> Obj:
    found: Obj = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    return found


def preference(spec: Obj, node: Obj) -> int:
    """Return the weight of the preferred node affinity terms that a node satisfies."""
    preferred = _node_affinity(spec).get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return sum(int(item["weight"]) for item in preferred if term_matches(item.get("preference") or {}, node))


def named_nodes(spec: Obj) -> list[str] | None:
    """Return the nodes that the affinity of a pod names one by one, None where it does not."""
    required = _node_affinity(spec).get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    names: list[str] = []
    for term in required.get("nodeSelectorTerms") or ():
        fields: list[Obj] = term.get("matchFields") or []
        if len(fields) != 1 or fields[0].get("operator") != "In":
            return None
        names += fields[0].get("values") or []
    return names or None


def tolerates(toleration: Obj, taint: Obj) -> bool:
    """Tell whether one toleration covers a taint."""
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    key, verb = toleration.get("key", ""), toleration.get("operator") or "Equal"
    if key and key != taint.get("key"):
        return False
    if verb == "Exists":
        return True
    return bool(key) and (toleration.get("value") or "") == (taint.get("value") or "")


def untolerated(spec: Obj, node: Obj, effects: tuple[str, ...] = ("NoSchedule", "NoExecute")) -> Obj | None:
    """Return the first taint of a node that a pod does not tolerate."""
    tolerations = spec.get("tolerations") or ()
    for taint in node.get("spec", {}).get("taints") or ():
        if taint.get("effect") in effects and not any(tolerates(each, taint) for each in tolerations):
            found: Obj = taint
            return found
    return None


def misfit(spec: Obj, wanted: Amounts, ports: set[Port], info: NodeInfo) -> str | None:
    """Return why a pod does not fit a node, in the scheduler's words; None when it does."""
    node = info.node
    if node.get("spec", {}).get("unschedulable"):
        cordon = {"key": UNSCHEDULABLE, "effect": "NoSchedule"}
        if not any(tolerates(each, cordon) for each in spec.get("tolerations") or ()):
            return "node(s) were unschedulable"
    if not selects(spec, node):
        return "node(s) didn't match Pod's node affinity/selector"
    taint = untolerated(spec, node)
    if taint is not None:
        return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    if ports and _taken(ports, info):
        return "node(s) didn't have free ports for the requested pod ports"
    for name, value in wanted.items():
        if info.used.get(name, 0) + value > info.allocatable.get(name, 0):
            return "Too many pods" if name == "pods" else f"Insufficient {name}"
    return None


def _taken(ports: set[Port], info: NodeInfo) -> bool:
    for held in info.ports.values():
        for address, protocol, number in held:
            for other, same, wanted in ports:
                if (protocol, number) == (same, wanted) and (
                    address == other or "0.0.0.0" in (address, other)
                ):
                    return True
    return False
