"""(method, path) -> operation and labels. Works on the raw path, so that an encoded slash
inside an ARN stays inside its label."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from nodeyard.wire.model import Operation, ServiceModel

_LABEL = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Match:
    operation: Operation
    labels: dict[str, str]


class Router:
    """Compiled once a model. A literal segment wins over a label in the same place."""

    def __init__(self, model: ServiceModel) -> None:
        routes = [(_specificity(op.uri), op, *_compile(op.uri)) for op in model.operations.values()]
        routes.sort(key=lambda route: route[0])
        self._by_method: dict[str, list[tuple[Operation, re.Pattern[str], tuple[str, ...]]]] = {}
        for _, operation, pattern, labels in routes:
            self._by_method.setdefault(operation.method, []).append((operation, pattern, labels))

    def match(self, method: str, raw_path: str) -> Match | None:
        """Return the operation and its decoded labels; None when the model has none for it."""
        for operation, pattern, labels in self._by_method.get(method, ()):
            found = pattern.fullmatch(raw_path)
            if found is not None:
                values = (unquote(each, errors="replace") for each in found.groups())
                return Match(operation, dict(zip(labels, values, strict=True)))
        return None


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
