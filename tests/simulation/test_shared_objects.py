"""The objects of a simulated cluster are shared by everybody: nobody may change one in place."""

from __future__ import annotations

import pytest

from tests.simulation.run import play
from tests.untouched import Untouched


def test_nothing_that_a_cluster_keeps_is_changed_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Untouched(monkeypatch)
    assert not play(26).problem
    assert watched.check() > 100
