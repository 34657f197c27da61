"""What an object becomes that a client writes over: whole, or the part that a subresource stands for.

Called by the API rules. Pure.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.defaults import apply_defaults
from nodeyard.world.kubernetes.documents import copied
from nodeyard.world.kubernetes.errors import invalid
from nodeyard.world.kubernetes.resources import Resource
from nodeyard.world.kubernetes.validation import validate, validate_update

Obj = dict[str, Any]

_KEPT_METADATA = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")


def replaced(what: Resource, old: Obj, obj: Obj, subresource: str | None) -> Obj:
    """Return the object to store, `old` itself where nothing changes.

    Raises: ApiError 422.
    """
    if subresource == "status":
        status = copied(obj.get("status") or {})
        new = {**old, "metadata": dict(old["metadata"]), "status": status}
        owners = obj.get("metadata", {}).get("managedFields")
        if owners:
            new["metadata"]["managedFields"] = copied(owners)
    else:
        new = _settled(what, old, obj)
    if is_same(old, new):
        return old
    if "generation" in old["metadata"] and _content(old) != _content(new):
        new["metadata"]["generation"] = old["metadata"]["generation"] + 1
    return new


def _settled(what: Resource, old: Obj, obj: Obj) -> Obj:
    """Return the object to store for a whole update: what the client may not change is as it was."""
    keeps_status = "status" in what.subresources or what.plural == "pods"
    new = copied({key: value for key, value in obj.items() if not keeps_status or key != "status"})
    new["apiVersion"], new["kind"] = old["apiVersion"], old["kind"]
    if what.storage == "" and what.custom and obj.get("apiVersion"):
        new["apiVersion"] = obj["apiVersion"]
    metadata = new.setdefault("metadata", {})
    before = old["metadata"]
    metadata["name"] = before["name"]
    if "namespace" in before:
        metadata["namespace"] = before["namespace"]
    for field in _KEPT_METADATA:
        metadata.pop(field, None)
        if field in before:
            metadata[field] = before[field]
    metadata.setdefault("managedFields", before.get("managedFields"))
    if not metadata["managedFields"]:
        del metadata["managedFields"]
    if keeps_status and "status" in old:
        new["status"] = old["status"]  # shared: nothing that was stored changes in place
    if what.key == "services":
        for field in ("clusterIP", "clusterIPs"):
            if old["spec"].get(field):
                new.setdefault("spec", {}).setdefault(field, old["spec"][field])
    apply_defaults(new)
    causes = validate(new) + validate_update(old, new)
    if causes:
        raise invalid(what.qualified_kind, before["name"], causes)
    return new


def is_same(old: Obj, new: Obj) -> bool:
    """Tell whether nothing changed, apart from the version the client sent along."""
    if _content(old) != _content(new) or old.get("status") != new.get("status"):
        return False
    skipped = ("resourceVersion", "managedFields")
    was = {
        key: value for key, value in old["metadata"].items() if key not in skipped and value not in ({}, [])
    }
    now = {
        key: value for key, value in new["metadata"].items() if key not in skipped and value not in ({}, [])
    }
    return was == now


def _content(obj: Obj) -> Obj:
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}
