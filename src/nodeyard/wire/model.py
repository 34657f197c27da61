"""A service model (the format of botocore's `service-2.json`) as typed values.

The document is passed in; this module never looks for one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a structure: its shape and where it travels."""

    name: str
    shape: str
    location: str | None = None
    """None for the body, else uri, querystring, header, headers or statusCode."""
    location_name: str = ""
    timestamp_format: str | None = None
    idempotency_token: bool = False

    def in_header(self) -> Member:
        """Return the member as an entry of a list that travels in a header."""
        return replace(self, location="header")


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape with its constraints. Bounds apply to numbers, lengths and sizes alike."""

    name: str
    type: str
    members: dict[str, Member] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    element: Member | None = None
    key: Member | None = None
    value: Member | None = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    enum: tuple[str, ...] = ()
    payload: str | None = None
    document: bool = False
    """Any JSON value."""
    timestamp_format: str | None = None
    status: int | None = None
    """The HTTP status of an error shape."""


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    method: str
    uri: str
    status: int
    input: str | None
    output: str | None
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceModel:
    operations: dict[str, Operation]
    shapes: dict[str, Shape]

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> ServiceModel:
        """Interpret a service document. Raises KeyError when it is none."""
        shapes = {name: _shape(name, raw) for name, raw in document["shapes"].items()}
        operations = {name: _operation(name, raw) for name, raw in document["operations"].items()}
        return cls(operations, shapes)

    def error(self, code: str) -> Shape | None:
        """Return the error shape of that name, None when the model has none."""
        shape = self.shapes.get(code)
        return shape if shape is not None and shape.status is not None else None


def _operation(name: str, raw: dict[str, Any]) -> Operation:
    http = raw["http"]
    return Operation(
        name=name,
        method=http["method"],
        uri=http["requestUri"],
        status=http.get("responseCode", 200),
        input=raw.get("input", {}).get("shape"),
        output=raw.get("output", {}).get("shape"),
        errors=tuple(error["shape"] for error in raw.get("errors", ())),
    )


def _shape(name: str, raw: dict[str, Any]) -> Shape:
    members = {key: _member(key, each) for key, each in raw.get("members", {}).items()}
    return Shape(
        name=name,
        type=raw["type"],
        members=members,
        required=tuple(raw.get("required", ())),
        element=_member("member", raw["member"]) if "member" in raw else None,
        key=_member("key", raw["key"]) if "key" in raw else None,
        value=_member("value", raw["value"]) if "value" in raw else None,
        minimum=raw.get("min"),
        maximum=raw.get("max"),
        pattern=raw.get("pattern"),
        enum=tuple(raw.get("enum", ())),
        payload=raw.get("payload"),
        document=bool(raw.get("document")),
        timestamp_format=raw.get("timestampFormat"),
        status=_status(raw),
    )


def _status(raw: dict[str, Any]) -> int | None:
    if not raw.get("exception"):
        return None
    status: int = raw.get("error", {}).get("httpStatusCode", 500 if raw.get("fault") else 400)
    return status


def _member(name: str, raw: dict[str, Any]) -> Member:
    return Member(
        name=name,
        shape=raw["shape"],
        location=raw.get("location"),
        location_name=raw.get("locationName", name),
        timestamp_format=raw.get("timestampFormat"),
        idempotency_token=bool(raw.get("idempotencyToken")),
    )
