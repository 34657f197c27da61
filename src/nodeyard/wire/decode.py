"""An HTTP request -> validated parameters, or what is wrong with it. Never raises for input."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from nodeyard.wire.model import Member, Operation, ServiceModel
from nodeyard.wire.route import Match
from nodeyard.wire.validate import NUMBERS, Fault, Validator, Violations

_BETWEEN_DATES = r"(?<=GMT)\s*,"
_PREFERRED_ERRORS = (
    "InvalidParameterException",
    "InvalidRequestException",
    "BadRequestException",
    "ClientException",
)

KEPT, CHARS_KEPT = 2048, 256
"""How many requests are remembered with what they mean, and how long their labels may be for that."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as a value. Header names are lower case."""

    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Malformed:
    """`code` is an error shape that the operation declares, where it declares a fitting one."""

    code: str
    message: str
    members: dict[str, str] = field(default_factory=dict)


def caller_error(operation: Operation) -> str:
    """Return the error shape that tells a caller of this operation about a bad request."""
    for code in _PREFERRED_ERRORS:
        if code in operation.errors:
            return code
    return _PREFERRED_ERRORS[0]


class Decoder:
    def __init__(self, model: ServiceModel) -> None:
        self._model = model
        self._validator = Validator(model)
        self._kept: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
        """What requests meant of which everything that counts is in the path."""
        self._headerless: dict[str, bool] = {}

    def decode(self, match: Match, request: Request) -> dict[str, Any] | Malformed:
        """Return the parameters by member name, or Malformed."""
        operation = match.operation
        if operation.input is None:
            return {}
        all_in_path = not request.body and not request.query and self._all_in_path(operation.input)
        name = operation.name, tuple(match.labels.values())
        if all_in_path and (kept := self._kept.get(name)) is not None:
            return dict(kept)
        try:
            found = self._decode(operation.input, match.labels, request)
            if all_in_path and sum(map(len, name[1])) <= CHARS_KEPT:
                if len(self._kept) >= KEPT:
                    self._kept.clear()
                self._kept[name] = dict(found)
            return found
        except Fault as fault:
            return Malformed(caller_error(operation), str(fault))

    def _all_in_path(self, name: str) -> bool:
        """Return whether no header means anything to an operation: labels are text, checked once."""
        known = self._headerless.get(name)
        if known is None:
            members = self._model.shapes[name].members.values()
            known = all(each.location not in ("header", "headers") for each in members)
            self._headerless[name] = known
        return known

    def _decode(self, name: str, labels: Mapping[str, str], request: Request) -> dict[str, Any]:
        shape = self._model.shapes[name]
        query = _query(request.query)
        body = self._body(shape.payload, shape.members, request.body)
        found: dict[str, Any] = {}
        broken = Violations()
        for member in shape.members.values():
            raw = self._raw(member, labels, query, request.headers, body)
            if raw is not None:
                found[member.name] = self._validator.value(member, raw, member.name, broken)
        self._validator.required(shape, found, "", broken)
        broken.raise_if_any()
        return found

    def _raw(
        self,
        member: Member,
        labels: Mapping[str, str],
        query: dict[str, list[str]],
        headers: Mapping[str, str],
        body: dict[str, Any],
    ) -> Any:
        if member.location == "uri":
            return self._text(member, labels.get(member.location_name))
        if member.location == "querystring":
            return self._from_query(member, query)
        if member.location == "header":
            return self._from_header(member, headers.get(member.location_name.lower()))
        if member.location == "headers":
            prefix = member.location_name.lower()
            found = {k[len(prefix) :]: v for k, v in headers.items() if k.startswith(prefix)}
            return found or None
        return body.get(member.location_name)

    def _from_query(self, member: Member, query: dict[str, list[str]]) -> Any:
        shape = self._model.shapes[member.shape]
        if shape.type == "map":
            assert shape.value is not None
            known = {k: v for k, v in query.items() if k != member.location_name}
            if self._model.shapes[shape.value.shape].type == "list":
                return known or None
            return {k: v[0] for k, v in known.items()} or None
        values = query.get(member.location_name)
        if values is None:
            return None
        if shape.type == "list":
            assert shape.element is not None
            element = shape.element
            return [self._text(element, value) for value in values]
        return self._text(member, values[0])

    def _from_header(self, member: Member, text: str | None) -> Any:
        shape = self._model.shapes[member.shape]
        if text is None or shape.type != "list":
            return self._text(member, text)
        assert shape.element is not None
        # A list of timestamps in rfc822 form has a comma inside each of its entries.
        comma = _BETWEEN_DATES if self._is_date_list(shape.element) else ","
        element = shape.element.in_header()
        return [self._text(element, each.strip()) for each in re.split(comma, text) if each.strip()]

    def _is_date_list(self, element: Member) -> bool:
        shape = self._model.shapes[element.shape]
        return shape.type == "timestamp" and (element.timestamp_format or shape.timestamp_format) is None

    def _text(self, member: Member, text: str | None) -> Any:
        """Return what text in a label, query or header stands for, by the shape's type."""
        if text is None:
            return None
        kind = self._model.shapes[member.shape].type
        if kind == "boolean":
            return {"true": True, "false": False}.get(text.lower(), text)
        if kind in NUMBERS:
            try:
                return float(text) if kind in ("float", "double") else int(text)
            except ValueError:
                return text
        return text

    def _body(self, payload: str | None, members: dict[str, Member], body: bytes) -> dict[str, Any]:
        if payload is not None:
            member = members[payload]
            kind = self._model.shapes[member.shape].type
            if not body or kind == "blob":
                return {member.location_name: body or None}
            return {member.location_name: _utf8(body) if kind == "string" else _json(body)}
        if not body or all(member.location is not None for member in members.values()):
            return {}
        parsed = _json(body)
        if not isinstance(parsed, dict):
            raise Fault("The request body must be a JSON object")
        return parsed


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Fault("The request body is not UTF-8 text") from error


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except RecursionError as error:
        raise Fault("The request body is nested too deeply") from error
    except ValueError as error:
        # UnicodeDecodeError and overlong numbers are ValueErrors as well.
        raise Fault(f"The request body is not JSON: {error}") from error


def _query(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=2000)
    except ValueError as error:
        raise Fault("The query string has too many parameters") from error
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
