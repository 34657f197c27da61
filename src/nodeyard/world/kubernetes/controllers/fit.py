"""Whether one pod fits one node, taken alone: name, taints, selector, affinity, ports, resources.

Pure. Called by the scheduler for each candidate, and by the DaemonSet controller for what does not move.
The order of the rules and their words are those of the Kubernetes scheduler's default plugins.
"""

from __future__ import annotations

import re
from typing import Any

from nodeyard.world.kubernetes.controllers.node_index import NodeInfo
from nodeyard.world.kubernetes.controllers.requests import Amounts, Port

Obj = dict[str, Any]

UNSCHEDULABLE = "node.kubernetes.io/unschedulable"

CORDONED = "node(s) were unschedulable"
TOO_MANY = "Too many pods"
TAINTED = "node(s) had untolerated taint(s)"
SELECTOR = "node(s) didn't match Pod's node affinity/selector"
PORTS = "node(s) didn't have free ports for the requested pod ports"

_WHOLE = re.compile(r"[+-]?[0-9]+")


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
    number, bound = _whole(value or ""), _whole(values[0] if values else "")
    if number is None or bound is None:
        return False
    return number > bound if verb == "Gt" else number < bound


def _whole(text: str) -> int | None:
    # Not what `int` takes as well, such as 1_000.
    return int(text) if _WHOLE.fullmatch(text) else None


def term_matches(term: Obj, node: Obj) -> bool:
    """Tell whether a node satisfies one node selector term; an empty term takes nothing."""
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    labels = node["metadata"].get("labels") or {}
    return all(_expression(item, labels.get(item["key"])) for item in expressions) and all(
        _expression(item, node["metadata"]["name"]) for item in fields
    )


def terms_match(selector: Obj, node: Obj) -> bool:
    """Tell whether a node satisfies any term of a node selector."""
    return any(term_matches(term, node) for term in selector.get("nodeSelectorTerms") or ())


def selects(spec: Obj, node: Obj) -> bool:
    """Tell whether node selector and required node affinity of a pod take a node."""
    labels = node["metadata"].get("labels") or {}
    for key, value in (spec.get("nodeSelector") or {}).items():
        if labels.get(key) != value:
            return False
    required = node_affinity(spec).get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or terms_match(required, node)


def node_affinity(spec: Obj) -> Obj:
    """Return the node affinity of a pod."""
    found: Obj = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    return found


def preference(spec: Obj, node: Obj) -> int:
    """Return the weight of the preferred node affinity terms that a node satisfies."""
    preferred = node_affinity(spec).get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return sum(int(item["weight"]) for item in preferred if term_matches(item.get("preference") or {}, node))


def named_nodes(spec: Obj) -> list[str] | None:
    """Return the nodes that the affinity of a pod names one by one, None where it does not."""
    required = node_affinity(spec).get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    names: list[str] = []
    for term in required.get("nodeSelectorTerms") or ():
        fields: list[Obj] = term.get("matchFields") or []
        if len(fields) != 1 or fields[0].get("operator") != "In":
            return None
        names += fields[0].get("values") or []
    return list(dict.fromkeys(names)) or None


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


def barred(spec: Obj, node: Obj) -> str | None:
    """Return why a node is closed to a pod whatever runs there; None when it is open.

    What this says no change of other pods can help: preemption does not look at such nodes.
    """
    if node.get("spec", {}).get("unschedulable"):
        cordon = {"key": UNSCHEDULABLE, "effect": "NoSchedule"}
        if not any(tolerates(each, cordon) for each in spec.get("tolerations") or ()):
            return CORDONED
    if untolerated(spec, node) is not None:
        return TAINTED
    return None if selects(spec, node) else SELECTOR


def shortage(wanted: Amounts, ports: set[Port], info: NodeInfo) -> tuple[str, ...]:
    """Return everything that a node has too little of for a pod, in its words; () when it fits."""
    if ports and _taken(ports, info):
        return (PORTS,)
    used, size = info.used, info.allocatable
    for name, value in wanted.items():
        if used.get(name, 0) + value > size.get(name, 0):
            break
    else:
        return ()
    return tuple(
        TOO_MANY if name == "pods" else f"Insufficient {name}"
        for name, value in wanted.items()
        if used.get(name, 0) + value > size.get(name, 0)
    )


def can_ever_hold(wanted: Amounts, info: NodeInfo) -> bool:
    """Tell whether an empty node would have room for a pod."""
    return all(value <= info.allocatable.get(name, 0) for name, value in wanted.items())


def _taken(ports: set[Port], info: NodeInfo) -> bool:
    for held in info.ports.values():
        for address, protocol, number in held:
            for other, same, wanted in ports:
                if (protocol, number) == (same, wanted) and (
                    address == other or "0.0.0.0" in (address, other)
                ):
                    return True
    return False
