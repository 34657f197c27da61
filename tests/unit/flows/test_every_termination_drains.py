"""Whatever ends an instance, its node is emptied first: zones, Spot, health, and calls of users."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from nodeyard.model.health import IssueCode
from nodeyard.ports import Throttled
from nodeyard.simulation import Simulation, budget, deployment

Obj = dict[str, Any]


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    with Simulation(seed=7) as made:
        made.create_cluster()
        yield made


def a_group(simulation: Simulation, nodes: int = 3, **members: Any) -> None:
    simulation.create_nodegroup("blue", nodes, **members)
    simulation.until_active("blue")
    simulation.apply(deployment("web", nodes), budget("web", max_unavailable=1))
    simulation.run_for(60)


def ask(simulation: Simulation, operation: str, **parameters: Any) -> Obj:
    """Call Auto Scaling as a user does."""
    scope = simulation.scope
    return simulation.do(simulation.auto_scaling.ask(scope.account, scope.region, operation, parameters))


def instances(simulation: Simulation) -> dict[str, str]:
    return {each.id: each.lifecycle_state for each in simulation.auto_scaling_group("blue").instances}


def limits(simulation: Simulation) -> dict[str, datetime]:
    """Return the instances that are drained, each with the limit of its drain."""
    return {id: drain.limit for id, drain in simulation.nodegroup("blue").drains.items()}


def node_of(simulation: Simulation, instance: str) -> str | None:
    for each in simulation.nodes():
        if each["spec"]["providerID"].endswith(instance):
            return str(each["metadata"]["name"])
    return None


def left_empty(simulation: Simulation, instance: str) -> bool:
    """Tell whether a node was drained, and no pod of a workload was on it at its end."""
    texts = [e.message for e in simulation.events() if e.subject.get("instance") == instance]
    return any("drained" in text for text in texts) and not any("pods left" in text for text in texts)


async def of_no_notices(*_: Any) -> dict[str, Any]:
    """Stands for EC2 that does not tell of Spot notices."""
    raise Throttled("Request limit exceeded.", operation="DescribeSpotInstanceRequests")


def until_replaced(simulation: Simulation, instance: str, nodes: int = 3) -> None:
    simulation.run_until(
        lambda: instance not in instances(simulation) and len(simulation.ready_nodes()) == nodes,
        f"{instance} is replaced",
        within_s=1800,
    )


@pytest.fixture
def victim(simulation: Simulation) -> str:
    a_group(simulation)
    return next(iter(instances(simulation)))


def test_a_terminate_call_drains_then_replaces(simulation: Simulation, victim: str) -> None:
    asked = {"InstanceId": victim, "ShouldDecrementDesiredCapacity": False}
    ask(simulation, "TerminateInstanceInAutoScalingGroup", **asked)
    until_replaced(simulation, victim)
    assert left_empty(simulation, victim)


def test_an_instance_that_a_health_check_marks_is_drained_then_replaced(
    simulation: Simulation, victim: str
) -> None:
    ask(simulation, "SetInstanceHealth", InstanceId=victim, HealthStatus="Unhealthy")
    until_replaced(simulation, victim)
    assert left_empty(simulation, victim)


def test_an_instance_ended_through_ec2_is_replaced_and_its_drain_does_not_hold_the_group(
    simulation: Simulation, victim: str
) -> None:
    scope = simulation.scope
    simulation.do(simulation.fleet.terminate(scope.account, scope.region, [victim]))
    until_replaced(simulation, victim)
    texts = [e.message for e in simulation.events() if e.subject.get("instance") == victim]
    assert any("is drained first" in text for text in texts)


def test_zones_that_became_unequal_are_balanced_by_launching_first(simulation: Simulation) -> None:
    simulation.region.limit("eu-west-1a", "t3.medium", 0)
    a_group(simulation, 4)
    zones = lambda: Counter(m.zone for m in simulation.auto_scaling_group("blue").instances)  # noqa: E731
    assert zones() == {"eu-west-1b": 2, "eu-west-1c": 2}
    before = set(instances(simulation))
    simulation.region.limit("eu-west-1a", "t3.medium", None)
    fewest = 4

    def balanced() -> bool:
        nonlocal fewest
        fewest = min(fewest, len(simulation.ready_nodes()))
        return sorted(zones().values()) == [1, 1, 2] and len(instances(simulation)) == 4

    simulation.run_until(balanced, "one instance moves to eu-west-1a", within_s=1800)
    (gone,) = before - set(instances(simulation))
    assert fewest == 4, "a new node is Ready before an old one goes"
    assert left_empty(simulation, gone)
    simulation.run_for(3600)
    assert len(before & set(instances(simulation))) == 3, "balanced zones are left alone"


def test_a_suspended_process_leaves_zones_unequal(simulation: Simulation) -> None:
    simulation.region.limit("eu-west-1a", "t3.medium", 0)
    a_group(simulation, 4)
    name = simulation.nodegroup("blue").auto_scaling_group_name
    ask(simulation, "SuspendProcesses", AutoScalingGroupName=name, ScalingProcesses=["AZRebalance"])
    before = set(instances(simulation))
    simulation.region.limit("eu-west-1a", "t3.medium", None)
    simulation.run_for(3600)
    assert set(instances(simulation)) == before


def test_a_rebalance_recommendation_brings_the_replacement_first(simulation: Simulation) -> None:
    a_group(simulation, capacity_type="SPOT")
    victim = next(iter(instances(simulation)))
    simulation.auto_scaling.recommend_rebalance([victim])
    fewest = 3

    def replaced() -> bool:
        nonlocal fewest
        fewest = min(fewest, len(simulation.ready_nodes()))
        return victim not in instances(simulation)

    simulation.run_until(replaced, "it is replaced", within_s=1800)
    assert fewest == 3 and len(instances(simulation)) == 3
    assert left_empty(simulation, victim)
    causes = [each.message for each in simulation.events()]
    assert not any("EC2 takes Spot instance" in text for text in causes)


def test_a_spot_instance_is_drained_from_its_notice_on_and_goes_after_two_minutes(
    simulation: Simulation,
) -> None:
    a_group(simulation, capacity_type="SPOT")
    victim = next(iter(instances(simulation)))
    node = node_of(simulation, victim)
    simulation.auto_scaling.interrupt([victim])
    simulation.run_for(100)
    assert instances(simulation)[victim] == "InService", "EC2 has not taken it yet"
    assert not [pod for pod in simulation.pods("default") if pod["spec"].get("nodeName") == node]
    simulation.run_until(lambda: node_of(simulation, victim) is None, "it goes", within_s=60)
    until_replaced(simulation, victim)
    texts = [e.message for e in simulation.events() if e.subject.get("instance") == victim]
    assert any(f"EC2 takes Spot instance {victim} back at" in text for text in texts)


def test_a_notice_before_the_replacement_is_ready_does_not_launch_two(simulation: Simulation) -> None:
    a_group(simulation, capacity_type="SPOT")
    victim = next(iter(instances(simulation)))
    simulation.auto_scaling.recommend_rebalance([victim])
    simulation.auto_scaling.interrupt([victim])
    most = 3

    def settled() -> bool:
        nonlocal most
        most = max(most, len(instances(simulation)))
        return victim not in instances(simulation) and len(simulation.ready_nodes()) == 3

    simulation.run_until(settled, "three nodes without it", within_s=1800)
    simulation.run_for(600)
    assert most == 4 and len(instances(simulation)) == 3


@pytest.mark.parametrize("capacity_type", ["ON_DEMAND", "SPOT"])
def test_what_leaves_is_drained_while_ec2_answers_nothing(
    simulation: Simulation, capacity_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_group(simulation, capacity_type=capacity_type)
    monkeypatch.setattr(simulation.compute, "interruptions", of_no_notices)
    simulation.faults.set("throttle-burst-ec2", seconds=3600, group="blue")
    simulation.run_for(120)
    victim = next(iter(instances(simulation)))
    asked = {"InstanceId": victim, "ShouldDecrementDesiredCapacity": True}
    ask(simulation, "TerminateInstanceInAutoScalingGroup", **asked)
    simulation.run_until(lambda: victim not in instances(simulation), "it goes", within_s=300)
    assert left_empty(simulation, victim)
    assert [each.code for each in simulation.nodegroup("blue").issues] == [IssueCode.LIMIT_EXCEEDED]


def test_a_spot_notice_counts_before_the_instance_is_in_service(simulation: Simulation) -> None:
    a_group(simulation, capacity_type="SPOT")
    simulation.faults.set("never-ready", seconds=3600, group="blue")
    name = simulation.auto_scaling_group("blue").name
    ask(simulation, "UpdateAutoScalingGroup", AutoScalingGroupName=name, MaxSize=4, DesiredCapacity=4)
    simulation.run_until(lambda: "Pending:Wait" in instances(simulation).values(), "one waits", within_s=120)
    (victim,) = (id for id, state in instances(simulation).items() if state == "Pending:Wait")
    simulation.run_until(lambda: node_of(simulation, victim), "its node joined", within_s=120)
    simulation.auto_scaling.interrupt([victim])
    simulation.run_for(10)
    assert list(limits(simulation)) == [victim]


def test_a_drain_by_a_spot_notice_goes_on_while_ec2_tells_of_no_notices(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_group(simulation, capacity_type="SPOT")
    victim = next(iter(instances(simulation)))
    simulation.auto_scaling.interrupt([victim])
    simulation.run_until(lambda: simulation.nodegroup("blue").drains, "it is drained", within_s=90)
    begun = limits(simulation)
    monkeypatch.setattr(simulation.compute, "interruptions", of_no_notices)
    simulation.run_until(lambda: simulation.nodegroup("blue").issues, "a pass failed", within_s=60)
    assert limits(simulation) == begun


def test_a_budget_does_not_keep_ec2_from_taking_a_spot_instance(simulation: Simulation) -> None:
    simulation.create_nodegroup("blue", 1, capacity_type="SPOT")
    simulation.until_active("blue")
    simulation.apply(deployment("web", 1), budget("web", max_unavailable=0))
    simulation.run_for(60)
    (victim,) = instances(simulation)
    simulation.auto_scaling.interrupt([victim])
    simulation.run_until(lambda: node_of(simulation, victim) is None, "it goes", within_s=150)
    assert any(e.kind == "EvictionBlocked" for e in simulation.events())


def test_a_drain_that_stays_blocked_asks_less_often_and_ends_at_its_limit(simulation: Simulation) -> None:
    simulation.create_nodegroup("blue", 1)
    simulation.until_active("blue")
    simulation.apply(deployment("web", 1), budget("web", max_unavailable=0))
    simulation.run_for(60)
    (victim,) = instances(simulation)
    asked = {"InstanceId": victim, "ShouldDecrementDesiredCapacity": False}
    ask(simulation, "TerminateInstanceInAutoScalingGroup", **asked)
    begun = simulation.clock.elapsed()
    simulation.run_for(890)
    (held,) = (each for each in simulation.nodegroup("blue").drains[victim].blockers if each.budget)
    assert 30 <= held.tries <= 70, "every 5 s for half a minute, then every 30 s, with an issue every 15 s"
    simulation.run_until(lambda: victim not in instances(simulation), "it goes", within_s=60)
    (late,) = (each for each in simulation.events() if each.kind == "DrainTimedOut")
    assert (late.at - simulation.clock.now()).total_seconds() + simulation.clock.elapsed() - begun < 901
