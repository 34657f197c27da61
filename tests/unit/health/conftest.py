"""The fixture of health tests: one simulated cluster with faults at hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nodeyard.simulation import Simulation
from tests.unit.health.ward import Ward


@pytest.fixture
def ward() -> Iterator[Ward]:
    with Simulation(seed=1) as simulation:
        simulation.create_cluster()
        yield Ward(simulation)
