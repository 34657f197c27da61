"""Check a JSON value against a shape and turn it into plain Python. Every fault gets a sentence.

Two kinds of fault, as AWS services have them: a value of the wrong type ends the reading at once; values
that break a constraint of the model are collected and told together, in the words that AWS uses:
`2 validation errors detected: Value '0' at 'maxResults' failed to satisfy constraint: …; …`.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from nodeyard.wire import timestamps
from nodeyard.wire.model import Member, ServiceModel, Shape

NUMBERS = frozenset({"integer", "long", "float", "double"})
_INTEGER_BITS = {"integer": 31, "long": 63}
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
DEPTH_MAX = 64
VALUE_CHARS_MAX = 256
"""Ours: a value is told up to here; AWS repeats it whole."""
VIOLATIONS_TOLD_MAX = 20
"""Ours: the rest is counted only."""


class Fault(Exception):
    """What is wrong with the request, where, and what was expected."""


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class Violations:
    """The constraints that one request breaks, in the order in which they are found."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._count = 0

    def add(self, value: Any, path: str, constraint: str) -> None:
        self._count += 1
        if len(self._told) < VIOLATIONS_TOLD_MAX:
            shown = "null" if value is None else f"'{_shown(value)}'"
            self._told.append(f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}")

    def raise_if_any(self) -> None:
        """Raise Fault with one sentence for all of them."""
        if self._count:
            errors = "error" if self._count == 1 else "errors"
            raise Fault(f"{self._count} validation {errors} detected: {'; '.join(self._told)}")


class Validator:
    """Walks values by shape. Unknown members are ignored, as AWS services do."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model

    def value(self, member: Member, value: Any, path: str, broken: Violations, *, depth: int = 0) -> Any:
        """Return the value as Python; note the constraints it breaks. Raises: Fault for a wrong type."""
        if depth > DEPTH_MAX:
            raise Fault(f"{path} is nested more than {DEPTH_MAX} levels deep")
        shape = self._model.shapes[member.shape]
        if shape.document:
            return value
        if shape.type == "structure":
            return self._structure(shape, value, path, broken, depth)
        if shape.type == "list":
            return self._list(shape, value, path, broken, depth)
        if shape.type == "map":
            return self._map(shape, value, path, broken, depth)
        found = self._scalar(member, shape, value, path)
        for constraint, holds in _constraints(shape, found):
            if not holds:
                broken.add(found, path, constraint)
        return found

    def _structure(
        self, shape: Shape, value: Any, path: str, broken: Violations, depth: int
    ) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Fault(f"{path} must be an object, not {_kind(value)}")
        found: dict[str, Any] = {}
        for name, member in shape.members.items():
            raw = value.get(member.location_name)
            if raw is not None:
                found[name] = self.value(member, raw, _join(path, name), broken, depth=depth + 1)
        self.required(shape, found, path, broken)
        return found

    def required(self, shape: Shape, found: dict[str, Any], path: str, broken: Violations) -> None:
        """Note the required members that are missing."""
        for name in shape.required:
            if name not in found:
                broken.add(None, _join(path, name), "Member must not be null")

    def _list(self, shape: Shape, value: Any, path: str, broken: Violations, depth: int) -> list[Any]:
        if not isinstance(value, list):
            raise Fault(f"{path} must be a list, not {_kind(value)}")
        assert shape.element is not None
        element = shape.element
        of_scalars = self._is_scalar(element)
        inner = Violations() if of_scalars else broken
        found = [
            self.value(element, each, f"{path}.{place}.member", inner, depth=depth + 1)
            for place, each in enumerate(value, start=1)
            if each is not None
        ]
        self._sized(shape, found, path, broken)
        if of_scalars:
            self._every(element, found, "Member must satisfy constraint", found, path, broken)
        return found

    def _map(self, shape: Shape, value: Any, path: str, broken: Violations, depth: int) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Fault(f"{path} must be a map, not {_kind(value)}")
        assert shape.key is not None and shape.value is not None
        of_scalars = self._is_scalar(shape.value)
        inner = Violations() if of_scalars else broken
        found = {
            self.value(shape.key, key, f"the key of {path}", Violations()): self.value(
                shape.value, each, f"{path}.{key}.member", inner, depth=depth + 1
            )
            for key, each in value.items()
            if each is not None
        }
        self._sized(shape, found, path, broken)
        self._every(shape.key, list(found), "Map keys must satisfy constraint", found, path, broken)
        if of_scalars:
            entries = list(found.values())
            self._every(shape.value, entries, "Map value must satisfy constraint", found, path, broken)
        return found

    def _is_scalar(self, member: Member) -> bool:
        return self._model.shapes[member.shape].type not in ("structure", "list", "map")

    def _sized(self, shape: Shape, found: Any, path: str, broken: Violations) -> None:
        for constraint, holds in _lengths(shape, len(found)):
            if not holds:
                broken.add(found, path, constraint)

    def _every(
        self, member: Member, entries: list[Any], words: str, whole: Any, path: str, broken: Violations
    ) -> None:
        """Note once for a whole collection that an entry breaks a constraint, as AWS does."""
        shape = self._model.shapes[member.shape]
        if any(not holds for each in entries for _, holds in _constraints(shape, each)):
            constraints = ", ".join(constraint for constraint, _ in _constraints(shape, entries[0]))
            broken.add(whole, path, f"{words}: [{constraints}]")

    def _scalar(self, member: Member, shape: Shape, value: Any, path: str) -> Any:
        if shape.type == "string":
            return _string(value, path)
        if shape.type in NUMBERS:
            return _number(shape, value, path)
        if shape.type == "boolean":
            if not isinstance(value, bool):
                raise Fault(f"{path} must be true or false, not {_kind(value)}")
            return value
        if shape.type == "timestamp":
            form = timestamps.form_of(member, shape)
            try:
                return timestamps.parse(value, form)
            except ValueError as error:
                raise Fault(f"{path} is not a timestamp of the form {form}") from error
        return _blob(value, path)


def _constraints(shape: Shape, value: Any) -> Iterator[tuple[str, bool]]:
    """Yield every constraint of a scalar shape in AWS's words, and whether the value keeps it."""
    if shape.type in ("string", "blob"):
        yield from _lengths(shape, len(value))
    elif shape.type in NUMBERS:
        if shape.maximum is not None:
            yield f"Member must have value less than or equal to {shape.maximum}", value <= shape.maximum
        if shape.minimum is not None:
            yield f"Member must have value greater than or equal to {shape.minimum}", value >= shape.minimum
    if shape.enum:
        yield f"Member must satisfy enum value set: [{', '.join(shape.enum)}]", value in shape.enum
    if shape.pattern is not None:
        # AWS matches the whole value, whether or not the pattern is anchored.
        matches = _compiled(shape.pattern).fullmatch(value) is not None
        yield f"Member must satisfy regular expression pattern: {shape.pattern}", matches


def _lengths(shape: Shape, size: int) -> Iterator[tuple[str, bool]]:
    if shape.maximum is not None:
        yield f"Member must have length less than or equal to {shape.maximum}", size <= shape.maximum
    if shape.minimum is not None:
        yield f"Member must have length greater than or equal to {shape.minimum}", size >= shape.minimum


def _string(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise Fault(f"{path} must be a string, not {_kind(value)}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Fault(f"{path} holds half of a surrogate pair: it must be Unicode text") from error
    if "\0" in value:
        raise Fault(f"{path} holds a NUL character, which cannot be kept: leave it out")
    return value


def _number(shape: Shape, raw: Any, path: str) -> int | float:
    bits = _INTEGER_BITS.get(shape.type)
    if bits is None and isinstance(raw, str) and raw in _NOT_FINITE:
        return _NOT_FINITE[raw]
    value: int | float = raw
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise Fault(f"{path} must be a number, not {_kind(value)}")
    if bits is not None:
        if isinstance(value, float) and not value.is_integer():
            raise Fault(f"{path} must be a whole number")
        value = int(value)
        if not -(2**bits) <= value < 2**bits:
            raise Fault(f"{path} does not fit in {bits + 1} bits")
    elif not math.isfinite(value):
        raise Fault(f"{path} must be a finite number")
    return value


def _blob(value: Any, path: str) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise Fault(f"{path} must be base64 text") from error


def _shown(value: Any) -> str:
    """Return a value as AWS shows it in a message: [a, b], {k=v}, true."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, dict):
        text = "{" + ", ".join(f"{key}={_shown(each)}" for key, each in value.items()) + "}"
    elif isinstance(value, list):
        text = "[" + ", ".join(_shown(each) for each in value) + "]"
    else:
        text = str(value)
    return text if len(text) <= VALUE_CHARS_MAX else text[:VALUE_CHARS_MAX] + "…"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return kinds.get(type(value), "a number" if isinstance(value, int | float) else "null")
