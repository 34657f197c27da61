"""What rehearsals foretold beside what came, as figures: verdicts, blockers, lengths. Pure.

Called by `nodeyard rehearse score` on real updates, and by the benchmark on seeded clusters. Blockers are
counted twice, since AT_RISK is neither a yes nor a no: what was foretold for certain, and all that was named.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from nodeyard.model.rehearsal import AT_RISK, FAILS

_BUDGET = re.compile(r"PodDisruptionBudget ([a-z0-9.-]+/[a-z0-9.-]*[a-z0-9])")


@dataclass(frozen=True, slots=True)
class Score:
    """One update. `failing` is the share of runs that failed. Units: seconds."""

    name: str
    verdict: str
    failing: float
    came: bool
    """Whether it passed."""
    budgets_named: frozenset[str]
    """On which it fails where it does, whatever the verdict."""
    budgets_came: frozenset[str]
    p50: float
    p90: float
    seconds: float

    @property
    def foretold(self) -> bool:
        """Tell whether it was not foretold to fail."""
        return self.verdict != FAILS

    @property
    def budgets_foretold(self) -> frozenset[str]:
        """Return the budgets of which it was said that it fails on them, not that it may."""
        return frozenset() if self.foretold else self.budgets_named


@dataclass(frozen=True, slots=True)
class Hits:
    """Shares of blockers: of those foretold that came, and of those that came that were foretold.

    None: there is nothing to count.
    """

    precision: float | None
    recall: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Shares of many scores; None: there is nothing to count. `off` is the median of how far p50 is off.

    `off` and `covered` count updates that were not foretold to fail and passed. `risky` counts verdicts
    AT_RISK, `risk` is the share of them that their rehearsals expected to fail, `risk_came` that which did.
    """

    updates: int
    right: float
    foretold: Hits
    """Verdict FAILS foretells, AT_RISK does not: what comes true of it is missed."""
    named: Hits
    """AT_RISK foretells as FAILS does: what does not come true of it is wrong."""
    risky: int
    risk: float | None
    risk_came: float | None
    passed: int
    off: float | None
    covered: float | None


def budgets_in(messages: Iterable[str]) -> frozenset[str]:
    """Return the budgets that the errors of an update name."""
    return frozenset(name for message in messages for name in _BUDGET.findall(message))


def summary(scores: Sequence[Score]) -> Summary:
    """Return the figures of scores. Bounds: one at least."""
    passed = [each for each in scores if each.foretold and each.came and each.seconds > 0]
    risky = [each for each in scores if each.verdict == AT_RISK]
    return Summary(
        len(scores),
        sum(each.foretold == each.came for each in scores) / len(scores),
        hits(scores, lambda each: each.budgets_foretold),
        hits(scores, lambda each: each.budgets_named),
        len(risky),
        statistics.fmean(each.failing for each in risky) if risky else None,
        sum(not each.came for each in risky) / len(risky) if risky else None,
        len(passed),
        statistics.median(abs(each.p50 - each.seconds) / each.seconds for each in passed) if passed else None,
        sum(each.seconds <= each.p90 for each in passed) / len(passed) if passed else None,
    )


def hits(scores: Sequence[Score], foretold: Callable[[Score], frozenset[str]]) -> Hits:
    """Return how well what was foretold fits what came, budget by budget."""
    said, came = sum(len(foretold(each)) for each in scores), sum(len(each.budgets_came) for each in scores)
    hit = sum(len(foretold(each) & each.budgets_came) for each in scores)
    return Hits(hit / said if said else None, hit / came if came else None)
