"""Kubernetes objects as the values of `ports`. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nodeyard.ports import Node, Pod

MIRROR = "kubernetes.io/config.mirror"
DEFAULT_GRACE_S = 30


def node(obj: dict[str, Any]) -> Node:
    meta, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    labels = meta.get("labels") or {}
    conditions = {
        each["type"]: f"{each['status']}: {each.get('message', '')}"
        for each in status.get("conditions") or ()
    }
    return Node(
        name=meta["name"],
        uid=meta["uid"],
        provider_id=spec.get("providerID") or "",
        ready=conditions.get("Ready", "").startswith("True"),
        unschedulable=bool(spec.get("unschedulable")),
        labels=labels,
        zone=labels.get("topology.kubernetes.io/zone", ""),
        created_at=_instant(meta["creationTimestamp"]),
        taints=tuple(
            (each["key"], each.get("value") or "", each["effect"]) for each in spec.get("taints") or ()
        ),
        conditions=conditions,
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
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
