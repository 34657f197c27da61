"""Values -> an HTTP response, by output or error shape."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nodeyard.wire import timestamps
from nodeyard.wire.model import Member, Operation, ServiceModel, Shape

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


Write = Callable[[Any], Any]


class Encoder:
    """Encodes by what the model says of each member. That is looked up once for each member, when it is
    first met: most answers are of a few shapes, many times."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model
        self._writers: dict[Member, Write] = {}
        self._bodies: dict[str, list[tuple[str, str, Write]]] = {}

    def success(self, operation: Operation, members: Mapping[str, Any]) -> Response:
        """Return the response of an operation; members that are None are left out."""
        headers = [("content-type", JSON)]
        if operation.output is None:
            return Response(operation.status, tuple(headers), b"{}")
        shape = self._model.shapes[operation.output]
        headers += self._headers(shape, members)
        return Response(self._status(operation, shape, members), *self._content(shape, members, headers))

    def _content(
        self, shape: Shape, members: Mapping[str, Any], headers: list[tuple[str, str]]
    ) -> tuple[tuple[tuple[str, str], ...], bytes]:
        """Return headers and body; a payload of text or bytes is the body itself."""
        if shape.payload is None:
            return tuple(headers), _bytes(self._structure(shape, members))
        member = shape.members[shape.payload]
        value = members.get(shape.payload)
        kind = self._model.shapes[member.shape].type
        if kind in ("string", "blob"):
            own = ("content-type", "text/plain" if kind == "string" else "application/octet-stream")
            raw = value.encode() if isinstance(value, str) else bytes(value or b"")
            return (own, *headers[1:]), raw
        return tuple(headers), _bytes(self._value(member, {} if value is None else value))

    def _status(self, operation: Operation, shape: Shape, members: Mapping[str, Any]) -> int:
        for member in shape.members.values():
            if member.location == "statusCode" and members.get(member.name) is not None:
                return int(members[member.name])
        return operation.status

    def error(self, code: str, message: str, members: Mapping[str, str] | None = None) -> Response:
        """Return an error with its status, its type header and the members its shape has."""
        shape = self._model.error(code)
        status = shape.status if shape is not None and shape.status is not None else 400
        known = {} if shape is None else shape.members
        content = {name: value for name, value in (members or {}).items() if name in known}
        content["message"] = message
        headers = (("content-type", JSON), ("x-amzn-errortype", code))
        return Response(status, headers, _bytes(content))

    def _headers(self, shape: Shape, members: Mapping[str, Any]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for member in shape.members.values():
            value = members.get(member.name)
            if value is None:
                continue
            if member.location == "header":
                found.append((member.location_name, self._header(member, value)))
            elif member.location == "headers":
                found += [(member.location_name + key, str(each)) for key, each in value.items()]
        return found

    def _header(self, member: Member, value: Any) -> str:
        shape = self._model.shapes[member.shape]
        if isinstance(value, list):
            assert shape.element is not None
            element = shape.element.in_header()
            return ", ".join(self._header(element, each) for each in value)
        if isinstance(value, datetime):
            return str(timestamps.write(value, timestamps.form_of(member, shape)))
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def _structure(self, shape: Shape, members: Mapping[str, Any]) -> dict[str, Any]:
        body = self._bodies.get(shape.name)
        if body is None:
            inside = ((name, each) for name, each in shape.members.items() if each.location is None)
            body = [(name, each.location_name, self._writer(each)) for name, each in inside]
            self._bodies[shape.name] = body
        return {
            location_name: write(value)
            for name, location_name, write in body
            if (value := members.get(name)) is not None
        }

    def _value(self, member: Member, value: Any) -> Any:
        return self._writer(member)(value)

    def _writer(self, member: Member) -> Write:
        """Return what makes the wire form of a member's values."""
        found = self._writers.get(member)
        if found is None:
            found = self._writers[member] = self._made_writer(member, self._model.shapes[member.shape])
        return found

    def _made_writer(self, member: Member, shape: Shape) -> Write:
        if shape.document:
            return _as_it_is
        if shape.type == "structure":
            return lambda value: self._structure(shape, value)
        if shape.type == "list":
            assert shape.element is not None
            element = shape.element  # not its writer: shapes may hold themselves
            return lambda value: list(map(self._writer(element), value))
        if shape.type == "map":
            assert shape.value is not None
            inner = shape.value
            return lambda value: {key: self._value(inner, each) for key, each in value.items()}
        if shape.type == "timestamp":
            form = timestamps.form_of(member, shape)
            return lambda value: timestamps.write(value, form)
        if shape.type == "blob":
            return lambda value: base64.b64encode(value).decode()
        return _number if shape.type in ("float", "double") else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _number(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    return value


_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def _bytes(content: Any) -> bytes:
    return _json(content).encode("utf-8", "replace")
