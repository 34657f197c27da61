"""(method, path) -> operation and labels. Works on the raw path, so that an encoded slash
inside an ARN stays inside its label."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from nodeyard.wire.model import Operation, ServiceModel

SEGMENTS_MAX = 16
"""Paths of more segments are all asked of every route."""
PATHS_KEPT, PATH_CHARS_KEPT = 2048, 256
"""How many paths are remembered with what they name, and how long a path may be for that: callers ask for the
same few again and again."""

_Route = tuple[Operation, re.Pattern[str], tuple[str, ...]]
_LABEL = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Match:
    """Shared by all requests of one path: nobody changes it."""

    operation: Operation
    labels: Mapping[str, str]


class Router:
    """Compiled once a model. A literal segment wins over a label in the same place."""

    def __init__(self, model: ServiceModel) -> None:
        routes = [(_specificity(op.uri), op, *_compile(op.uri)) for op in model.operations.values()]
        routes.sort(key=lambda route: route[0])
        self._by_method: dict[str, list[_Route]] = {}
        self._by_length: dict[tuple[str, int], list[_Route]] = {}
        """Those of `_by_method` that a path of so many segments can match."""
        for _, operation, pattern, labels in routes:
            self._by_method.setdefault(operation.method, []).append((operation, pattern, labels))
        self._kept: dict[tuple[str, str], Match] = {}

    def match(self, method: str, raw_path: str) -> Match | None:
        """Return the operation and its decoded labels; None when the model has none for it."""
        kept = self._kept.get((method, raw_path))
        if kept is not None:
            return kept
        found = self._found(method, raw_path)
        if found is not None and len(raw_path) <= PATH_CHARS_KEPT:
            if len(self._kept) >= PATHS_KEPT:
                self._kept.clear()
            self._kept[method, raw_path] = found
        return found

    def _found(self, method: str, raw_path: str) -> Match | None:
        for operation, pattern, labels in self._candidates(method, raw_path):
            found = pattern.fullmatch(raw_path)
            if found is not None:
                values = (unquote(each, errors="replace") for each in found.groups())
                return Match(operation, dict(zip(labels, values, strict=True)))
        return None

    def _candidates(self, method: str, raw_path: str) -> list[_Route]:
        if method not in self._by_method:
            return []
        length = min(raw_path.rstrip("/").count("/"), SEGMENTS_MAX)
        found = self._by_length.get((method, length))
        if found is None:
            found = [each for each in self._by_method[method] if _may_have(each[0].uri, length)]
            self._by_length[method, length] = found
        return found


def _may_have(uri: str, length: int) -> bool:
    return "+}" in uri or length == SEGMENTS_MAX or _path(uri).rstrip("/").count("/") == length


def _path(uri: str) -> str:
    return uri.partition("?")[0]


def _specificity(uri: str) -> tuple[bool, ...]:
    return tuple("{" in segment for segment in _path(uri).split("/"))


def _compile(uri: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    parts: list[str] = []
    labels: list[str] = []
    end = 0
    path = _path(uri)
    for label in _LABEL.finditer(path):
        parts.append(re.escape(path[end : label.start()]))
        parts.append("(.+)" if label[2] else "([^/]+)")
        labels.append(label[1])
        end = label.end()
    parts.append(re.escape(path[end:].rstrip("/") if end or len(path) > 1 else path))
    return re.compile("".join(parts) + "/?"), tuple(labels)
