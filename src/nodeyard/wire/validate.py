"""Check a JSON value against a shape and turn it into plain Python. Every fault gets a sentence."""

from __future__ import annotations

import base64
import binascii
import math
import re
from functools import lru_cache
from typing import Any

from nodeyard.wire import timestamps
from nodeyard.wire.model import Member, ServiceModel, Shape

NUMBERS = frozenset({"integer", "long", "float", "double"})
_INTEGER_BITS = {"integer": 31, "long": 63}
DEPTH_MAX = 64


class Fault(Exception):
    """What is wrong with the request, where, and what was expected."""


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class Validator:
    """Walks values by shape. Unknown members are ignored, as AWS services do."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model

    def value(self, member: Member, value: Any, path: str, *, depth: int = 0) -> Any:
        """Return the value as Python. Raises: Fault."""
        if depth > DEPTH_MAX:
            raise Fault(f"{path} is nested more than {DEPTH_MAX} levels deep")
        shape = self._model.shapes[member.shape]
        if shape.type == "structure":
            return self._structure(shape, value, path, depth)
        if shape.type == "list":
            return self._list(shape, value, path, depth)
        if shape.type == "map":
            return self._map(shape, value, path, depth)
        return self._scalar(member, shape, value, path)

    def _structure(self, shape: Shape, value: Any, path: str, depth: int) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Fault(f"{path} must be an object, not {_kind(value)}")
        found: dict[str, Any] = {}
        for name, member in shape.members.items():
            raw = value.get(member.location_name)
            if raw is not None:
                found[name] = self.value(member, raw, _join(path, name), depth=depth + 1)
        self.required(shape, found, path)
        return found

    def required(self, shape: Shape, found: dict[str, Any], path: str) -> None:
        """Raise Fault when a required member is missing."""
        missing = [name for name in shape.required if name not in found]
        if missing:
            raise Fault(f"Missing required parameter: {_join(path, missing[0])}")

    def _list(self, shape: Shape, value: Any, path: str, depth: int) -> list[Any]:
        if not isinstance(value, list):
            raise Fault(f"{path} must be a list, not {_kind(value)}")
        _bounds(shape, len(value), path, "entries")
        assert shape.element is not None
        return [
            self.value(shape.element, each, f"{path}[{index}]", depth=depth + 1)
            for index, each in enumerate(value)
            if each is not None
        ]

    def _map(self, shape: Shape, value: Any, path: str, depth: int) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Fault(f"{path} must be a map, not {_kind(value)}")
        _bounds(shape, len(value), path, "entries")
        assert shape.key is not None and shape.value is not None
        return {
            self.value(shape.key, key, f"key {key!r} of {path}"): self.value(
                shape.value, each, f"{path}[{key!r}]", depth=depth + 1
            )
            for key, each in value.items()
            if each is not None
        }

    def _scalar(self, member: Member, shape: Shape, value: Any, path: str) -> Any:
        if shape.type == "string":
            return _string(shape, value, path)
        if shape.type in NUMBERS:
            return _number(shape, value, path)
        if shape.type == "boolean":
            if not isinstance(value, bool):
                raise Fault(f"{path} must be true or false, not {_kind(value)}")
            return value
        if shape.type == "timestamp":
            form = member.timestamp_format or shape.timestamp_format or "unixTimestamp"
            try:
                return timestamps.parse(value, form)
            except ValueError as error:
                raise Fault(f"{path} is not a timestamp of the form {form}") from error
        return _blob(value, path)


def _string(shape: Shape, value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise Fault(f"{path} must be a string, not {_kind(value)}")
    _bounds(shape, len(value), path, "characters")
    if shape.enum and value not in shape.enum:
        raise Fault(f"{path} must be one of [{', '.join(shape.enum)}], not {value!r}")
    if shape.pattern is not None and _compiled(shape.pattern).search(value) is None:
        raise Fault(f"{path} must match the pattern {shape.pattern}")
    return value


def _number(shape: Shape, raw: Any, path: str) -> int | float:
    value: int | float = raw
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise Fault(f"{path} must be a number, not {_kind(value)}")
    bits = _INTEGER_BITS.get(shape.type)
    if bits is not None:
        if isinstance(value, float) and not value.is_integer():
            raise Fault(f"{path} must be a whole number")
        value = int(value)
        if not -(2**bits) <= value < 2**bits:
            raise Fault(f"{path} does not fit in {bits + 1} bits")
    elif not math.isfinite(value):
        raise Fault(f"{path} must be a finite number")
    if shape.minimum is not None and value < shape.minimum:
        raise Fault(f"{path} must be at least {shape.minimum}, not {value}")
    if shape.maximum is not None and value > shape.maximum:
        raise Fault(f"{path} must be at most {shape.maximum}, not {value}")
    return value


def _blob(value: Any, path: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise Fault(f"{path} must be base64 text") from error


def _bounds(shape: Shape, size: int, path: str, unit: str) -> None:
    if shape.minimum is not None and size < shape.minimum:
        raise Fault(f"{path} must have at least {shape.minimum} {unit}, not {size}")
    if shape.maximum is not None and size > shape.maximum:
        raise Fault(f"{path} must have at most {shape.maximum} {unit}, not {size}")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return kinds.get(type(value), "a number" if isinstance(value, int | float) else "null")
