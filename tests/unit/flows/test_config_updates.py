"""Every node of a group has its labels and taints, whatever it was doing when they changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nodeyard import catalog
from nodeyard.flows.service import nodegroups, updates
from nodeyard.model.commands import ScalingChange, UpdateNodegroupConfig
from nodeyard.model.nodegroup import Taint
from nodeyard.model.status import UpdateStatus
from nodeyard.model.update import Update
from nodeyard.planner.rollout.actions import TAINT
from nodeyard.simulation import Simulation
from nodeyard.simulation.simulation import CLUSTER

OLDEST = catalog.default().releases("AL2023_x86_64_STANDARD", "1.34")[0].release_version
GPU = Taint("dedicated", "NO_SCHEDULE", "gpu")
OLD = Taint("old", "NO_EXECUTE", "yes")
ROLE = "node-role.kubernetes.io/web"
OF_THE_GROUP = Taint(TAINT[0], "NO_SCHEDULE", "blue")


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    with Simulation(seed=3) as made:
        made.create_cluster(version="1.34")
        yield made


def change(simulation: Simulation, **members: Any) -> Update:
    command = UpdateNodegroupConfig(CLUSTER, "blue", **members)
    return simulation.do(nodegroups.update_config(simulation.hands, simulation.scope, command))


def told(simulation: Simulation) -> list[tuple[dict[str, str], set[tuple[str, str, str]]]]:
    """Return labels of our own and taints of every node."""
    ours = ("team", "was", ROLE)
    return [
        (
            {key: value for key, value in node["metadata"]["labels"].items() if key in ours},
            {(at["key"], at.get("value", ""), at["effect"]) for at in node["spec"].get("taints") or ()},
        )
        for node in simulation.nodes()
    ]


def test_nodes_that_a_change_launches_have_the_labels_and_taints_of_the_same_change(
    simulation: Simulation,
) -> None:
    simulation.create_nodegroup("blue", 1, maximum=3)
    simulation.until_active("blue")
    sizes = ScalingChange(desired=3)
    simulation.until_ended(
        change(simulation, scaling=sizes, labels_add={"team": "web", ROLE: ""}, taints_add=(GPU,))
    )
    simulation.run_until(lambda: len(simulation.ready_nodes()) == 3, "three nodes")
    simulation.run_for(120)
    wanted = {"team": "web", ROLE: ""}, {("dedicated", "gpu", "NoSchedule")}
    assert told(simulation) == [wanted] * 3


def test_nodes_that_boot_while_labels_and_taints_change_have_the_new_ones(simulation: Simulation) -> None:
    simulation.create_nodegroup("blue", 1, maximum=3, labels={"was": "1", "team": "a"}, taints=(OLD,))
    simulation.until_active("blue")
    simulation.until_ended(simulation.scale("blue", 3))
    simulation.until_ended(
        change(simulation, labels_add={"team": "b"}, labels_remove=("was",), taints_remove=(OLD,))
    )
    simulation.until_ended(change(simulation, labels_add={"team": "web", ROLE: ""}, taints_add=(GPU,)))
    assert len(simulation.nodes()) == 1, "the others still boot"
    simulation.run_until(lambda: len(simulation.ready_nodes()) == 3, "three nodes")
    simulation.run_for(120)
    wanted = {"team": "web", ROLE: ""}, {("dedicated", "gpu", "NoSchedule")}
    assert told(simulation) == [wanted] * 3


def test_a_cancelled_update_gives_nodes_the_taint_back_that_its_own_replaced(simulation: Simulation) -> None:
    simulation.create_nodegroup("blue", 2, maximum=3, release_version=OLDEST, taints=(OF_THE_GROUP,))
    simulation.until_active("blue")
    update = simulation.update_version("blue")
    simulation.run_until(lambda: any(TAINT in taints for _, taints in told(simulation)), "a marked node")
    simulation.do(updates.cancel(simulation.hands, simulation.scope, CLUSTER, update.id))
    assert simulation.until_ended(update).status is UpdateStatus.CANCELLED
    own = (TAINT[0], "blue", "NoSchedule")
    assert all(own in taints and TAINT not in taints for _, taints in told(simulation))
