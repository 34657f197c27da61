"""Figures of scores, and a rehearsal in a process of its own."""

from __future__ import annotations

import asyncio

import msgspec

from nodeyard.app import rehearsing
from nodeyard.model.nodegroup import UpdateConfig
from nodeyard.model.rehearsal import Ask
from nodeyard.rehearse.child import Job
from nodeyard.rehearse.scoring import Score, budgets_in, summary
from tests.unit.rehearse.clusters import TAKEN, three_nodes

ONE, TWO = frozenset({"shop/one"}), frozenset({"shop/one", "shop/two"})


def test_verdicts_blockers_and_lengths_are_counted() -> None:
    scores = [
        Score("a", True, True, frozenset(), frozenset(), 100.0, 130.0, 110.0),
        Score("b", True, True, frozenset(), frozenset(), 100.0, 130.0, 140.0),
        Score("c", False, False, TWO, ONE, 900.0, 910.0, 905.0),
        Score("d", True, False, frozenset(), ONE, 100.0, 130.0, 950.0),
    ]
    found = summary(scores)
    assert (found.updates, found.right, found.passed) == (4, 0.75, 2)
    assert (found.precision, found.recall) == (0.5, 0.5)
    assert found.off is not None and round(found.off, 3) == 0.188
    assert found.covered == 0.5


def test_nothing_to_count_is_not_counted_as_nought() -> None:
    found = summary([Score("c", False, False, frozenset(), frozenset(), 1.0, 1.0, 1.0)])
    assert (found.precision, found.recall, found.off, found.covered) == (None, None, None, None)


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
