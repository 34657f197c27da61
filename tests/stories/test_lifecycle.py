"""A node group from creation to deletion."""

from __future__ import annotations

from datetime import timedelta

from nodeyard.model.commands import TemplateSpec
from nodeyard.model.status import UpdateStatus
from nodeyard.simulation import budget, deployment
from tests.stories.conftest import Tell


def test_three_nodes_become_a_group_and_go_again(tell: Tell) -> None:
    simulation = tell("Three nodes, one in each zone, become a node group; later it is deleted")
    simulation.create_nodegroup("blue", 3)
    simulation.until_active("blue")
    simulation.delete_nodegroup("blue")
    simulation.until_gone("blue")
    assert simulation.nodes() == []


def test_a_shortage_of_capacity_delays_a_group_until_there_is_some(tell: Tell) -> None:
    simulation = tell("No zone has capacity for five minutes")
    zones = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
    for zone in zones:
        simulation.region.limit(zone, "t3.medium", 0)
    simulation.create_nodegroup("blue", 3)
    simulation.run_for(300)
    assert simulation.nodegroup("blue").issues
    for zone in zones:
        simulation.region.limit(zone, "t3.medium", None)
    simulation.until_active("blue", within_s=1800)
    assert simulation.nodegroup("blue").issues == ()


def test_a_zone_without_capacity_leaves_its_nodes_to_the_others(tell: Tell) -> None:
    simulation = tell("One zone has no capacity: the others take its nodes")
    simulation.region.limit("eu-west-1b", "t3.medium", 0)
    simulation.create_nodegroup("blue", 3)
    simulation.until_active("blue", within_s=300)
    zones = [each.zone for each in simulation.auto_scaling_group("blue").instances]
    assert len(zones) == 3 and set(zones) == {"eu-west-1a", "eu-west-1c"}


def test_scaling_in_waits_for_a_budget(tell: Tell) -> None:
    simulation = tell("One of four nodes goes; a budget lets one pod move at a time")
    simulation.create_nodegroup("blue", 4)
    simulation.until_active("blue")
    simulation.apply(deployment("web", 6, cpu="600m"), budget("web", max_unavailable=1))
    simulation.run_for(120)
    update = simulation.until_ended(simulation.scale("blue", 3))
    assert update.status is UpdateStatus.SUCCESSFUL
    simulation.run_until(lambda: len(simulation.nodes()) == 3, "one node leaves", within_s=900)
    simulation.run_for(60)
    web = [pod for pod in simulation.pods("default") if pod["spec"].get("nodeName")]
    assert len(web) == 6


def test_a_budget_that_allows_nothing_holds_a_deletion_until_the_limit_of_the_drain(tell: Tell) -> None:
    simulation = tell("A deletion meets a budget that allows nothing, and ends after the drain limit")
    simulation.create_nodegroup("blue", 1)
    simulation.until_active("blue")
    simulation.apply(deployment("web", 1), budget("web", max_unavailable=0))
    simulation.run_for(60)
    simulation.delete_nodegroup("blue")
    simulation.until_gone("blue", within_s=3600)
    assert 5 * 60 < simulation.clock.elapsed() < 7 * 60


def test_a_capacity_block_ends_and_its_nodes_are_drained_before(tell: Tell) -> None:
    simulation = tell("A Capacity Block ends: its group scales down 40 minutes before, under a budget")
    target = {"CapacityReservationTarget": {"CapacityReservationId": "cr-1"}}
    block = {
        "InstanceType": "t3.medium",
        "InstanceMarketOptions": {"MarketType": "capacity-block"},
        "CapacityReservationSpecification": target,
    }
    template = simulation.region.add_template("block", block, "block")
    end = simulation.clock.now() + timedelta(hours=2)
    simulation.region.reservations["cr-1"] = end
    use = TemplateSpec(template.id, None, "1")
    simulation.create_nodegroup("stays", 1)
    simulation.create_nodegroup("block", 2, capacity_type="CAPACITY_BLOCK", launch_template=use)
    simulation.until_active("block")
    simulation.run_until(lambda: len(simulation.nodes()) == 3, "the nodes are there")
    simulation.apply(deployment("web", 4, cpu="200m"), budget("web", max_unavailable=1))
    simulation.run_for(120)
    simulation.run_until(
        lambda: simulation.auto_scaling_group("block").desired == 0, "the group scales down", within_s=7200
    )
    assert end - simulation.clock.now() == timedelta(minutes=40)
    simulation.run_until(lambda: len(simulation.nodes()) == 1, "the nodes of the block are gone")
    assert end - simulation.clock.now() > timedelta(minutes=30), "EC2 begins to end instances then"
    web = [pod for pod in simulation.pods("default") if pod["spec"].get("nodeName")]
    assert len(web) == 4
    assert simulation.nodegroup("block").scaling.desired == 0
