"""The AWS query protocol, interpreted from botocore's service model: form bodies in, XML out.

Called by the service for every request. Knows shapes, never what an operation does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import botocore.session

from nodeyard.world.aws.auto_scaling import constraints
from nodeyard.world.aws.auto_scaling.errors import Refused, invalid

Write = Callable[[Any, list[str]], None]
Tree = dict[str, Any]

CONTENT_TYPE = "text/xml"
_VALUE = ""
"""The key in a tree under which a node keeps its own text."""


@dataclass(frozen=True, slots=True)
class Request:
    operation: str
    parameters: dict[str, Any] = field(default_factory=dict)


class Protocol:
    """One query service as data."""

    def __init__(self, service: str) -> None:
        self._model = botocore.session.get_session().get_service_model(service)
        self._operations = frozenset(self._model.operation_names)
        self._namespace = self._model.metadata["xmlNamespace"]
        self._writers: dict[str, Write] = {}

    def decode(self, body: bytes) -> Request:
        """Return the operation and its typed parameters. Raises: Refused."""
        try:
            pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True)
        except UnicodeDecodeError:
            invalid("The request body is not UTF-8: send a form of the AWS query protocol.")
        tree = _tree(pairs)
        operation = tree.get("Action", {}).get(_VALUE, "")
        if operation not in self._operations:
            raise Refused(
                "InvalidAction", f"Could not find operation {operation or '(none)'} for this service."
            )
        shape = self._model.operation_model(operation).input_shape
        parameters = _read(shape, tree) if shape is not None else {}
        if shape is not None:
            constraints.check(shape, parameters)
        return Request(operation, parameters)

    def encode(self, operation: str, result: dict[str, Any], request_id: str) -> bytes:
        """Return the response document; members that the model does not know are left out."""
        model = self._model.operation_model(operation)
        out = [f'<{operation}Response xmlns="{self._namespace}">']
        if model.output_shape is not None:
            wrapper = model.output_shape.serialization.get("resultWrapper", f"{operation}Result")
            out.append(f"<{wrapper}>")
            self._writer(model.output_shape)(result, out)
            out.append(f"</{wrapper}>")
        out.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>")
        out.append(f"</{operation}Response>")
        return "".join(out).encode()

    def encode_error(self, error: Refused, request_id: str) -> bytes:
        """Return the error document of the query protocol."""
        kind = "Sender" if error.status < 500 else "Receiver"
        return (
            f'<ErrorResponse xmlns="{self._namespace}"><Error><Type>{kind}</Type>'
            f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        ).encode()

    def _writer(self, shape: Any) -> Write:
        """Return what writes one shape, made once: a group of 1,000 instances has 10,000 leaves."""
        known = self._writers.get(shape.name)
        if known is not None and shape.type_name == "structure":
            return known
        if shape.type_name == "structure":
            return self._structure_writer(shape)
        if shape.type_name == "list":
            return self._list_writer(shape)
        return _LEAVES.get(shape.type_name, _write_text)

    def _structure_writer(self, shape: Any) -> Write:
        members: list[tuple[str, str, str, Write]] = []

        def write(value: Any, out: list[str]) -> None:
            for name, opening, closing, each in members:
                member = value.get(name)
                if member is not None:
                    out.append(opening)
                    each(member, out)
                    out.append(closing)

        self._writers[shape.name] = write  # before the members, which may lead back here
        for name, member in shape.members.items():
            tag = member.serialization.get("name", name)
            members.append((name, f"<{tag}>", f"</{tag}>", self._writer(member)))
        return write

    def _list_writer(self, shape: Any) -> Write:
        tag = shape.member.serialization.get("name", "member")
        opening, closing = f"<{tag}>", f"</{tag}>"
        each = self._writer(shape.member)

        def write(values: Iterable[Any], out: list[str]) -> None:
            for value in values:
                out.append(opening)
                each(value, out)
                out.append(closing)

        return write


@cache
def autoscaling() -> Protocol:
    """Return the protocol of Auto Scaling; loading its model takes some tens of milliseconds."""
    return Protocol("autoscaling")


def _tree(pairs: Iterable[tuple[str, str]]) -> Tree:
    tree: Tree = {}
    for name, value in pairs:
        node = tree
        for part in name.split("."):
            node = node.setdefault(part, {})
        node[_VALUE] = value
    return tree


def _read(shape: Any, node: Tree) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return {
            name: _read(member, node[key])
            for name, member in shape.members.items()
            if (key := member.serialization.get("name", name)) in node
        }
    if kind == "list":
        members = node
        if not shape.serialization.get("flattened"):
            members = node.get(shape.member.serialization.get("name", "member"), {})
        numbered = sorted((int(key), child) for key, child in members.items() if key.isdigit())
        return [_read(shape.member, child) for _, child in numbered]
    return _leaf(shape, node.get(_VALUE, ""))


def _leaf(shape: Any, text: str) -> Any:
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
        if kind == "timestamp":
            return _instant(text)
    except ValueError:
        raise Refused("MalformedInput", f"{text!r} is not a valid {kind}.") from None
    if kind == "boolean":
        if text.lower() not in ("true", "false"):
            raise Refused("MalformedInput", f"{text!r} is not a valid boolean: send true or false.")
        return text.lower() == "true"
    return text


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _write_text(value: Any, out: list[str]) -> None:
    text = str(value)
    out.append(escape(text) if "&" in text or "<" in text or ">" in text else text)


def _write_boolean(value: Any, out: list[str]) -> None:
    out.append("true" if value else "false")


def _write_timestamp(value: Any, out: list[str]) -> None:
    out.append(value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z")


_LEAVES: dict[str, Write] = {"boolean": _write_boolean, "timestamp": _write_timestamp}
