"""A few seeded clusters are foretold as they come; `tests/bench/test_scores.py` counts many."""

from __future__ import annotations

import pytest

from tests.unit.rehearse.scoring import score


@pytest.mark.parametrize("seed", [1, 2, 6, 8, 182])
def test_a_seeded_cluster_is_foretold_as_it_comes(seed: int) -> None:
    found = score(seed, runs=1).score
    assert found.foretold == found.came
    assert found.budgets_foretold == found.budgets_came


@pytest.mark.timeout(60)
def test_a_rehearsal_from_the_seed_of_its_cluster_makes_ids_of_its_own() -> None:
    """With those of the cluster new pods had uids of old ones, and the garbage collector never ended."""
    assert score(2615, runs=2).score.verdict == "FAILS"
