"""What rehearsals foretold beside what came, as figures: verdicts, blockers, lengths. Pure.

Called by `nodeyard rehearse score` on real updates, and by the benchmark on seeded clusters.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_BUDGET = re.compile(r"PodDisruptionBudget ([a-z0-9.-]+/[a-z0-9.-]*[a-z0-9])")


@dataclass(frozen=True, slots=True)
class Score:
    """One update. `budgets_*` are those on which it fails. Units: seconds."""

    name: str
    foretold: bool
    came: bool
    budgets_foretold: frozenset[str]
    budgets_came: frozenset[str]
    p50: float
    p90: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Shares of many scores; None: there is nothing to count. `off` is the median of how far p50 is off.

    `off` and `covered` count updates that were foretold to pass and did.
    """

    updates: int
    right: float
    precision: float | None
    recall: float | None
    passed: int
    off: float | None
    covered: float | None


def budgets_in(messages: Iterable[str]) -> frozenset[str]:
    """Return the budgets that the errors of an update name."""
    return frozenset(name for message in messages for name in _BUDGET.findall(message))


def summary(scores: Sequence[Score]) -> Summary:
    """Return the figures of scores. Bounds: one at least."""
    hit = sum(len(each.budgets_foretold & each.budgets_came) for each in scores)
    foretold = sum(len(each.budgets_foretold) for each in scores)
    came = sum(len(each.budgets_came) for each in scores)
    passed = [each for each in scores if each.foretold and each.came and each.seconds > 0]
    return Summary(
        len(scores),
        sum(each.foretold == each.came for each in scores) / len(scores),
        hit / foretold if foretold else None,
        hit / came if came else None,
        len(passed),
        statistics.median(abs(each.p50 - each.seconds) / each.seconds for each in passed) if passed else None,
        sum(each.seconds <= each.p90 for each in passed) / len(passed) if passed else None,
    )
