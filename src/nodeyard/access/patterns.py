"""Patterns of IAM policies: `*`, `?` and policy variables, matched in linear time and space.

Source: IAM User Guide, JSON policy elements: Resource, and Variables and tags.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

ANY, ONE = 0, 1
"""Tokens beside plain characters: any number of characters, and exactly one."""

Token = str | int
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*": "*", "?": "?", "$": "$"}


class Unset(Exception):
    """A policy variable that the request has no value for: nothing matches the pattern."""


def tokens(pattern: str, variables: Mapping[str, str] | None) -> list[Token]:
    """Return a pattern as tokens. With `variables` (names in lower case), `${name}` stands for its value,
    in which `*` and `?` are plain characters. Raises: Unset.
    """
    made: list[Token] = []
    position = 0
    for found in _VARIABLE.finditer(pattern) if variables is not None else ():
        made += _wild(pattern[position : found.start()])
        made += _value(found[1], variables or {})
        position = found.end()
    return made + _wild(pattern[position:])


def _wild(text: str) -> list[Token]:
    return [ANY if each == "*" else ONE if each == "?" else each for each in text]


def _value(inside: str, variables: Mapping[str, str]) -> str:
    if inside in _LITERALS:
        return _LITERALS[inside]
    name, comma, default = (part.strip() for part in inside.partition(","))
    value = variables.get(name.lower())
    if value is not None:
        return value
    if comma and len(default) >= 2 and default[0] == default[-1] == "'":
        return default[1:-1]
    raise Unset(name)


def matches(pattern: Sequence[Token], text: str) -> bool:
    """Return whether a whole text matches. Bounds: length of pattern times length of text, at worst."""
    at = position = 0
    star, resume = -1, 0
    while position < len(text):
        token = pattern[at] if at < len(pattern) else None
        if token == ANY:
            star, resume = at, position
            at += 1
        elif token is not None and (token == text[position] or token == ONE):
            at += 1
            position += 1
        elif star >= 0:
            resume += 1
            at, position = star + 1, resume
        else:
            return False
    return all(token == ANY for token in pattern[at:])


def like(pattern: str, text: str, variables: Mapping[str, str] | None = None) -> bool:
    """Return whether a text matches a pattern; a variable without a value matches nothing."""
    try:
        return matches(tokens(pattern, variables), text)
    except Unset:
        return False


def like_arn(pattern: str, text: str, variables: Mapping[str, str] | None = None) -> bool:
    """Return whether an ARN matches, each of its six parts by itself: no `*` reaches over a colon.

    Source: IAM User Guide, condition operators, ArnLike.
    """
    # A variable has its own colons: the pattern is split before it is filled in.
    parts = re.split(r":(?![^{]*\})", pattern, maxsplit=5)
    found = text.split(":", 5)
    if len(parts) != 6 or len(found) != 6:
        return pattern == "*" and len(found) == 6
    return all(like(part, each, variables) for part, each in zip(parts, found, strict=True))
