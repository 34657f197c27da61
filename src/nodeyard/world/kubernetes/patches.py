"""The patch types of the Kubernetes API: JSON patch, merge patch, strategic merge, and the merge of apply.

Called by the API rules. Pure: takes an object and a patch, returns a new object, and changes neither.
"""

from __future__ import annotations

import copy
from typing import Any

from nodeyard.world.kubernetes.documents import copied
from nodeyard.world.kubernetes.errors import ApiError, bad_request, unsupported_media_type
from nodeyard.world.kubernetes.merge_keys import is_set, merge_key
from nodeyard.world.kubernetes.resources import Resource

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

_ORDER = "$setElementOrder/"
_DELETE = "$deleteFromPrimitiveList/"


def patched(old: dict[str, Any], patch: Any, content_type: str, what: Resource) -> dict[str, Any]:
    """Return what a patch of one of the three types that change an object makes of it.

    Raises: ApiError 400, 415, 422.
    """
    if content_type == JSON_PATCH:
        new = json_patch(old, patch)
    elif content_type == MERGE_PATCH:
        new = merge_patch(old, patch)
    elif content_type == STRATEGIC_PATCH and not what.custom:
        new = strategic_merge(old, patch, what.kind)
    else:
        raise unsupported_media_type(
            f"the body of the request was in an unknown format - {content_type} is not accepted for "
            f"{what.key}; use {JSON_PATCH}, {MERGE_PATCH} or {APPLY_PATCH}"
        )
    if not isinstance(new, dict):
        raise bad_request("the patched object is no longer an object")
    return new


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply an RFC 7386 merge patch."""
    if not isinstance(patch, dict):
        return copied(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


# --- JSON patch ---


def _unprocessable(message: str) -> ApiError:
    """Return the refusal of a patch that does not fit; `message` is ours, the real server says less."""
    return ApiError(
        422, "Invalid", f"the server rejected our request due to an error in our request: {message}"
    )


def _steps(pointer: str) -> list[str]:
    if pointer == "":
        return []
    if not pointer.startswith("/"):
        raise _unprocessable(f"{pointer!r} is not a JSON pointer; it must start with '/'")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/")]


def _position(items: list[Any], step: str, adding: bool) -> int:
    if adding and step == "-":
        return len(items)
    try:
        position = int(step)
    except ValueError:
        raise _unprocessable(f"{step!r} is not an index of a list") from None
    if position < 0 or position > len(items) - (0 if adding else 1):
        raise _unprocessable(f"index {position} is out of the list")
    return position


def _child(holder: Any, step: str) -> Any:
    if isinstance(holder, list):
        return holder[_position(holder, step, False)]
    if isinstance(holder, dict) and step in holder:
        return holder[step]
    raise _unprocessable(f"the path has no {step!r}; read the object again and correct the path")


def _read(document: Any, pointer: str) -> Any:
    for step in _steps(pointer):
        document = _child(document, step)
    return document


def _remove(document: Any, pointer: str) -> Any:
    *way, last = _steps(pointer)
    holder = document
    for step in way:
        holder = _child(holder, step)
    value = _child(holder, last)
    if isinstance(holder, list):
        del holder[_position(holder, last, False)]
    else:
        del holder[last]
    return value


def _write(document: Any, pointer: str, value: Any, replace: bool) -> Any:
    steps = _steps(pointer)
    if not steps:
        return value
    holder = document
    for step in steps[:-1]:
        holder = _child(holder, step)
    last = steps[-1]
    if replace and isinstance(holder, list):
        _child(holder, last)
    if isinstance(holder, list):
        position = _position(holder, last, not replace)
        if replace:
            holder[position] = value
        else:
            holder.insert(position, value)
    elif isinstance(holder, dict):
        holder[last] = value
    else:
        raise _unprocessable(f"nothing can be added under {pointer!r}")
    return document


def json_patch(target: dict[str, Any], operations: Any) -> Any:
    """Apply an RFC 6902 JSON patch.

    Raises: ApiError 422 when a test fails or a path is missing.
    """
    if not isinstance(operations, list):
        raise bad_request("a JSON patch must be a list of operations")
    document: Any = copy.deepcopy(target)
    for step in operations:
        verb, path = step.get("op"), step.get("path", "")
        if verb == "test":
            if _read(document, path) != step.get("value"):
                raise _unprocessable(f"testing value {path} failed")
        elif verb == "remove":
            _remove(document, path)
        elif verb in ("add", "replace"):
            document = _write(document, path, copy.deepcopy(step.get("value")), verb == "replace")
        elif verb == "copy":
            value = copy.deepcopy(_read(document, step.get("from", "")))
            document = _write(document, path, value, False)
        elif verb == "move":
            document = _write(document, path, _remove(document, step.get("from", "")), False)
        else:
            raise _unprocessable(f"{verb!r} is not a JSON patch operation")
    return document


# --- strategic merge ---


def strategic_merge(target: Any, patch: Any, kind: str, path: tuple[str, ...] = ()) -> Any:
    """Apply a strategic merge patch with its directives, by the merge keys of the built-in kinds."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    directive = patch.get("$patch")
    if directive == "delete":
        return {}
    if directive == "replace":
        return _without_directives({key: value for key, value in patch.items() if key != "$patch"})
    result = dict(target) if isinstance(target, dict) else {}
    if "$retainKeys" in patch:
        result = {key: value for key, value in result.items() if key in patch["$retainKeys"]}
    for key, value in patch.items():
        if key in ("$patch", "$retainKeys") or key.startswith((_ORDER, _DELETE)):
            continue
        way = (*path, key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, list):
            order = patch.get(_ORDER + key)
            result[key] = _merge_list(result.get(key) or [], value, kind, way, order)
        elif isinstance(value, dict):
            if value.get("$patch") == "delete":
                result.pop(key, None)
            else:
                result[key] = strategic_merge(result.get(key), value, kind, way)
        else:
            result[key] = value
    _only_directives(result, patch, kind, path)
    return result


def _only_directives(result: dict[str, Any], patch: dict[str, Any], kind: str, path: tuple[str, ...]) -> None:
    """Carry out deletions and orders of lists that the patch names by directive."""
    for key, value in patch.items():
        if key.startswith(_DELETE):
            name = key[len(_DELETE) :]
            if name in result:
                result[name] = [item for item in result[name] if item not in value]
        elif key.startswith(_ORDER) and key[len(_ORDER) :] not in patch:
            name = key[len(_ORDER) :]
            if isinstance(result.get(name), list):
                result[name] = _ordered(result[name], value, merge_key((*path, name), kind))


def _merge_list(
    old: list[Any], patch: list[Any], kind: str, path: tuple[str, ...], order: list[Any] | None
) -> list[Any]:
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        kept = [item for item in patch if not (isinstance(item, dict) and item.get("$patch") == "replace")]
        return [_without_directives(item) for item in kept]
    key = merge_key(path, kind)
    if key is None:
        if not is_set(path):
            return [_without_directives(item) for item in patch]
        merged = [*old, *(item for item in patch if item not in old)]
        return _ordered(merged, order, None) if order else merged
    result = list(old)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise bad_request(f"the patch of {'.'.join(path)} has an item without its merge key {key!r}")
        at = next((n for n, one in enumerate(result) if _same(one, item, key)), None)
        if item.get("$patch") == "delete":
            result = [one for one in result if not (isinstance(one, dict) and one.get(key) == item[key])]
        elif at is None:
            result.append(strategic_merge({}, item, kind, path))
        else:
            result[at] = strategic_merge(result[at], item, kind, path)
    return _ordered(result, order, key) if order else result


def _same(one: Any, other: dict[str, Any], key: str) -> bool:
    if not isinstance(one, dict) or one.get(key) != other[key]:
        return False
    # Two ports with one number but different protocols are different items for everybody who wrote them.
    return bool(one.get("protocol", "TCP") == other.get("protocol", one.get("protocol", "TCP")))


def _ordered(items: list[Any], order: list[Any], key: str | None) -> list[Any]:
    def value(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    wanted = [value(item) for item in order]
    first = sorted(
        (item for item in items if value(item) in wanted), key=lambda one: wanted.index(value(one))
    )
    return [*first, *(item for item in items if value(item) not in wanted)]


def _without_directives(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_directives(item) for key, item in value.items() if not key.startswith("$")}
    if isinstance(value, list):
        return [_without_directives(item) for item in value]
    return value
