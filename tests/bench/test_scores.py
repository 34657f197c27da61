"""How well rehearsals foretell real updates of seeded clusters in the embedded world."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest

from nodeyard.rehearse.scoring import summary
from tests.bench.figures import Figure, Figures
from tests.unit.rehearse.scoring import score

pytestmark = [pytest.mark.bench, pytest.mark.timeout(14_400)]

CLUSTERS = int(os.environ.get("NODEYARD_SCORED_CLUSTERS", "60"))
FIRST = int(os.environ.get("NODEYARD_SCORED_FIRST", "1"))
RUNS = 7
BLOCKERS_BAR, LENGTH_BAR, COVER_BAR = 0.98, 0.10, 0.85


def test_rehearsals_are_scored(figures: Figures) -> None:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        scores = list(pool.map(partial(score, runs=RUNS), range(FIRST, FIRST + CLUSTERS)))
    total = summary(scores)
    where = f"{CLUSTERS:,} clusters of 2 to 5 nodes, {RUNS} runs each, embedded world"
    for name, share in (
        ("verdicts that came true", total.right),
        ("blockers, precision", total.precision),
        ("blockers, recall", total.recall),
    ):
        figures.add(Figure(name, 1.0 if share is None else share, "", where, bar=BLOCKERS_BAR, at_least=True))
    assert total.off is not None and total.covered is not None, "some updates pass"
    passed = f"{total.passed:,} updates that passed as foretold, of {where}"
    figures.add(Figure("length, p50 off by", total.off, "", passed, bar=LENGTH_BAR))
    figures.add(Figure("length, p90 covers", total.covered, "", passed, bar=COVER_BAR, at_least=True))
    assert total.right > 0.5, "worse than a coin"
