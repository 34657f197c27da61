"""Node auto repair through the whole service on a virtual clock: unhealthy nodes are replaced or rebooted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nodeyard import catalog
from nodeyard.flows.service import updates
from nodeyard.model.commands import UpdateNodegroupVersion
from nodeyard.model.nodegroup import RepairConfig
from nodeyard.model.repair import RepairMemory
from nodeyard.simulation import Simulation, budget, deployment
from nodeyard.simulation.simulation import CLUSTER
from nodeyard.world.kubernetes.controllers.pods import condition, with_condition
from nodeyard.world.kubernetes.times import rfc3339

REPAIRED = RepairConfig(enabled=True)
Obj = dict[str, Any]


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    with Simulation(seed=5) as made:
        made.create_cluster()
        yield made


def a_group(simulation: Simulation, nodes: int = 2, config: RepairConfig = REPAIRED) -> list[str]:
    """Create a group and return the names of its nodes."""
    simulation.create_nodegroup("blue", nodes, repair_config=config)
    simulation.until_active("blue")
    return sorted(simulation.ready_nodes())


def report(simulation: Simulation, node: str, kind: str, status: str, reason: str) -> None:
    """Write a condition as the node monitoring agent does."""
    store, now = simulation.handle().store, rfc3339(simulation.clock.now())
    held = store.get("nodes", None, node)
    assert held is not None
    new = {"type": kind, "status": status, "reason": reason, "message": "seen by the agent"}
    conditions = with_condition(list(held["status"]["conditions"]), new, now)
    store.put("nodes", {**held, "status": {**held["status"], "conditions": conditions}})


def node(simulation: Simulation, name: str) -> Obj | None:
    return simulation.handle().store.get("nodes", None, name)


def cordoned(simulation: Simulation, name: str) -> bool:
    found = node(simulation, name)
    return found is not None and bool(found["spec"].get("unschedulable"))


def told(simulation: Simulation, kind: str) -> list[str]:
    return [event.message for event in simulation.events() if event.kind == kind]


def test_a_node_with_a_broken_network_is_replaced_after_30_minutes(simulation: Simulation) -> None:
    first, second = a_group(simulation)
    simulation.apply(deployment("web", 4), budget("web", max_unavailable=1))
    simulation.run_for(60)
    report(simulation, first, "NetworkingReady", "False", "IPAMDNotRunning")
    simulation.run_until(lambda: cordoned(simulation, first), "the node is cordoned", within_s=70)
    simulation.run_for(29 * 60 - 70)
    assert node(simulation, first) is not None and told(simulation, "NodeRepairStarted") == []
    simulation.run_until(lambda: node(simulation, first) is None, "the node is replaced", within_s=300)
    simulation.run_until(lambda: len(simulation.ready_nodes()) == 2, "two nodes again", within_s=300)
    assert second in simulation.ready_nodes()
    assert simulation.nodegroup("blue").scaling.desired == 2
    running = [pod for pod in simulation.pods("default") if pod["status"]["phase"] == "Running"]
    assert len(running) == 4
    (text,) = told(simulation, "NodeRepairStarted")
    assert text.startswith(f"{first} is replaced: NetworkingReady has been bad (IPAMDNotRunning: seen by")
    simulation.run_until(lambda: told(simulation, "NodeReplaced") != [], "the event", within_s=120)


def test_a_broken_accelerator_is_rebooted_after_10_minutes_and_the_node_comes_back(
    simulation: Simulation,
) -> None:
    first, _ = a_group(simulation)
    before = node(simulation, first)
    assert before is not None
    report(simulation, first, "AcceleratedHardwareReady", "False", "NvidiaXID31Error")
    simulation.run_for(9 * 60)
    assert first in simulation.ready_nodes()
    silent = lambda: first not in simulation.ready_nodes()  # noqa: E731
    simulation.run_until(silent, "the node is down", within_s=180)
    simulation.run_until(
        lambda: first in simulation.ready_nodes() and not cordoned(simulation, first),
        "it is back",
        within_s=300,
    )
    after = node(simulation, first)
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["status"]["nodeInfo"]["bootID"] != before["status"]["nodeInfo"]["bootID"]
    found = condition(after, "AcceleratedHardwareReady")
    assert found is not None and found["status"] == "True"
    assert len(told(simulation, "NodeRebooted")) == 1 and told(simulation, "NodeReplaced") == []


def test_a_silent_kubelet_is_replaced_although_nothing_on_it_can_confirm(simulation: Simulation) -> None:
    first, _ = a_group(simulation)
    simulation.apply(deployment("web", 3), budget("web", max_unavailable=1))
    simulation.run_for(60)
    lease = simulation.handle().store.get("leases.coordination.k8s.io", "kube-node-lease", first)
    assert lease is not None
    silent = {**lease, "metadata": {**lease["metadata"], "annotations": {}}}
    simulation.handle().store.put("leases.coordination.k8s.io", silent)
    simulation.run_until(lambda: first not in simulation.ready_nodes(), "NotReady", within_s=120)
    simulation.run_for(28 * 60)
    assert node(simulation, first) is not None
    simulation.run_until(lambda: node(simulation, first) is None, "it is replaced", within_s=40 * 60)
    simulation.run_until(lambda: len(simulation.ready_nodes()) == 2, "two nodes again", within_s=300)


def test_a_node_object_that_was_deleted_is_missed_and_its_instance_replaced(simulation: Simulation) -> None:
    first, _ = a_group(simulation)
    instance = {m.id for m in simulation.auto_scaling_group("blue").instances}
    simulation.api().delete("nodes", None, first)
    simulation.run_for(29 * 60)
    assert {m.id for m in simulation.auto_scaling_group("blue").instances} == instance
    simulation.run_until(lambda: len(simulation.ready_nodes()) == 2, "two nodes again", within_s=600)
    assert len({m.id for m in simulation.auto_scaling_group("blue").instances} & instance) == 1


def test_a_zonal_shift_stops_repairs_until_it_is_over_and_those_under_way_go_on(
    simulation: Simulation,
) -> None:
    first, second = a_group(simulation)
    shifts = simulation.region.shifts
    simulation.apply(deployment("web", 2), budget("web", max_unavailable=0))
    report(simulation, first, "KernelReady", "False", "ForkFailedOutOfPIDs")
    simulation.run_until(lambda: told(simulation, "NodeRepairStarted") != [], "it begins", within_s=32 * 60)
    shifts[simulation.cluster().arn] = {"euw1-az1"}
    simulation.run_until(lambda: node(simulation, first) is None, "it goes on", within_s=20 * 60)
    report(simulation, second, "KernelReady", "False", "ForkFailedOutOfPIDs")
    simulation.run_for(40 * 60)
    assert cordoned(simulation, second) and len(told(simulation, "NodeRepairStarted")) == 1
    why = "a zonal shift moves the cluster away from euw1-az1: no repair begins until it is over"
    assert told(simulation, "NodeRepairsStopped") == [why]
    del shifts[simulation.cluster().arn]
    simulation.run_until(lambda: node(simulation, second) is None, "it is repaired", within_s=20 * 60)
    assert (
        len(told(simulation, "NodeRepairStarted")) == 2 and len(told(simulation, "NodeRepairsResumed")) == 1
    )


def test_a_node_under_a_budget_that_cannot_be_met_goes_after_15_minutes(simulation: Simulation) -> None:
    a_group(simulation)
    simulation.apply(deployment("web", 1), budget("web", max_unavailable=0))
    simulation.run_for(60)
    (pod,) = simulation.pods("default")
    name = pod["spec"]["nodeName"]
    report(simulation, name, "KernelReady", "False", "ForkFailedOutOfPIDs")
    simulation.run_for(30 * 60 + 60)
    assert told(simulation, "NodeRepairStarted") and told(simulation, "EvictionBlocked")
    simulation.run_for(13 * 60)
    assert node(simulation, name) is not None
    simulation.run_until(lambda: node(simulation, name) is None, "it goes all the same", within_s=5 * 60)
    (text,) = told(simulation, "DrainTimedOut")
    assert f"with 1 pod left: default/{pod['metadata']['name']}" in text


def test_more_than_a_fifth_of_six_nodes_stops_repairs_until_one_recovers(simulation: Simulation) -> None:
    nodes = a_group(simulation, 6)
    for each in nodes[:2]:
        report(simulation, each, "StorageReady", "False", "IODelays")
    simulation.run_for(90 * 60)
    assert set(nodes) == set(simulation.ready_nodes())
    (text,) = told(simulation, "NodeRepairsStopped")
    assert text.startswith("2 of 6 nodes are unhealthy")
    report(simulation, nodes[0], "StorageReady", "True", "StorageIsReady")
    simulation.run_until(lambda: node(simulation, nodes[1]) is None, "one repair", within_s=600)
    assert not cordoned(simulation, nodes[0])


def test_nothing_is_repaired_while_repair_is_off(simulation: Simulation) -> None:
    first, _ = a_group(simulation, config=RepairConfig(enabled=False))
    report(simulation, first, "NetworkingReady", "False", "IPAMDNotRunning")
    simulation.run_for(3 * 3600)
    assert node(simulation, first) is not None and not cordoned(simulation, first)


def test_no_repair_begins_during_a_version_update(simulation: Simulation) -> None:
    old, _ = catalog.default().releases("AL2023_x86_64_STANDARD", "1.34")[-2:]
    simulation.create_nodegroup("blue", 2, repair_config=REPAIRED, release_version=old.release_version)
    simulation.until_active("blue")
    (first, _) = sorted(simulation.ready_nodes())
    report(simulation, first, "NetworkingReady", "False", "IPAMDNotRunning")
    simulation.run_for(29.5 * 60)
    command = UpdateNodegroupVersion(CLUSTER, "blue")
    update = simulation.do(updates.start(simulation.hands, simulation.scope, command))
    simulation.until_ended(update)
    assert told(simulation, "NodeRepairStarted") == []
    assert first not in simulation.ready_nodes(), "the update replaced it"
    simulation.run_for(120)
    assert simulation.nodegroup("blue").repair == RepairMemory()


def test_pressure_is_never_repaired(simulation: Simulation) -> None:
    first, _ = a_group(simulation)
    report(simulation, first, "DiskPressure", "True", "KubeletHasDiskPressure")
    simulation.run_for(3 * 3600)
    assert node(simulation, first) is not None and not cordoned(simulation, first)
