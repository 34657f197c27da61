"""IAM JSON policies as values, refused whole when anything in them is not understood.

A policy that is read leniently grants what its writer did not mean, so an unknown element or
operator is an error, as it is in IAM. Source: IAM User Guide, grammar of the JSON policy language.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from nodeyard.access.conditions import OPERATORS, QUANTIFIERS, Condition, instant, network

VERSION = "2012-10-17"
OLD_VERSION = "2008-10-17"
SIZE_MAX = 6144
"""Characters, as of a managed policy. Source: IAM User Guide, IAM and STS quotas."""
_ACTION = re.compile(r"\*|[a-zA-Z0-9*?-]+:[a-zA-Z0-9*?]+")
_ELEMENTS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}


class MalformedPolicy(ValueError):
    """What is wrong with a policy, as one sentence."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. With `not_actions` or `not_resources` the list says what is left out."""

    sid: str
    allows: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    statements: tuple[Statement, ...]
    has_variables: bool
    """Whether `${...}` stands for something: since version 2012-10-17."""


ALLOW_ALL = Policy((Statement("", True, ("*",), False, ("*",), False, ()),), True)


def parse(text: str) -> Policy:
    """Return a policy. Raises: MalformedPolicy."""
    if len(text) > SIZE_MAX:
        raise MalformedPolicy(f"The policy has {len(text)} characters; at most {SIZE_MAX} are allowed.")
    try:
        document = json.loads(text, object_pairs_hook=_object)
    except (json.JSONDecodeError, RecursionError) as error:
        raise MalformedPolicy(f"The policy is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise MalformedPolicy("The policy is not a JSON object.")
    _known(document, {"Version", "Id", "Statement"}, "The policy")
    version = document.get("Version", OLD_VERSION)
    if version not in (VERSION, OLD_VERSION):
        raise MalformedPolicy(f"Version {version!r} is unknown: use {VERSION}.")
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise MalformedPolicy("The policy has no Statement.")
    return Policy(
        tuple(_statement(each, place) for place, each in enumerate(statements, start=1)), version == VERSION
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = sorted({name for name, _ in pairs if [other for other, _ in pairs].count(name) > 1})
        raise MalformedPolicy(f"{', '.join(twice)} is given twice in one object.")
    return made


def _known(found: dict[str, Any], names: set[str], where: str) -> None:
    unknown = sorted(set(found) - names)
    if unknown:
        raise MalformedPolicy(f"{where} has unknown elements: {', '.join(unknown)}.")


def _statement(found: Any, place: int) -> Statement:
    where = f"Statement {place}"
    if not isinstance(found, dict):
        raise MalformedPolicy(f"{where} is not an object.")
    _known(found, _ELEMENTS, where)
    if found.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicy(f"{where}: Effect must be Allow or Deny.")
    actions, not_actions = _either(found, "Action", where)
    resources, not_resources = _either(found, "Resource", where)
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise MalformedPolicy(f"{where}: {action!r} is not an action; write SERVICE:ACTION or *.")
    for resource in resources:
        if not resource.startswith(("arn:", "*", "${")):
            raise MalformedPolicy(f"{where}: {resource!r} is not a resource; write an ARN or *.")
    return Statement(
        sid=str(found.get("Sid", "")),
        allows=found["Effect"] == "Allow",
        actions=actions,
        not_actions=not_actions,
        resources=resources,
        not_resources=not_resources,
        conditions=_conditions(found.get("Condition", {}), where),
    )


def _either(found: dict[str, Any], name: str, where: str) -> tuple[tuple[str, ...], bool]:
    if (name in found) == (f"Not{name}" in found):
        raise MalformedPolicy(f"{where} needs {name} or Not{name}, and not both.")
    negated = name not in found
    spelled = f"Not{name}" if negated else name
    return _texts(found[spelled], f"{where}: {spelled}"), negated


def _texts(value: Any, where: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(each, str) for each in values):
        raise MalformedPolicy(f"{where} must be a text or a list of texts.")
    return tuple(values)


def _conditions(found: Any, where: str) -> tuple[Condition, ...]:
    if not isinstance(found, dict):
        raise MalformedPolicy(f"{where}: Condition must be an object.")
    made: list[Condition] = []
    for spelled, keys in found.items():
        quantifier, colon, rest = spelled.partition(":")
        operator, quantifier = (rest, quantifier) if colon else (spelled, "")
        if_exists = operator.endswith("IfExists")
        operator = operator.removesuffix("IfExists")
        known = operator in OPERATORS and (not colon or quantifier in QUANTIFIERS)
        if not known or (operator == "Null" and if_exists):
            raise MalformedPolicy(f"{where}: {spelled!r} is not a condition operator.")
        if not isinstance(keys, dict) or not keys:
            raise MalformedPolicy(f"{where}: {spelled} must name condition keys.")
        for key, value in keys.items():
            values = _values(value, f"{where}: {spelled} of {key}")
            _typed(operator, values, f"{where}: {spelled} of {key}")
            made.append(Condition(operator, quantifier, if_exists, key, values))
    return tuple(made)


def _values(value: Any, where: str) -> tuple[str, ...]:
    """Return the values as texts: JSON booleans and numbers are allowed for them."""
    values = value if isinstance(value, list) else [value]
    made = tuple(json.dumps(each) if isinstance(each, bool | int | float) else each for each in values)
    return _texts(list(made), where)


def _typed(operator: str, values: tuple[str, ...], where: str) -> None:
    """Refuse values that an operator could never agree with."""
    for value in values:
        if "${" in value:
            continue
        try:
            if operator.startswith("Numeric"):
                float(value)
            elif operator.startswith("Date"):
                instant(value)
            elif operator.endswith("IpAddress"):
                network(value)
            elif operator in ("Bool", "Null") and value.lower() not in ("true", "false"):
                raise ValueError("not true or false")
        except (ValueError, OverflowError) as error:
            raise MalformedPolicy(f"{where}: {value!r} cannot be used: {error}.") from error
