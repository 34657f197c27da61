"""Label and field selectors, in the string form of a query and in the form objects carry.

Called by the API rules, the controllers and the watches. Pure: compares, never looks anything up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from nodeyard.model.label_selector import matches as selector_match
from nodeyard.world.kubernetes.errors import bad_request

Labels = Mapping[str, str]
Predicate = Callable[[dict[str, Any]], bool]

_SET = re.compile(r"^\s*(\S+)\s+(in|notin)\s*\(([^)]*)\)\s*$")
_PAIR = re.compile(r"^\s*([^\s=!]+)\s*(==|=|!=)\s*(\S*)\s*$")
_LABEL_PAIR = re.compile(r"^\s*([^\s=!]+)\s*(==|=|!=)\s*([^\s=!,()<>]*)\s*$")
_COMPARE = re.compile(r"^\s*([^\s<>]+)\s*([<>])\s*(-?\d+)\s*$")
_WORD = re.compile(r"^\s*(!?)\s*([^\s=!<>()]+)\s*$")


def _split(text: str) -> list[str]:
    """Cut at the commas that are not inside parentheses."""
    parts, depth, current = [], 0, ""
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += letter
    return [*parts, current]


def _requirement(text: str) -> Callable[[Labels], bool]:
    if found := _SET.match(text):
        key, verb = found[1], found[2]
        values = {value.strip() for value in found[3].split(",")}
        if verb == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if found := _LABEL_PAIR.match(text):
        key, verb, value = found[1], found[2], found[3]
        if verb == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if found := _COMPARE.match(text):
        key, bound, greater = found[1], int(found[3]), found[2] == ">"
        return lambda labels: _beyond(labels.get(key), bound, greater)
    if found := _WORD.match(text):
        key = found[2]
        if found[1]:
            return lambda labels: key not in labels
        return lambda labels: key in labels
    raise bad_request(
        f"unable to parse requirement: {text.strip()!r} is not a selector; use key=value, key!=value, "
        "key in (a,b), key notin (a,b), key or !key"
    )


def _beyond(value: str | None, bound: int, greater: bool) -> bool:
    try:
        number = int(value or "")
    except ValueError:
        return False
    return number > bound if greater else number < bound


@lru_cache(maxsize=512)
def _compiled(text: str) -> tuple[Callable[[Labels], bool], ...]:
    return tuple(_requirement(part) for part in _split(text) if part.strip())


def labels_match(text: str, labels: Labels) -> bool:
    """Tell whether labels satisfy a selector in query form; the empty selector takes everything."""
    return all(test(labels) for test in _compiled(text))


def field_value(obj: Mapping[str, Any], path: str) -> str:
    """Return the value at a dotted path in the form field selectors compare, "" when absent."""
    value: Any = obj
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return ""
        value = value.get(step)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


@lru_cache(maxsize=512)
def _fields(text: str) -> tuple[tuple[str, bool, str], ...]:
    found = []
    for part in text.split(","):
        if not part.strip():
            continue
        match = _PAIR.match(part)
        if match is None:
            raise bad_request(f"invalid field selector {part!r}; use path=value or path!=value")
        found.append((match[1], match[2] != "!=", match[3]))
    return tuple(found)


def fields_match(text: str, obj: Mapping[str, Any]) -> bool:
    """Tell whether an object satisfies a field selector in query form."""
    for path, equal, value in _fields(text):
        held = field_value(obj, path)
        if path == "spec.unschedulable" and not held:
            held = "false"
        if (held == value) is not equal:
            return False
    return True


_SELECTABLE = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    "nodes": ("spec.unschedulable",),
    "namespaces": ("status.phase",),
    "secrets": ("type",),
    "services": ("spec.clusterIP", "spec.type"),
    "replicasets.apps": ("status.replicas",),
    "replicationcontrollers": ("status.replicas",),
    "jobs.batch": ("status.successful",),
    "events": ("reason", "reportingComponent", "source", "type"),
}
"""Resource -> what may be selected by, beside name and namespace. Source: Kubernetes, field selectors."""
_OF_EVENTS = "involvedObject."


def check_fields(resource: str, fields: str) -> None:
    """Raise ApiError 400 for a field selector that the resource does not have."""
    for path, _, _ in _fields(fields):
        known = path in ("metadata.name", "metadata.namespace", *_SELECTABLE.get(resource, ()))
        if not known and not (resource == "events" and path.startswith(_OF_EVENTS)):
            raise bad_request(f"field label not supported: {path}")


def predicate(labels: str, fields: str) -> Predicate | None:
    """Return the test both selectors make together, None when everything passes."""
    if not labels and not fields:
        return None
    _compiled(labels)
    _fields(fields)

    def test(obj: dict[str, Any]) -> bool:
        return labels_match(labels, obj.get("metadata", {}).get("labels") or {}) and fields_match(fields, obj)

    return test


__all__ = ["check_fields", "field_value", "fields_match", "labels_match", "predicate", "selector_match"]
