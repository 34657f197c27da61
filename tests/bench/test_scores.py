"""How well rehearsals foretell real updates of seeded clusters in the embedded world.

A cluster takes one to two processor seconds. Many are scored in slices: with `NODEYARD_SCORED_FILE` each
score is a line of that file as soon as it is known, seeds that are in it are not played again, and the
figures are those of the whole file.
"""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import msgspec
import pytest

from nodeyard.flows.rehearsal import RUNS_SCORED
from nodeyard.rehearse.scoring import hits, summary
from tests.bench.figures import Figure, Figures
from tests.unit.rehearse.scoring import Scored, score

pytestmark = [pytest.mark.bench, pytest.mark.timeout(14_400)]

CLUSTERS = int(os.environ.get("NODEYARD_SCORED_CLUSTERS", "60"))
FIRST = int(os.environ.get("NODEYARD_SCORED_FIRST", "1"))
INTO = os.environ.get("NODEYARD_SCORED_FILE")
RUNS = RUNS_SCORED
"""As many as a service makes before an update."""
PROCESSES = int(os.environ.get("NODEYARD_SCORED_PROCESSES", "0")) or os.cpu_count()
HANGS_AFTER_S = 600
"""Seconds of the wall after which a cluster shows where it stands, and ends its process."""
BLOCKERS_BAR, LENGTH_BAR, COVER_BAR = 0.98, 0.10, 0.85


def test_rehearsals_are_scored(figures: Figures) -> None:
    scored = _kept()
    known = {each.seed for each in scored}
    for each in _played(sorted(set(range(FIRST, FIRST + CLUSTERS)) - known)):
        scored.append(each)
        if INTO:
            with Path(INTO).open("ab") as file:
                file.write(msgspec.json.encode(each) + b"\n")
    scores = [each.score for each in scored]
    total = summary(scores)
    where = f"{len(scores):,} clusters of 2 to 5 nodes, {RUNS} runs each, embedded world"
    closed = {each.score.name: each.closed for each in scored}
    for name, found, bar in (
        ("blockers foretold", total.foretold, BLOCKERS_BAR),
        ("blockers named, be it only at risk", total.named, None),
        ("budgets closed as it begins, no rehearsal", hits(scores, lambda each: closed[each.name]), None),
    ):
        for what, share in (("precision", found.precision), ("recall", found.recall)):
            assert share is not None, "some updates fail"
            figures.add(Figure(f"{name}: {what}", share, "", where, bar=bar, at_least=True))
    figures.add(Figure("verdicts that came true", total.right, "", where))
    figures.add(Figure("verdicts AT_RISK", total.risky / len(scores), "", where))
    if total.risk is not None and total.risk_came is not None:
        risky = f"{total.risky:,} updates at risk of {where}"
        figures.add(Figure("at risk: runs that fail", total.risk, "", risky))
        figures.add(Figure("at risk: updates that failed", total.risk_came, "", risky))
    assert total.off is not None and total.covered is not None, "some updates pass"
    passed = f"{total.passed:,} updates that were not foretold to fail and passed, of {where}"
    figures.add(Figure("length, p50 off by", total.off, "", passed, bar=LENGTH_BAR))
    figures.add(Figure("length, p90 covers", total.covered, "", passed, bar=COVER_BAR, at_least=True))
    assert total.right > 0.5, "worse than a coin"


def _kept() -> list[Scored]:
    if not INTO or not Path(INTO).exists():
        return []
    return [msgspec.json.decode(line, type=Scored) for line in Path(INTO).read_bytes().splitlines()]


def _played(seeds: list[int]) -> Iterator[Scored]:
    with ProcessPoolExecutor(PROCESSES) as pool:
        for done in as_completed([pool.submit(_watched, seed) for seed in seeds]):
            yield done.result()


def _watched(seed: int) -> Scored:
    faulthandler.dump_traceback_later(HANGS_AFTER_S, exit=True)
    try:
        return score(seed, RUNS)
    finally:
        faulthandler.cancel_dump_traceback_later()
