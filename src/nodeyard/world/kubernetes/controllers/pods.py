"""Facts about pods that several controllers ask for, and how a template becomes a pod.

Pure over the objects given; nothing here changes what it is given.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

Obj = dict[str, Any]

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def condition(obj: Obj, kind: str) -> Obj | None:
    """Return a condition of an object by type."""
    for item in obj.get("status", {}).get("conditions") or ():
        if item.get("type") == kind:
            found: Obj = item
            return found
    return None


def is_true(obj: Obj, kind: str) -> bool:
    """Tell whether a condition is True."""
    found = condition(obj, kind)
    return found is not None and found.get("status") == "True"


def with_condition(conditions: list[Obj], new: Obj, now: str) -> list[Obj]:
    """Return conditions with one replaced; its transition time moves only when its status does."""
    kept = []
    stamped = {**new, "lastTransitionTime": now}
    for item in conditions:
        if item.get("type") != new["type"]:
            kept.append(item)
            continue
        if item.get("status") == new["status"]:
            stamped["lastTransitionTime"] = item.get("lastTransitionTime", now)
            if "lastUpdateTime" in item and "lastUpdateTime" in new and _alike(item, new):
                stamped["lastUpdateTime"] = item["lastUpdateTime"]
    return [*kept, stamped]


def _alike(old: Obj, new: Obj) -> bool:
    return all(old.get(name) == new.get(name) for name in ("reason", "message"))


def is_ready(pod: Obj) -> bool:
    """Tell whether a pod's Ready condition is True."""
    return is_true(pod, "Ready")


def is_finished(pod: Obj) -> bool:
    """Tell whether the containers of a pod have ended for good."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def is_leaving(obj: Obj) -> bool:
    """Tell whether an object is being deleted."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def is_active(pod: Obj) -> bool:
    """Tell whether a pod counts for its controller."""
    return not is_leaving(pod) and not is_finished(pod)


def owner_of(obj: Obj) -> Obj | None:
    """Return the owner reference of the controller of an object."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            found: Obj = reference
            return found
    return None


def owner_reference(owner: Obj) -> Obj:
    """Return the reference that makes an object the controller of another."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def pod_from(owner: Obj, template: Obj, *, name: str = "", labels: Obj | None = None) -> Obj:
    """Return a new pod of a template, owned by its controller."""
    given = template.get("metadata") or {}
    metadata: Obj = {"ownerReferences": [owner_reference(owner)]}
    metadata["labels"] = {**(given.get("labels") or {}), **(labels or {})}
    for field in ("annotations", "finalizers"):
        if given.get(field):
            metadata[field] = given[field]
    base = f"{owner['metadata']['name']}-"
    metadata.update({"name": name} if name else {"generateName": base})
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template.get("spec", {})}


_DIGESTS: dict[tuple[int, int], tuple[Any, str]] = {}
"""Identity of a value and length -> the value and its digest. Objects of the store never change, and a
template is asked for at every step of its pods."""
_DIGESTS_MAX = 1_000


def digest(value: Any, length: int = 10) -> str:
    """Return letters that stand for a value, of the kind used in names of generated objects."""
    held = _DIGESTS.get((id(value), length))
    if held is not None and held[0] is value:
        return held[1]
    made = _digest(value, length)
    if len(_DIGESTS) >= _DIGESTS_MAX:
        _DIGESTS.clear()
    _DIGESTS[id(value), length] = value, made
    return made


def _digest(value: Any, length: int) -> str:
    data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    number = int.from_bytes(hashlib.sha256(data).digest()[:8], "big")
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(letters)


def share(value: Any, total: int, *, up: bool) -> int:
    """Return a count given as a number or as a percentage of a total."""
    text = str(value)
    if not text.endswith("%"):
        return int(text)
    part = int(text[:-1]) * total
    return -(-part // 100) if up else part // 100
