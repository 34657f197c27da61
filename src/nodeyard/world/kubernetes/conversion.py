"""The same stored object in another served version: Events of two groups, versions of custom resources.

Called by the façade on the way in and out. Pure.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.resources import Resource

Obj = dict[str, Any]

_EVENT_FIELDS = (
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
)


def needs_conversion(what: Resource) -> bool:
    """Tell whether stored objects of a resource may differ from what its path serves."""
    return what.custom or bool(what.storage)


def shown(what: Resource, obj: Obj) -> Obj:
    """Return a stored object as the path of a resource serves it."""
    if what.storage:
        renamed = dict(_EVENT_FIELDS)
        new = {renamed.get(key, key): value for key, value in obj.items()}
        return {**new, "apiVersion": what.api_version}
    if what.custom and obj.get("apiVersion") != what.api_version:
        return {**obj, "apiVersion": what.api_version}
    return obj


def stored(what: Resource, obj: Obj) -> Obj:
    """Return an object of a request as it is stored."""
    if not what.storage:
        return obj
    back = {new: old for old, new in _EVENT_FIELDS}
    renamed = {back.get(key, key): value for key, value in obj.items()}
    return {**renamed, "apiVersion": "v1"}
