"""How well rehearsals foretell real updates of seeded clusters in the embedded world."""

from __future__ import annotations

import os
import statistics

import pytest

from tests.bench.figures import Figure, Figures
from tests.unit.rehearse.scoring import Score, score

pytestmark = [pytest.mark.bench, pytest.mark.timeout(7200)]

CLUSTERS = int(os.environ.get("NODEYARD_SCORED_CLUSTERS", "60"))
BLOCKERS_BAR, LENGTH_BAR, COVER_BAR = 0.98, 0.10, 0.85


def test_rehearsals_are_scored(figures: Figures) -> None:
    scores = [score(seed) for seed in range(1, CLUSTERS + 1)]
    conditions = f"{CLUSTERS} clusters of 2 to 5 nodes, 3 runs each, embedded world"
    right = sum(each.foretold == each.came for each in scores) / len(scores)
    figures.add(Figure("verdicts that came true", right, "", conditions, bar=BLOCKERS_BAR, at_least=True))
    hit = sum(len(each.budgets_foretold & each.budgets_came) for each in scores)
    for name, said in (
        ("blockers, precision", sum(len(each.budgets_foretold) for each in scores)),
        ("blockers, recall", sum(len(each.budgets_came) for each in scores)),
    ):
        share = hit / said if said else 1.0
        figures.add(Figure(name, share, "", conditions, bar=BLOCKERS_BAR, at_least=True))
    _lengths([each for each in scores if each.foretold and each.came], conditions, figures)
    assert right > 0.5, "worse than a coin"


def _lengths(passed: list[Score], conditions: str, figures: Figures) -> None:
    off = statistics.median(abs(each.p50 - each.seconds) / each.seconds for each in passed)
    figures.add(Figure("length, p50 off by", off, "", conditions, bar=LENGTH_BAR))
    covered = sum(each.seconds <= each.p90 for each in passed) / len(passed)
    figures.add(Figure("length, p90 covers", covered, "", conditions, bar=COVER_BAR, at_least=True))
