"""Condition operators of IAM policies: one table, one comparison each.

Source: IAM User Guide, JSON policy elements: Condition operators; Conditions with multiple context
keys or values.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nodeyard.access import patterns

Context = Mapping[str, str | tuple[str, ...]]
"""Condition key in lower case -> its value, or its values where it may have several."""


class Either(tuple[str, ...]):
    """Values of tags whose keys differ by case alone: a condition key means any one of them."""

    __slots__ = ()


Compare = Callable[[str, str, Mapping[str, str] | None], bool]
"""(value of the policy, value of the request, variables) -> whether they agree."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator with one key. `quantifier` is ForAnyValue, ForAllValues or empty."""

    operator: str
    quantifier: str
    if_exists: bool
    key: str
    values: tuple[str, ...]


def _number(text: str) -> float:
    return float(text)


def instant(text: str) -> datetime:
    """Return an ISO 8601 date, or a number of seconds, as an instant. Raises: ValueError."""
    if text.lstrip("-").replace(".", "", 1).isdecimal():
        return datetime.fromtimestamp(float(text), UTC)
    made = datetime.fromisoformat(text)
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Return an address or a range of them. Raises: ValueError."""
    return ipaddress.ip_network(text, strict=False)


def _of(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Compare:
    def judge(wanted: str, found: str, _: Mapping[str, str] | None) -> bool:
        try:
            return compare(read(found), read(wanted))
        except (ValueError, OverflowError):
            return False

    return judge


def _string_equals(wanted: str, found: str, variables: Mapping[str, str] | None) -> bool:
    try:
        tokens = patterns.tokens(wanted, variables)
    except patterns.Unset:
        return False
    marks = {patterns.ANY: "*", patterns.ONE: "?"}
    return "".join(each if isinstance(each, str) else marks[each] for each in tokens) == found


def _within(wanted: str, found: str, _: Mapping[str, str] | None) -> bool:
    try:
        address = ipaddress.ip_address(found)
        # A socket for both families shows IPv4 callers as ::ffff:10.0.0.1.
        return (getattr(address, "ipv4_mapped", None) or address) in network(wanted)
    except (ValueError, TypeError):
        return False


def _same_bool(wanted: str, found: str, _: Mapping[str, str] | None) -> bool:
    return wanted.lower() == found.lower()


def _ignoring_case(wanted: str, found: str, variables: Mapping[str, str] | None) -> bool:
    low = None if variables is None else {key: value.lower() for key, value in variables.items()}
    return _string_equals(wanted.lower(), found.lower(), low)


_POSITIVE: dict[str, Compare] = {
    "StringEquals": _string_equals,
    "StringEqualsIgnoreCase": _ignoring_case,
    "StringLike": patterns.like,
    "ArnEquals": patterns.like_arn,
    "ArnLike": patterns.like_arn,
    "NumericEquals": _of(_number, lambda a, b: bool(a == b)),
    "NumericLessThan": _of(_number, lambda a, b: bool(a < b)),
    "NumericLessThanEquals": _of(_number, lambda a, b: bool(a <= b)),
    "NumericGreaterThan": _of(_number, lambda a, b: bool(a > b)),
    "NumericGreaterThanEquals": _of(_number, lambda a, b: bool(a >= b)),
    "DateEquals": _of(instant, lambda a, b: bool(a == b)),
    "DateLessThan": _of(instant, lambda a, b: bool(a < b)),
    "DateLessThanEquals": _of(instant, lambda a, b: bool(a <= b)),
    "DateGreaterThan": _of(instant, lambda a, b: bool(a > b)),
    "DateGreaterThanEquals": _of(instant, lambda a, b: bool(a >= b)),
    "Bool": _same_bool,
    "BinaryEquals": lambda wanted, found, _: wanted == found,
    "IpAddress": _within,
}
_NEGATED: dict[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}
OPERATORS = frozenset((*_POSITIVE, *_NEGATED, "Null"))
QUANTIFIERS = ("ForAnyValue", "ForAllValues")


def holds(condition: Condition, context: Context, variables: Mapping[str, str] | None) -> bool:
    """Return whether a condition is met. `variables` None: the policy's version knows none."""
    found = context.get(condition.key.lower())
    values = () if found is None else (found,) if isinstance(found, str) else found
    if condition.operator == "Null":
        wants_none = condition.values[0].lower() == "true" if condition.values else False
        return (not values) is wants_none
    negated = condition.operator in _NEGATED
    if not values:
        # A key that is not there: nothing can differ from it, nothing can be equal to it.
        return (
            condition.if_exists
            or condition.quantifier == "ForAllValues"
            or (negated and condition.quantifier == "")
        )
    compare = _POSITIVE[_NEGATED.get(condition.operator, condition.operator)]

    def agrees(value: str) -> bool:
        one = any(compare(wanted, value, variables) for wanted in condition.values)
        return one is not negated

    if condition.quantifier == "ForAnyValue" or (condition.quantifier == "" and not negated):
        return any(agrees(value) for value in values)
    return all(agrees(value) for value in values)
