"""Assigning a pod to a node, as the scheduler asks for it.

Called by the API rules. Pure.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.errors import conflict

Obj = dict[str, Any]


def bound(pod: Obj, node: str, now: str) -> Obj:
    """Return the pod on its node.

    Raises: ApiError 409 when it is assigned or being deleted.
    """
    name = pod["metadata"]["name"]
    if pod["spec"].get("nodeName"):
        raise conflict(
            "pods/binding", name, f"pod {name} is already assigned to node {pod['spec']['nodeName']!r}"
        )
    if pod["metadata"].get("deletionTimestamp"):
        raise conflict("pods/binding", name, f"pod {name} is being deleted, cannot be assigned to a host")
    status = pod.get("status", {})
    kept = [item for item in status.get("conditions", []) if item.get("type") != "PodScheduled"]
    scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
    return {
        **pod,
        "spec": {**pod["spec"], "nodeName": node},
        "status": {**status, "conditions": [*kept, scheduled]},
    }
