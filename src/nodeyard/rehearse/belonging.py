"""Which workload each pod of a snapshot belongs to. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodeyard.rehearse.learned import Root
from nodeyard.rehearse.snapshot import Snapshot

Obj = dict[str, Any]

UNMANAGED = "Pod"
_BETWEEN = ("replicasets.apps", "jobs.batch")
"""Resources that another workload may own."""


def controller_of(obj: Obj) -> Obj | None:
    """Return the reference to the controller of an object."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            found: Obj = reference
            return found
    return None


def roots_of(snapshot: Snapshot) -> dict[str, Root]:
    """Return uid of a pod -> its workload; a pod that nothing controls is its own."""
    between = {
        each["metadata"]["uid"]: each
        for resource in _BETWEEN
        for each in snapshot.of(resource)
        if "uid" in each["metadata"]
    }

    def look(owner: Obj, namespace: str) -> Obj | None:
        return between.get(owner["uid"])

    return {pod["metadata"]["uid"]: root_of(pod, look) for pod in snapshot.of("pods")}


def root_of(pod: Obj, look: Callable[[Obj, str], Obj | None]) -> Root:
    """Return the workload of a pod. `look` returns the ReplicaSet or Job of a reference, or None."""
    space, owner = pod["metadata"].get("namespace", ""), controller_of(pod)
    if owner is None:
        return UNMANAGED, space, pod["metadata"]["name"]
    middle = look(owner, space)
    above = controller_of(middle) if middle is not None else None
    if above is not None:
        return str(above["kind"]), space, str(above["name"])
    if owner["kind"] == "ReplicaSet" and middle is None:
        # The ReplicaSet is not known: its name is the Deployment's with a hash behind it.
        mark = (pod["metadata"].get("labels") or {}).get("pod-template-hash")
        if mark and owner["name"].endswith(f"-{mark}"):
            return "Deployment", space, owner["name"].removesuffix(f"-{mark}")
    return str(owner["kind"]), space, str(owner["name"])
