"""How long to wait after a failure. Pure: attempts and a random number in, seconds out."""

from __future__ import annotations

RETRYABLE_MAX_S = 60.0
"""The world was busy: it may be free again soon."""
BUG_MAX_S = 300.0
"""Our own fault: repeating it fast helps nobody."""

PARK_AFTER = 8
"""Bugs in a row after which a key is left to a person: about four simulated minutes of trying."""


def backoff_s(attempts: int, chance: float, *, longest_s: float) -> float:
    """Return simulated seconds to wait after the given number of failures in a row.

    Bounds: 1 s doubled for each attempt, at most `longest_s`, with half of it left to chance
    (0 <= chance < 1) so that many keys that failed together do not come back together.
    """
    full = min(longest_s, 2.0 ** min(attempts, 30))
    return full / 2 + full / 2 * chance
