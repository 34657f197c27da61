"""A node group moves to another release."""

from __future__ import annotations

from nodeyard import catalog
from nodeyard.model.status import UpdateStatus
from nodeyard.simulation import budget, deployment
from tests.stories.conftest import Tell

OLD = catalog.default().releases("AL2023_x86_64_STANDARD", "1.34")[0].release_version


def test_three_nodes_move_to_a_newer_release_under_a_budget(tell: Tell) -> None:
    simulation = tell("Three nodes move to a newer release; a budget lets one pod move at a time")
    simulation.create_nodegroup("blue", 3, release_version=OLD)
    simulation.until_active("blue")
    simulation.apply(deployment("web", 3), budget("web", max_unavailable=1))
    simulation.run_for(60)
    update = simulation.until_ended(simulation.update_version("blue"))
    assert update.status is UpdateStatus.SUCCESSFUL
    simulation.run_for(60)
    versions = {each.launch_template_version for each in simulation.auto_scaling_group("blue").instances}
    assert versions == {"2"}
    assert simulation.auto_scaling_group("blue").desired == 3


def test_a_budget_that_allows_nothing_fails_an_update(tell: Tell) -> None:
    simulation = tell("An update meets a budget that allows nothing and fails with its name")
    simulation.create_nodegroup("blue", 2, release_version=OLD)
    simulation.until_active("blue")
    simulation.apply(deployment("web", 2), budget("web", max_unavailable=0))
    simulation.run_for(60)
    update = simulation.until_ended(simulation.update_version("blue"))
    assert update.status is UpdateStatus.FAILED
    (error,) = update.errors
    assert error.error_code == "PodEvictionFailure"
    assert "default/web" in error.error_message
