"""Pages with opaque tokens. A token says after which item to go on, so that a page stays right
when items before it come or go."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

PAGE_SIZE_MAX = 100
"""Source: EKS API model, maxResults of every list operation."""
_PREFIX = b"v1:"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: tuple[T, ...]
    next_token: str | None


@dataclass(frozen=True, slots=True)
class BadToken:
    message: str


def page(
    items: Sequence[T],
    size: int | None,
    token: str | None,
    key: Callable[[T], str] = str,
    *,
    size_max: int = PAGE_SIZE_MAX,
) -> Page[T] | BadToken:
    """Return one page of items that are in a stable order. Bounds: 100 a page, or as many as `size_max`."""
    start = 0
    if token:
        after = _read(token)
        if after is None:
            return BadToken("The nextToken is not valid; call again without it to start over.")
        offset, last = after
        keys = [key(item) for item in items]
        start = keys.index(last) + 1 if last in keys else min(offset, len(items))
    chosen = tuple(items[start : start + min(size or PAGE_SIZE_MAX, size_max)])
    end = start + len(chosen)
    return Page(chosen, _write(end, key(chosen[-1])) if chosen and end < len(items) else None)


def _write(offset: int, last: str) -> str:
    return base64.urlsafe_b64encode(_PREFIX + f"{offset}:{last}".encode()).decode()


def _read(token: str) -> tuple[int, str] | None:
    try:
        raw = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        if not raw.startswith(_PREFIX):
            return None
        offset, _, last = raw[len(_PREFIX) :].decode().partition(":")
        # Only what `_write` writes: no sign, no spaces.
        return (int(offset), last) if offset.isascii() and offset.isdecimal() else None
    except (binascii.Error, UnicodeError, ValueError):
        return None
