"""Server-side apply: the merge of an applied configuration, and who owns which field.

Called by the API rules. Pure. Ownership is kept in `metadata.managedFields` of objects that somebody
applied: of the managers that apply, and of those that change such an object otherwise.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from nodeyard.world.kubernetes.errors import ApiError, bad_request, cause
from nodeyard.world.kubernetes.merge_keys import is_set, merge_key
from nodeyard.world.kubernetes.patches import strategic_merge
from nodeyard.world.kubernetes.resources import Resource

Obj = dict[str, Any]
Fields = dict[str, Any]
Path = tuple[str, ...]

_UNOWNED = frozenset({"apiVersion", "kind"})
_UNOWNED_METADATA = frozenset(
    {"name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation"}
)


def apply_merge(
    old: Obj | None, patch: Any, what: Resource, manager: str, subresource: str, now: str, force: bool
) -> Obj:
    """Return the object after a manager applied its configuration.

    Raises: ApiError 400 for a malformed configuration, 409 when another manager owns a changed field.
    """
    if not isinstance(patch, dict) or not patch.get("kind") or not patch.get("apiVersion"):
        raise bad_request("an apply patch must be an object with apiVersion and kind")
    config = copy.deepcopy(patch)
    if (config.get("metadata") or {}).pop("managedFields", None):
        raise bad_request("metadata.managedFields must be nil")
    config = _within(config, what, subresource)
    fields = owned_fields(config, what.kind)
    entries = [dict(item) for item in ((old or {}).get("metadata") or {}).get("managedFields") or ()]
    mine = next((item for item in entries if _is_applier(item, manager, subresource)), None)
    if old is not None and not force:
        _check_conflicts(old, config, what.kind, [item for item in entries if item is not mine])
    base = copy.deepcopy(old) if old is not None else {}
    if mine is not None:
        others = [item.get("fieldsV1") or {} for item in entries if item is not mine]
        _drop(base, _minus(mine.get("fieldsV1") or {}, fields), others, what.kind, ())
    new: Obj = strategic_merge(base, config, what.kind if not what.custom else "", ())
    taken = _changed(fields, old or {}, config)
    kept = [left for item in entries if item is not mine and (left := _less(item, taken)) is not None]
    entry: Obj = {"manager": manager, "operation": "Apply", "apiVersion": what.api_version, "time": now}
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": fields}
    if subresource:
        entry["subresource"] = subresource
    if mine is not None and mine.get("fieldsV1") == fields:
        entry = mine
    new.setdefault("metadata", {})["managedFields"] = [*kept, entry]
    return new


def _within(obj: Obj, what: Resource, subresource: str) -> Obj:
    """Return the part of an object that is written by a subresource, or beside it where that is ""."""
    if subresource == "status":
        return {key: value for key, value in obj.items() if key in ("apiVersion", "kind", "status")}
    if "status" in what.subresources:
        return {key: value for key, value in obj.items() if key != "status"}
    return obj


def _is_applier(entry: Obj, manager: str, subresource: str) -> bool:
    return entry.get("operation") == "Apply" and _is_of(entry, manager, subresource)


def _is_of(entry: Obj, manager: str, subresource: str) -> bool:
    return entry.get("manager") == manager and entry.get("subresource", "") == subresource


def owned_fields(value: Any, kind: str, path: Path = ()) -> Fields:
    """Return the fields a configuration names, in the FieldsV1 form."""
    fields: Fields = {}
    if isinstance(value, dict):
        for key, item in value.items():
            if (not path and key in _UNOWNED) or (path == ("metadata",) and key in _UNOWNED_METADATA):
                continue
            inner = owned_fields(item, kind, (*path, key))
            if inner or (path, key) != ((), "metadata"):
                fields[f"f:{key}"] = inner
    elif isinstance(value, list):
        key_name = merge_key(path, kind)
        if key_name is None and is_set(path):
            return {f"v:{json.dumps(item)}": {} for item in value}
        if key_name is not None and all(isinstance(item, dict) for item in value):
            for item in value:
                name = "k:" + json.dumps({key_name: item.get(key_name)}, separators=(",", ":"))
                fields[name] = {".": {}, **owned_fields(item, kind, path)}
    return fields


def updated(old: Obj, new: Obj, what: Resource, manager: str, subresource: str, now: str) -> list[Obj]:
    """Return the managed fields of an object after a manager changed it by other means than applying."""
    entries: list[Obj] = list(old["metadata"].get("managedFields") or ())
    old, new = _within(old, what, subresource), _within(new, what, subresource)
    changed = _changed(owned_fields(new, what.kind), old, new)
    changed.get("f:metadata", {}).pop("f:managedFields", None)
    gone = _minus(owned_fields(old, what.kind), owned_fields(new, what.kind))
    left = [rest for each in entries if (rest := _less(_less(each, changed), gone)) is not None]
    if not changed:
        return left
    mine = next((each for each in left if _is_updater(each, manager, subresource)), None)
    entry: Obj = {"manager": manager, "operation": "Update", "apiVersion": what.api_version, "time": now}
    entry |= {"fieldsType": "FieldsV1", "fieldsV1": _merged((mine or {}).get("fieldsV1") or {}, changed)}
    if subresource:
        entry["subresource"] = subresource
    return [*(each for each in left if each is not mine), entry]


def _is_updater(entry: Obj, manager: str, subresource: str) -> bool:
    return entry.get("operation") == "Update" and _is_of(entry, manager, subresource)


def _changed(fields: Fields, old: Any, new: Any) -> Fields:
    """Return those of the fields whose value is another one in `new`, or is not in `old` at all."""
    found: Fields = {}
    for key, inner in fields.items():
        if key.startswith("f:") and isinstance(new, dict):
            name = key[2:]
            if not isinstance(old, dict) or name not in old:
                found[key] = inner
            elif inner:
                if rest := _changed(inner, old[name], new[name]):
                    found[key] = rest
            elif old[name] != new[name]:
                found[key] = {}
        elif key.startswith("k:") and isinstance(new, list):
            wanted = json.loads(key[2:])
            items = [next((one for one in each or () if _has(one, wanted)), None) for each in (old, new)]
            if items[0] is None:
                found[key] = inner
            elif rest := _changed(inner, *items):
                found[key] = rest
        elif key.startswith("v:") and json.loads(key[2:]) not in (old or ()):
            found[key] = {}
    return found


def _less(entry: Obj | None, taken: Fields) -> Obj | None:
    """Return an entry without fields that somebody else has now, None when none are left."""
    if entry is None:
        return None
    fields = _without(entry.get("fieldsV1") or {}, taken)
    return {**entry, "fieldsV1": fields} if fields else None


def _without(fields: Fields, taken: Fields) -> Fields:
    left: Fields = {}
    for key, inner in fields.items():
        if key not in taken:
            left[key] = inner
        elif inner and taken[key] and (rest := _without(inner, taken[key])):
            left[key] = rest
    return left


def _merged(one: Fields, other: Fields) -> Fields:
    return one | {key: _merged(one.get(key, {}), inner) for key, inner in other.items()}


def _minus(before: Fields, now: Fields) -> Fields:
    """Return the fields that were owned and no longer are."""
    gone: Fields = {}
    for key, inner in before.items():
        if key not in now:
            gone[key] = inner
        elif inner:
            rest = _minus(inner, now[key])
            if rest:
                gone[key] = rest
    return gone


def _at(fields: Fields, key: str) -> Fields | None:
    return fields.get(key)


def _drop(value: Any, gone: Fields, others: list[Fields], kind: str, path: Path) -> None:
    """Remove from an object the fields a manager gave up and nobody else holds."""
    for key, inner in gone.items():
        rest = [found for one in others if (found := _at(one, key)) is not None]
        if key.startswith("f:") and isinstance(value, dict) and key[2:] in value:
            name = key[2:]
            if inner:
                _drop(value[name], inner, rest, kind, (*path, name))
                if value[name] in ({}, []) and not rest:
                    del value[name]
            elif not rest:
                del value[name]
        elif key.startswith("k:") and isinstance(value, list):
            wanted = json.loads(key[2:])
            found_item = next((one for one in value if _has(one, wanted)), None)
            if found_item is not None and not rest and "." in inner:
                value.remove(found_item)
            elif found_item is not None:
                _drop(found_item, inner, rest, kind, path)
        elif key.startswith("v:") and isinstance(value, list) and not rest:
            item = json.loads(key[2:])
            if item in value:
                value.remove(item)


def _has(item: Any, wanted: Obj) -> bool:
    return isinstance(item, dict) and all(item.get(key) == value for key, value in wanted.items())


def _leaves(fields: Fields, value: Any, path: str = "") -> dict[str, Any]:
    """Return the plain values a configuration sets, by the path a message shows."""
    found: dict[str, Any] = {}
    for key, inner in fields.items():
        if key.startswith("f:") and isinstance(value, dict):
            way = f"{path}.{key[2:]}"
            held = value.get(key[2:])
            if inner:
                found |= _leaves(inner, held, way)
            else:
                found[way] = held
        elif key.startswith("k:") and isinstance(value, list):
            wanted = json.loads(key[2:])
            item = next((one for one in value if _has(one, wanted)), None)
            text = ",".join(f"{name}={json.dumps(part)}" for name, part in wanted.items())
            found |= _leaves(inner, item, f"{path}[{text}]")
    return found


def _told(entry: Obj) -> str:
    """Return how a message calls a manager."""
    text = f'"{entry.get("manager")}"'
    if entry.get("subresource"):
        text += f' with subresource "{entry["subresource"]}"'
    if entry.get("operation") == "Update":
        text += f" using {entry.get('apiVersion')} at {entry.get('time')}"
    return text


def _check_conflicts(old: Obj, config: Obj, kind: str, entries: list[Obj]) -> None:
    wanted = _leaves(owned_fields(config, kind), config)
    causes = []
    for entry in entries:
        held = _leaves(entry.get("fieldsV1") or {}, old)
        for path, value in wanted.items():
            if path in held and held[path] != value:
                causes.append(cause(path, f"conflict with {_told(entry)}", "FieldManagerConflict"))
    if causes:
        word = "conflict" if len(causes) == 1 else "conflicts"
        listed = f"{causes[0]['message']}: {causes[0]['field']}"
        if len(causes) > 1:
            listed = "conflicts:\n" + "\n".join(f"- {one['message']}: {one['field']}" for one in causes)
        message = f"Apply failed with {len(causes)} {word}: {listed}"
        raise ApiError(409, "Conflict", message, {"causes": causes})
