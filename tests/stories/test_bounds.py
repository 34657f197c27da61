"""The bounds see what they are for, and take only what belongs to it for an excuse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nodeyard.ports import Event
from nodeyard.simulation import Simulation
from nodeyard.simulation.simulation import CLUSTER
from tests.stories.bounds import BUDGETS, Bounds


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    with Simulation(seed=3) as made:
        made.create_cluster()
        yield made


def a_budget(simulation: Simulation, healthy: int) -> None:
    """Write a budget that needs two of three pods, as its controller leaves it."""
    meta = {"name": "web", "namespace": "default", "uid": "1"}
    status = {"currentHealthy": healthy, "desiredHealthy": 2, "expectedPods": 3}
    spec = {"selector": {"matchLabels": {"app": "web"}}}
    simulation.handle().store.put(BUDGETS, {"metadata": meta, "spec": spec, "status": status})


def force(simulation: Simulation) -> None:
    now, scope = simulation.clock.now(), simulation.scope
    simulation.forced.append(Event(scope, CLUSTER, "blue", now, "PodForced", "forced", {"node": "node-1"}))


def test_force_of_an_earlier_round_is_no_excuse_for_a_broken_budget(simulation: Simulation) -> None:
    force(simulation)
    bounds = Bounds(simulation)
    a_budget(simulation, healthy=2)
    assert bounds.broken() == ""
    a_budget(simulation, healthy=1)
    assert "budget default/web needs 2 healthy pods and has 1" in bounds.broken()
    force(simulation)
    a_budget(simulation, healthy=1)
    assert bounds.broken() == ""


def test_a_budget_that_was_never_satisfied_is_not_ours_to_break(simulation: Simulation) -> None:
    bounds = Bounds(simulation)
    a_budget(simulation, healthy=1)
    assert bounds.broken() == ""


@pytest.mark.parametrize(
    ("reason", "excused"), [("PreemptionByScheduler", True), ("EvictionByEvictionAPI", False)]
)
def test_the_scheduler_may_break_a_budget_and_nobody_else(
    simulation: Simulation, reason: str, excused: bool
) -> None:
    store = simulation.handle().store
    bounds = Bounds(simulation)
    mark = {"type": "DisruptionTarget", "status": "True", "reason": reason}
    meta = {"name": "web-1", "namespace": "default", "uid": "2", "labels": {"app": "web"}}
    store.put("pods", {"metadata": meta, "spec": {}, "status": {"conditions": [mark]}})
    a_budget(simulation, healthy=2)
    assert bounds.broken() == ""
    store.remove("pods", "default", "web-1")
    a_budget(simulation, healthy=1)
    assert (bounds.broken() == "") is excused
    a_budget(simulation, healthy=2)
    assert bounds.broken() == ""
    a_budget(simulation, healthy=1)
    assert bounds.broken() != "", "it was satisfied since"


@pytest.mark.parametrize(("outage_first", "excused"), [(True, True), (False, False)])
def test_a_spot_instance_that_went_with_pods_is_excused_only_where_its_notice_could_not_be_seen(
    simulation: Simulation, outage_first: bool, excused: bool
) -> None:
    simulation.create_nodegroup("blue", 1, capacity_type="SPOT")
    simulation.until_active("blue")
    bounds = Bounds(simulation)
    (victim,) = (each.id for each in simulation.auto_scaling_group("blue").instances)
    if outage_first:
        simulation.faults.set("aws-outage", seconds=3600, group="blue")
        simulation.run_for(30)
    simulation.auto_scaling.interrupt([victim])
    if not outage_first:
        simulation.faults.set("aws-outage", seconds=3600, group="blue")
    simulation.run_for(119)
    assert bounds.broken() == "", "it has two minutes"
    simulation.run_for(2)
    found = bounds.broken()
    assert (found == "") is excused
    assert excused or f"instance {victim} was ended with pod kube-system/coredns" in found
