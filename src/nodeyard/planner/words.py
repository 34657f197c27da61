"""Numbers and names in sentences, the same way everywhere. Pure."""

from __future__ import annotations

from collections.abc import Sequence

NAMES_MAX = 3
"""Names in a sentence before the rest is counted."""


def counted(number: int, noun: str) -> str:
    """Return `1 node` or `3 nodes`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """Name up to three and count the rest."""
    more = len(names) - NAMES_MAX
    return ", ".join(names[:NAMES_MAX]) + (f" and {more} more" if more > 0 else "")


def span(seconds: float) -> str:
    """Return `12 s`, `15 min` or `3 min 5 s`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
