"""Figures of scores, and a rehearsal in a process of its own."""

from __future__ import annotations

import asyncio

import msgspec

from nodeyard.app import rehearsing
from nodeyard.model.nodegroup import UpdateConfig
from nodeyard.model.rehearsal import Ask
from nodeyard.rehearse.child import Job
from nodeyard.rehearse.scoring import Hits, Score, budgets_in, summary
from tests.unit.rehearse.clusters import TAKEN, three_nodes

NONE, ONE, TWO = frozenset[str](), frozenset({"shop/one"}), frozenset({"shop/one", "shop/two"})


def test_verdicts_blockers_and_lengths_are_counted() -> None:
    scores = [
        Score("a", "PASSES", 0.0, True, NONE, NONE, 100.0, 130.0, 110.0),
        Score("b", "PASSES", 0.0, True, NONE, NONE, 100.0, 130.0, 140.0),
        Score("c", "FAILS", 1.0, False, TWO, ONE, 900.0, 910.0, 905.0),
        Score("d", "PASSES", 0.0, False, NONE, ONE, 100.0, 130.0, 950.0),
    ]
    found = summary(scores)
    assert (found.updates, found.right, found.passed) == (4, 0.75, 2)
    assert found.foretold == found.named == Hits(0.5, 0.5)
    assert found.off is not None and round(found.off, 3) == 0.188
    assert found.covered == 0.5


def test_what_is_only_at_risk_is_counted_both_ways() -> None:
    scores = [
        Score("a", "AT_RISK", 0.5, True, ONE, NONE, 100.0, 130.0, 110.0),
        Score("b", "AT_RISK", 0.7, False, ONE, ONE, 100.0, 130.0, 950.0),
        Score("c", "FAILS", 1.0, False, ONE, ONE, 900.0, 910.0, 905.0),
    ]
    found = summary(scores)
    assert (found.foretold, found.named) == (Hits(1.0, 0.5), Hits(2 / 3, 1.0))
    assert (found.risky, found.risk_came, found.passed) == (2, 0.5, 1)
    assert found.risk is not None and round(found.risk, 3) == 0.6


def test_nothing_to_count_is_not_counted_as_nought() -> None:
    found = summary([Score("c", "FAILS", 1.0, False, NONE, NONE, 1.0, 1.0, 1.0)])
    assert found.foretold == found.named == Hits(None, None)
    assert (found.risky, found.risk, found.off, found.covered) == (0, None, None, None)


def test_budgets_are_read_from_the_errors_of_an_update() -> None:
    said = "held by PodDisruptionBudget shop/web, PodDisruptionBudget shop/web-2; Help: set shop/x."
    assert budgets_in([said, "nothing"]) == {"shop/web", "shop/web-2"}


def test_a_rehearsal_runs_in_a_process_of_its_own_and_a_refusal_comes_back() -> None:
    snapshot = three_nodes().snapshot()

    def run(group: str) -> rehearsing.Done:
        job = Job(Ask(group, UpdateConfig(), 900.0, runs=1), TAKEN, snapshot.objects, {}, 60)
        return asyncio.run(rehearsing.run(msgspec.json.encode(job)))

    made = run("blue").made
    assert made is not None and made.verdict == "PASSES"
    refused = run("nothing")
    assert refused.made is None and "is in group" in refused.refused
