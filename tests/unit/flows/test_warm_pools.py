"""Node groups with a warm pool: instances wait beside the group, join when it grows, and may come back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from nodeyard import catalog
from nodeyard.flows.service import nodegroups
from nodeyard.model.commands import UpdateNodegroupConfig, WarmPoolChange
from nodeyard.model.status import UpdateStatus
from nodeyard.model.update import Update
from nodeyard.simulation import Simulation, budget, deployment
from nodeyard.simulation.simulation import CLUSTER

OLDEST = catalog.default().releases("AL2023_x86_64_STANDARD", "1.34")[0].release_version


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    with Simulation(seed=11) as made:
        made.create_cluster(version="1.34")
        yield made


def a_group(simulation: Simulation, nodes: int = 2, **pool: Any) -> None:
    simulation.create_nodegroup("blue", nodes, maximum=5, warm_pool=WarmPoolChange(enabled=True, **pool))
    simulation.until_active("blue")


def change(simulation: Simulation, **pool: Any) -> Update:
    command = UpdateNodegroupConfig(CLUSTER, "blue", warm_pool=WarmPoolChange(**pool))
    return simulation.do(nodegroups.update_config(simulation.hands, simulation.scope, command))


def pool_of(simulation: Simulation) -> dict[str, str]:
    return {each.id: each.lifecycle_state for each in simulation.auto_scaling_group("blue").warm}


def until_pool(simulation: Simulation, count: int, state: str = "Warmed:Stopped") -> set[str]:
    """Wait until so many instances wait in the pool, and nothing else is in it; return their ids."""
    simulation.run_until(
        lambda: Counter(pool_of(simulation).values()) == Counter({state: count} if count else {}),
        f"{count} instances are {state}",
        within_s=1800,
    )
    return set(pool_of(simulation))


def until_nodes(simulation: Simulation, count: int) -> None:
    """Wait until so many nodes take pods, and no other node is there."""

    def there() -> bool:
        nodes = simulation.nodes()
        open_ones = [each for each in nodes if not each["spec"].get("unschedulable")]
        return len(simulation.ready_nodes()) == len(open_ones) == len(nodes) == count

    simulation.run_until(there, f"{count} nodes take pods", within_s=1800)


def instances(simulation: Simulation) -> set[str]:
    return {each.id for each in simulation.auto_scaling_group("blue").instances}


def test_instances_of_the_pool_wait_stopped_and_are_no_nodes(simulation: Simulation) -> None:
    a_group(simulation)
    until_pool(simulation, 3)  # the maximum less the desired size
    group = simulation.nodegroup("blue")
    assert len(simulation.nodes()) == 2 == group.scaling.desired
    assert group.issues == ()


def test_a_group_that_grows_draws_on_its_pool_and_is_there_sooner(simulation: Simulation) -> None:
    a_group(simulation, min_size=2, max_group_prepared_capacity=4)
    waited = until_pool(simulation, 2)
    began = simulation.clock.now()
    simulation.scale("blue", 3)
    until_nodes(simulation, 3)
    took = (simulation.clock.now() - began).total_seconds()
    assert len(waited & instances(simulation)) == 1
    assert len(waited & until_pool(simulation, 2)) == 1, "the pool is filled up again"
    simulation.do(_without(simulation))
    until_pool(simulation, 0)
    began = simulation.clock.now()
    simulation.scale("blue", 4)
    until_nodes(simulation, 4)
    assert took < (simulation.clock.now() - began).total_seconds(), "a cold start takes longer"


async def _without(simulation: Simulation) -> None:
    command = UpdateNodegroupConfig(CLUSTER, "blue", warm_pool=WarmPoolChange(enabled=False))
    await nodegroups.update_config(simulation.hands, simulation.scope, command)


@pytest.mark.parametrize("state", ["RUNNING", "HIBERNATED", "STOPPED"])
def test_an_instance_that_a_scale_in_lets_go_comes_back_drained_and_serves_again(
    simulation: Simulation, state: str
) -> None:
    warmed = f"Warmed:{state.capitalize()}"
    a_group(simulation, nodes=3, max_group_prepared_capacity=3, pool_state=state, reuse_on_scale_in=True)
    simulation.apply(deployment("web", 3), budget("web", max_unavailable=1))
    simulation.run_for(60)
    assert pool_of(simulation) == {}
    before = instances(simulation)
    simulation.scale("blue", 2)
    back = until_pool(simulation, 1, warmed)
    assert back == before - instances(simulation)
    simulation.run_for(120)
    texts = [each.message for each in simulation.events() if each.subject.get("instance") in back]
    assert any("is drained first" in text for text in texts)
    assert len([each for each in simulation.nodes() if not each["spec"].get("unschedulable")]) == 2
    assert simulation.nodegroup("blue").issues == ()
    simulation.scale("blue", 3)
    until_nodes(simulation, 3)
    assert instances(simulation) == before
    assert all(each["status"].get("phase") == "Running" for each in simulation.pods("default"))


def test_a_version_update_does_without_the_pool_and_makes_it_anew_afterwards(simulation: Simulation) -> None:
    simulation.create_nodegroup(
        "blue", 2, maximum=5, warm_pool=WarmPoolChange(enabled=True), release_version=OLDEST
    )
    simulation.until_active("blue")
    old = until_pool(simulation, 3) | instances(simulation)
    update = simulation.until_ended(simulation.update_version("blue"))
    assert update.status is UpdateStatus.SUCCESSFUL
    waiting = until_pool(simulation, 3)
    until_nodes(simulation, 2)
    assert not (waiting | instances(simulation)) & old
    (version,) = {each.launch_template_version for each in simulation.auto_scaling_group("blue").warm}
    assert version == simulation.nodegroup("blue").resources.launch_template_version


def test_a_changed_pool_keeps_what_waits_and_a_disabled_one_ends_it(simulation: Simulation) -> None:
    a_group(simulation, max_group_prepared_capacity=4)
    waited = until_pool(simulation, 2)
    update = simulation.until_ended(change(simulation, max_group_prepared_capacity=3, pool_state="RUNNING"))
    assert update.status is UpdateStatus.SUCCESSFUL
    assert until_pool(simulation, 1) < waited, "who waits stopped keeps waiting so"
    simulation.until_ended(change(simulation, enabled=False))
    until_pool(simulation, 0)
    assert simulation.auto_scaling_group("blue").warm_pool is None
    said = [each.message for each in simulation.events() if each.kind == "WarmPoolChanged"]
    assert said == [
        "the warm pool holds stopped instances: at least 0, up to 4 instances with those in service",
        "the warm pool holds running instances: at least 0, up to 3 instances with those in service",
        "the warm pool is deleted with its instances",
    ]


def test_labels_that_change_reach_nodes_of_the_pool(simulation: Simulation) -> None:
    a_group(simulation, max_group_prepared_capacity=3)
    waited = until_pool(simulation, 1)
    command = UpdateNodegroupConfig(CLUSTER, "blue", labels_add={"team": "blue"})
    simulation.until_ended(
        simulation.do(nodegroups.update_config(simulation.hands, simulation.scope, command))
    )
    simulation.run_until(lambda: not waited & set(pool_of(simulation)), "the pool is made anew", within_s=900)
    waiting = until_pool(simulation, 1)
    simulation.scale("blue", 3)
    until_nodes(simulation, 3)
    assert waiting <= instances(simulation)
    assert [each["metadata"]["labels"].get("team") for each in simulation.nodes()] == ["blue"] * 3


def test_a_deleted_group_takes_its_pool_with_it(simulation: Simulation) -> None:
    a_group(simulation)
    until_pool(simulation, 3)
    simulation.delete_nodegroup("blue")
    simulation.until_gone("blue")
    simulation.run_for(60)
    assert {each.state for each in simulation.fleet.machines_now()} <= {"terminated"}


def test_what_somebody_else_made_of_the_pool_is_put_right(simulation: Simulation) -> None:
    """Source: EKS User Guide, warm pools: use the EKS API for it, not that of Auto Scaling."""
    a_group(simulation, max_group_prepared_capacity=3)
    until_pool(simulation, 1)
    name = simulation.auto_scaling_group("blue").name
    simulation.do(simulation.compute.set_warm_pool(simulation.scope, name, None))
    until_pool(simulation, 0)
    until_pool(simulation, 1)


def test_a_service_that_starts_again_finds_its_pool_waiting(simulation: Simulation) -> None:
    a_group(simulation)
    waited = until_pool(simulation, 3)
    simulation.restart()
    simulation.run_for(300)
    assert until_pool(simulation, 3) == waited
    assert len(simulation.nodes()) == 2
