"""Kubernetes objects as the values of `ports`. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nodeyard.ports import Budget, Condition, Node, Pod

MIRROR = "kubernetes.io/config.mirror"
DEFAULT_GRACE_S = 30


def node(obj: dict[str, Any]) -> Node:
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


def pod(obj: dict[str, Any]) -> Pod:
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
        local_storage=any("emptyDir" in volume for volume in spec.get("volumes") or ()),
        unschedulable_because=_unschedulable(status),
    )


def _unschedulable(status: dict[str, Any]) -> str:
    for each in status.get("conditions") or ():
        if each["type"] == "PodScheduled" and each["status"] == "False":
            return str(each.get("message") or each.get("reason") or "no node takes it")
    return ""


def budget(obj: dict[str, Any]) -> Budget:
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
