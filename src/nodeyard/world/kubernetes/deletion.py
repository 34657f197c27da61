"""How deletion proceeds: grace, finalizers, propagation, and what finally removes an object.

Called by the API rules. Pure over its arguments; the store is changed by the caller.
"""

from __future__ import annotations

from typing import Any

from nodeyard.ports import Clock
from nodeyard.world.kubernetes.documents import copied
from nodeyard.world.kubernetes.resources import Resource
from nodeyard.world.kubernetes.times import rfc3339

Obj = dict[str, Any]

_PROPAGATION_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


def marked(
    what: Resource, old: Obj, clock: Clock, grace_s: int | None, propagation: str | None
) -> Obj | None:
    """Return the object as deletion leaves it for now, None when it goes at once."""
    metadata = dict(old["metadata"])
    new = {**old, "metadata": metadata}
    finalizer = _PROPAGATION_FINALIZERS.get(propagation or "")
    if finalizer and not metadata.get("deletionTimestamp"):
        finalizers = metadata.get("finalizers") or []
        if finalizer not in finalizers:
            metadata["finalizers"] = [*finalizers, finalizer]
    grace = _grace(old, grace_s) if what.key == "pods" else 0
    held = bool(metadata.get("finalizers"))
    if what.key == "namespaces":
        held = held or bool(new.get("spec", {}).get("finalizers"))
        new["status"] = {**new.get("status", {}), "phase": "Terminating"}
    if grace == 0 and not held:
        return None
    first = "deletionTimestamp" not in metadata
    before = metadata.get("deletionGracePeriodSeconds", 0)
    if first or grace < before:
        metadata["deletionTimestamp"] = rfc3339(clock.after(grace))
        metadata["deletionGracePeriodSeconds"] = grace
        if first and "generation" in metadata:
            metadata["generation"] += 1
    return new


def _grace(pod: Obj, asked: int | None) -> int:
    """Return the grace a pod gets. Units: simulated seconds."""
    phase = pod.get("status", {}).get("phase")
    if not pod["spec"].get("nodeName") or phase in ("Succeeded", "Failed"):
        return 0
    grace = asked if asked is not None else int(pod["spec"].get("terminationGracePeriodSeconds", 30))
    if pod["metadata"].get("deletionTimestamp"):
        grace = min(grace, int(pod["metadata"].get("deletionGracePeriodSeconds", grace)))
    return max(grace, 0)


def released(what: Resource, obj: Obj) -> bool:
    """Tell whether a changed object is being deleted and nothing holds it any longer."""
    metadata = obj["metadata"]
    if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
        return False
    if what.key == "pods":
        return not metadata.get("deletionGracePeriodSeconds")
    return not (what.key == "namespaces" and obj.get("spec", {}).get("finalizers"))


def accept_definition(definition: Obj, now: str) -> None:
    """Give a new CustomResourceDefinition the status with which its resources are served."""
    spec = definition["spec"]
    names = spec["names"]
    names.setdefault("singular", names["kind"].lower())
    names.setdefault("listKind", names["kind"] + "List")
    texts = {"NamesAccepted": ("NoConflicts", "no conflicts found")}
    texts["Established"] = ("InitialNamesAccepted", "the initial names have been accepted")
    definition["status"] = {
        "acceptedNames": copied(names),
        "storedVersions": [item["name"] for item in spec["versions"] if item.get("storage")],
        "conditions": [
            {"type": kind, "status": "True", "reason": reason, "message": text, "lastTransitionTime": now}
            for kind, (reason, text) in texts.items()
        ],
    }
