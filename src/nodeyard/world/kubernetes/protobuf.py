"""Kubernetes protobuf bodies, read by tables of the fields that clients send.

Called by `exchange` for requests only: answers are always JSON. A kind without a table is refused with 415.
"""

from __future__ import annotations

import base64
from typing import Any

from nodeyard.world.kubernetes.errors import bad_request, unsupported_media_type
from nodeyard.world.kubernetes.protobuf_fields import FIELDS

PROTOBUF = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _parts(data: bytes) -> list[tuple[int, Any]]:
    """Cut a message into its fields: numbers as int, the rest as bytes."""
    found: list[tuple[int, Any]] = []
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        form = tag & 7
        value: Any
        if form == 0:
            value, at = _varint(data, at)
        elif form == 2:
            size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
        elif form in (1, 5):
            size = 8 if form == 1 else 4
            value, at = data[at : at + size], at + size
        else:
            raise bad_request("the protobuf body has a field of an unknown form")
        found.append((tag >> 3, value))
    return found


def _value(form: str, value: Any) -> Any:
    if form == "s":
        return value.decode()
    if form == "b":
        return bool(value)
    if form == "i":
        return value - (1 << 64) if value >= 1 << 63 else value
    if form == "y":
        return base64.b64encode(value).decode()
    if form == "IntOrString":
        parts = _message(form, value)
        return parts.get("strVal", "") if parts.get("type") else parts.get("intVal", 0)
    if form == "Quantity":
        return _message(form, value).get("string", "0")
    return _message(form, value)


def _message(name: str, data: bytes) -> dict[str, Any]:
    fields: dict[int, tuple[str, str]] = {}
    for part in FIELDS[name].split("|"):
        number, _, rest = part.partition(" ")
        word, _, form = rest.partition(":")
        fields[int(number)] = (word, form)
    result: dict[str, Any] = {}
    for index, value in _parts(data):
        if index not in fields:
            continue
        word, form = fields[index]
        if form in ("M", "Y"):
            entry = dict(_parts(value))
            item = entry.get(2, b"")
            text = item.decode() if form == "M" else base64.b64encode(item).decode()
            result.setdefault(word, {})[entry.get(1, b"").decode()] = text
        elif form == "Q":
            entry = dict(_parts(value))
            result.setdefault(word, {})[entry.get(1, b"").decode()] = _value("Quantity", entry.get(2, b""))
        elif form.startswith("<"):
            result.update(_message(form[1:], value))
        elif form.startswith("*"):
            result.setdefault(word, []).append(_value(form[1:], value))
        else:
            decoded = _value(form, value)
            # The encoder of the Kubernetes types writes empty texts that JSON leaves out.
            if decoded != "" or form != "s":
                result[word] = decoded
    return result


def decode_protobuf(body: bytes) -> dict[str, Any]:
    """Return the object of a protobuf body.

    Raises: ApiError 400 for a broken body, 415 for a kind whose fields are not known here.
    """
    if not body.startswith(_MAGIC):
        raise bad_request("the body is not Kubernetes protobuf: it lacks the k8s prefix")
    try:
        envelope = dict(_parts(body[len(_MAGIC) :]))
        kinds = {number: value.decode() for number, value in _parts(envelope.get(1, b""))}
        kind, version = kinds.get(2, ""), kinds.get(1, "")
        if kind not in FIELDS:
            raise unsupported_media_type(f"a {kind} in protobuf is not read here; send application/json")
        return {"apiVersion": version, "kind": kind, **_message(kind, envelope.get(2, b""))}
    except (IndexError, UnicodeDecodeError, AttributeError) as error:
        raise bad_request(f"the protobuf body is broken: {error}") from None
