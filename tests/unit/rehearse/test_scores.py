"""A few seeded clusters are foretold as they come; `tests/bench/test_scores.py` counts many."""

from __future__ import annotations

import pytest

from tests.unit.rehearse.scoring import score


@pytest.mark.parametrize("seed", [1, 2, 6, 8, 182])
def test_a_seeded_cluster_is_foretold_as_it_comes(seed: int) -> None:
    found = score(seed, runs=1).score
    assert found.foretold == found.came
    assert found.budgets_foretold == found.budgets_came
