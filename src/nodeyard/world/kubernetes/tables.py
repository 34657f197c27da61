"""Server-side Tables: what `kubectl get` prints without knowing the kinds.

Called by the façade for lists, single objects and watches. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from nodeyard.world.kubernetes import columns_cluster, columns_workloads
from nodeyard.world.kubernetes.columns_workloads import since
from nodeyard.world.kubernetes.resources import Resource

Obj = dict[str, Any]

_ALL = {**columns_cluster.COLUMNS, **columns_workloads.COLUMNS}
_STEP = re.compile(r"[^.\[\]]+|\[[^\]]*\]")


def _columns(text: str) -> list[Obj]:
    columns = []
    for word in text.split("|"):
        name = word.removeprefix("+")
        columns.append(
            {
                "name": name,
                "type": "string",
                "format": "name" if name == "Name" else "",
                "description": f"{name} of the object",
                "priority": 1 if word.startswith("+") else 0,
            }
        )
    return columns


def partial(obj: Obj) -> Obj:
    """Return the metadata of an object as its own kind of object."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def _at(obj: Any, path: str) -> Any:
    """Return the value at a JSONPath of the simple kind that CRD columns use."""
    for step in _STEP.findall(path):
        if step.startswith("["):
            inner = step[1:-1].strip("'\"")
            found = re.match(r"\?\(@\.(\w+)\s*==\s*[\"'](.*)[\"']\)", inner)
            if found and isinstance(obj, list):
                wanted = (found[1], found[2])
                obj = next((one for one in obj if str(one.get(wanted[0])) == wanted[1]), None)
            elif isinstance(obj, list):
                obj = obj[int(inner)] if inner.isdigit() and int(inner) < len(obj) else None
            elif isinstance(obj, dict):
                obj = obj.get(inner)
        else:
            obj = obj.get(step) if isinstance(obj, dict) else None
        if obj is None:
            return None
    return obj


def _custom(what: Resource, obj: Obj, now: datetime) -> list[Any]:
    cells: list[Any] = [obj["metadata"]["name"]]
    for column in what.columns:
        value = _at(obj, column.get("jsonPath", ""))
        cells.append(since(value, now) if column.get("type") == "date" and value else value)
    return cells


def column_definitions(what: Resource) -> list[Obj]:
    """Return the columns of a resource."""
    if not what.columns:
        return _columns(_ALL.get(what.key, columns_cluster.PLAIN)[0])
    named = _columns("Name")
    for column in what.columns:
        given = {"name": column["name"], "type": column.get("type", "string")}
        more = {"format": column.get("format", ""), "description": column.get("description", "")}
        named.append({**given, **more, "priority": column.get("priority", 0)})
    return named


def row(what: Resource, obj: Obj, now: datetime, include: str) -> Obj:
    """Return the row of one object; include is the `includeObject` of the request."""
    if what.columns:
        cells = _custom(what, obj, now)
    else:
        cells = _ALL.get(what.key, columns_cluster.PLAIN)[1](obj, now)
    shown: Obj = {"cells": cells}
    if include == "Object":
        shown["object"] = obj
    elif include != "None":
        shown["object"] = partial(obj)
    return shown


def table(
    what: Resource, objects: Iterable[Obj], now: datetime, metadata: Obj, include: str, headed: bool = True
) -> Obj:
    """Return the Table of objects; later tables of a watch go without column definitions."""
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": column_definitions(what) if headed else [],
        "rows": [row(what, obj, now, include) for obj in objects],
    }
