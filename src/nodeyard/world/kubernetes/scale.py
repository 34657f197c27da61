"""The scale subresource: the replicas of a workload without the rest.

Called by the API rules. Pure.
"""

from __future__ import annotations

import copy
from typing import Any

from nodeyard.world.kubernetes.errors import cause, conflict, invalid
from nodeyard.world.kubernetes.resources import Resource

Obj = dict[str, Any]


def scale_of(obj: Obj, what: Resource) -> Obj:
    """Return the Scale that shows an object."""
    metadata = obj["metadata"]
    names = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    spec, status = obj.get("spec", {}), obj.get("status", {})
    shown: Obj = {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in names if name in metadata},
        "spec": {"replicas": spec.get("replicas", 0)},
        "status": {"replicas": status.get("replicas", 0)},
    }
    selector = _selector_text(spec.get("selector"), what)
    if selector:
        shown["status"]["selector"] = selector
    return shown


def _selector_text(selector: Any, what: Resource) -> str:
    if not isinstance(selector, dict):
        return ""
    labels = selector if what.plural == "replicationcontrollers" else selector.get("matchLabels") or {}
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels))


def scaled(old: Obj, wanted: Obj, what: Resource) -> Obj:
    """Return a workload with the replicas of a Scale.

    Raises: ApiError 409 when the Scale is of an old version, 422 when the number is no count.
    """
    name = old["metadata"]["name"]
    version = wanted.get("metadata", {}).get("resourceVersion")
    if version and version != old["metadata"]["resourceVersion"]:
        raise conflict(what.key, name)
    replicas = (wanted.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        text = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise invalid("Scale", name, [cause("spec.replicas", text)])
    new = copy.deepcopy(old)
    new["spec"]["replicas"] = replicas
    return new
