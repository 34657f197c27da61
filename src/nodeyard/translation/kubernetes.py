"""Kubernetes objects as the values of `ports`, its refusals as their errors, and the other way.

Used by the Kubernetes driver on what comes over the wire, and by the hands on an embedded
cluster on the objects themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from nodeyard.ports import (
    Blocked,
    Budget,
    Condition,
    Conflict,
    Denied,
    Evicted,
    Invalid,
    Node,
    NotFound,
    Pod,
    PortError,
    Throttled,
    Unavailable,
    UnknownFailure,
)
from nodeyard.ports.errors import KUBERNETES

Obj = dict[str, Any]

NODEGROUP = "eks.amazonaws.com/nodegroup"
MIRROR = "kubernetes.io/config.mirror"
DEFAULT_GRACE_S = 30


def node(obj: Obj) -> Node:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    labels = meta.get("labels") or {}
    conditions = {
        each["type"]: Condition(
            each["status"],
            each.get("reason") or "",
            each.get("message") or "",
            _instant(since) if (since := each.get("lastTransitionTime")) else None,
        )
        for each in status.get("conditions") or ()
    }
    ready = conditions.get("Ready")
    return Node(
        name=meta["name"],
        uid=meta["uid"],
        provider_id=spec.get("providerID") or "",
        ready=ready is not None and ready.status == "True",
        unschedulable=bool(spec.get("unschedulable")),
        labels=labels,
        zone=labels.get("topology.kubernetes.io/zone", ""),
        created_at=_instant(meta["creationTimestamp"]),
        taints=tuple(
            (each["key"], each.get("value") or "", each["effect"]) for each in spec.get("taints") or ()
        ),
        conditions=conditions,
        annotations=meta.get("annotations") or {},
    )


def pod(obj: Obj) -> Pod:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    owner = next((each for each in meta.get("ownerReferences") or () if each.get("controller")), None)
    grace = spec.get("terminationGracePeriodSeconds")
    deleted = meta.get("deletionTimestamp")
    return Pod(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        node=spec.get("nodeName") or "",
        phase=status.get("phase") or "Pending",
        ready=any(
            each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or ()
        ),
        owner_kind=owner["kind"] if owner else None,
        owner_name=owner["name"] if owner else None,
        grace_s=DEFAULT_GRACE_S if grace is None else grace,
        terminating_since=_instant(deleted) if deleted else None,
        mirror=MIRROR in (meta.get("annotations") or {}),
        labels=meta.get("labels") or {},
        finalizers=tuple(meta.get("finalizers") or ()),
        tolerations=tuple(spec.get("tolerations") or ()),
        created_at=_instant(made) if (made := meta.get("creationTimestamp")) else None,
        local_storage=any("emptyDir" in volume for volume in spec.get("volumes") or ()),
        unschedulable_because=_unschedulable(status),
    )


def _unschedulable(status: Obj) -> str:
    for each in status.get("conditions") or ():
        if each["type"] == "PodScheduled" and each["status"] == "False":
            return str(each.get("message") or each.get("reason") or "no node takes it")
    return ""


def budget(obj: Obj) -> Budget:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    least, most = spec.get("minAvailable"), spec.get("maxUnavailable")
    demand = f"minAvailable {least}" if least is not None else f"maxUnavailable {most}"
    return Budget(
        namespace=meta["namespace"],
        name=meta["name"],
        selector=spec.get("selector") or {},
        demand="no demand" if least is None and most is None else demand,
        expected=status.get("expectedPods") or 0,
        needs=status.get("desiredHealthy") or 0,
        healthy=status.get("currentHealthy") or 0,
        allowed=status.get("disruptionsAllowed") or 0,
        min_available=None if least is None else str(least),
        max_unavailable=None if most is None else str(most),
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


_BY_STATUS: dict[int, type[PortError]] = {
    400: Invalid,
    401: Denied,
    403: Denied,
    404: NotFound,
    409: Conflict,
    410: Conflict,
    422: Invalid,
}


def error(status: int, body: Obj, what: str, retry_after_s: float | None = None) -> PortError:
    """Return the port error for a Kubernetes Status; `what` says what was tried."""
    message = f"{what}: {body.get('message') or status}"
    code = str(body.get("reason") or status)
    operation = f"{KUBERNETES}{what}"
    if status == 429:
        return Throttled(message, code=code, operation=operation, retry_after_s=retry_after_s)
    if status >= 500:
        return Unavailable(message, code=code, operation=operation)
    return _BY_STATUS.get(status, UnknownFailure)(message, code=code, operation=operation)


def eviction(namespace: str, name: str, uid: str) -> Obj:
    """Return the Eviction that ends exactly this pod and no later one of its name."""
    return {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"namespace": namespace, "name": name},
        "deleteOptions": {"preconditions": {"uid": uid}},
    }


def eviction_answer(status: int, body: Obj, retry_after_s: float | None) -> Evicted | Blocked | None:
    """Return what an eviction came to; None: it failed, and `error` says how.

    A pod that is gone or was replaced counts as evicted. A 429 that no budget caused is the server
    protecting itself.
    """
    if status < 300 or status in (404, 409):
        return Evicted()
    message = str(body.get("message") or "a budget refuses")
    causes = tuple(
        each.get("message", "")
        for each in (body.get("details") or {}).get("causes") or ()
        if each.get("reason") == "DisruptionBudget"
    )
    if status == 429 and (causes or "disruption budget" in message):
        return Blocked(message, causes, retry_after_s)
    if status == 500 and "more than one PodDisruptionBudget" in message:
        return Blocked(message)
    return None


def unschedulable_patch(value: bool) -> Obj:
    """Return the merge patch that cordons a node or ends that."""
    return {"spec": {"unschedulable": value or None}}


def node_patch(
    labels: dict[str, str | None] | None,
    taints: Sequence[tuple[str, str, str]] | None,
    annotations: dict[str, str | None] | None,
) -> Obj:
    """Return the merge patch that sets labels and annotations (None removes one) and replaces all taints."""
    patch: Obj = {}
    if labels:
        patch.setdefault("metadata", {})["labels"] = labels
    if annotations:
        patch.setdefault("metadata", {})["annotations"] = annotations
    if taints is not None:
        patch["spec"] = {
            "taints": [
                {"key": key, "effect": effect} | ({"value": value} if value else {})
                for key, value, effect in taints
            ]
        }
    return patch


def node_group_of(obj: Obj) -> str | None:
    """Return the node group that a Node object belongs to."""
    labels: dict[str, str] = (obj.get("metadata") or {}).get("labels") or {}
    return labels.get(NODEGROUP)


def is_emptying(obj: Obj) -> bool:
    """Tell whether pods of a node may be on their way out: it is cordoned, or tainted by its group."""
    spec = obj.get("spec") or {}
    tainted = any(taint.get("key") == NODEGROUP for taint in spec.get("taints") or ())
    return bool(spec.get("unschedulable")) or tainted


def standing(obj: Obj) -> tuple[object, ...]:
    """Return what of a node concerns its group: two nodes that stand alike need no look for the change.

    Labels, taints and cordons are left out: it is mostly the group's own work that changes them.
    """
    conditions = (obj.get("status") or {}).get("conditions") or ()
    found = {each["type"]: each["status"] for each in conditions}
    meta = obj["metadata"]
    own = meta.get("uid"), (obj.get("spec") or {}).get("providerID"), meta.get("deletionTimestamp")
    return (*own, node_group_of(obj), tuple(sorted(found.items())))


FINISHED = ("Succeeded", "Failed")


def has_left(change: str, pod: Obj) -> bool:
    """Tell whether a change of a pod means that its node has one less to wait for."""
    return change == "DELETED" or (pod.get("status") or {}).get("phase") in FINISHED


def may_hold(pod: Pod) -> bool:
    """Tell whether a pod surely keeps its node from being called empty.

    Where a copy of the pods has none of these, the cluster itself must be asked: a copy may be behind.
    """
    leaves = pod.terminating_since is not None or pod.phase in FINISHED
    return not (leaves or pod.mirror or pod.owner_kind == "DaemonSet")


def may_let_go(change: str, budget: Obj) -> bool:
    """Tell whether a change of a budget may let an eviction through that was refused."""
    return change == "DELETED" or bool((budget.get("status") or {}).get("disruptionsAllowed"))
