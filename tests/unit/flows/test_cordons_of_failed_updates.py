"""A node that a failed update left cordoned is given back by the next try, however it ends, no other one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nodeyard import catalog
from nodeyard.flows.service import updates
from nodeyard.model.status import UpdateStatus
from nodeyard.model.update import Update
from nodeyard.simulation import Simulation, budget, deployment
from nodeyard.simulation.simulation import CLUSTER
from nodeyard.world.kubernetes.patches import MERGE_PATCH

OLDEST = catalog.default().releases("AL2023_x86_64_STANDARD", "1.34")[0].release_version


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    """A group whose update failed at a budget and left one of its two nodes cordoned."""
    with Simulation(seed=3) as made:
        made.create_cluster(version="1.34")
        made.create_nodegroup("blue", 2, maximum=4, release_version=OLDEST)
        made.until_active("blue")
        made.apply(deployment("web", 2), budget("web", min_available=2))
        made.run_for(60)
        failed = made.until_ended(made.update_version("blue"))
        assert [each.error_code for each in failed.errors] == ["PodEvictionFailure"]
        assert len(cordoned(made)) == 1
        yield made


def cordoned(simulation: Simulation) -> list[str]:
    """Return the cordoned nodes, once the surge is gone."""
    simulation.run_until(lambda: len(simulation.nodes()) == 2, "two nodes")
    return [each["metadata"]["name"] for each in simulation.nodes() if each["spec"].get("unschedulable")]


def cordon(simulation: Simulation, node: str, value: bool | None) -> None:
    """Do what `kubectl cordon` and `uncordon` do."""
    simulation.api().patch("nodes", None, node, {"spec": {"unschedulable": value}}, MERGE_PATCH)
    simulation.run_for(90)


def cancelled(simulation: Simulation) -> Update:
    update = simulation.update_version("blue")
    simulation.run_for(240)
    simulation.do(updates.cancel(simulation.hands, simulation.scope, CLUSTER, update.id))
    return simulation.until_ended(update)


def test_a_cancelled_try_gives_the_node_back(simulation: Simulation) -> None:
    assert cancelled(simulation).status is UpdateStatus.CANCELLED
    assert cordoned(simulation) == []
    assert simulation.nodegroup("blue").left_cordoned == ()


def test_a_try_that_fails_at_the_node_again_leaves_it_for_the_next_one(simulation: Simulation) -> None:
    left = cordoned(simulation)
    again = simulation.until_ended(simulation.update_version("blue"))
    assert again.status is UpdateStatus.FAILED
    assert cordoned(simulation) == left
    cancelled(simulation)
    assert cordoned(simulation) == []


def test_what_its_owner_cordons_later_stays_cordoned(simulation: Simulation) -> None:
    (node,) = cordoned(simulation)
    cordon(simulation, node, None)
    assert simulation.nodegroup("blue").left_cordoned == ()
    cordon(simulation, node, True)
    assert cancelled(simulation).status is UpdateStatus.CANCELLED
    assert cordoned(simulation) == [node]
