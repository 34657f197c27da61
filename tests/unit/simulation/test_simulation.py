"""The simulated service: the production flows on a virtual clock, in memory, the same for the same seed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest

from nodeyard.model.status import NodegroupStatus, UpdateStatus
from nodeyard.simulation import Simulation, SimulationFailed, budget, deployment


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    with Simulation(seed=1) as made:
        made.create_cluster()
        yield made


def test_a_node_group_becomes_active_with_nodes_in_every_zone(simulation: Simulation) -> None:
    simulation.create_nodegroup("blue", 3)
    group = simulation.until_active("blue", within_s=300)
    assert group.issues == ()
    zones = {each["metadata"]["labels"]["topology.kubernetes.io/zone"] for each in simulation.nodes()}
    assert zones == {"eu-west-1a", "eu-west-1b", "eu-west-1c"}
    assert len(simulation.ready_nodes()) == 3
    states = {each.lifecycle_state for each in simulation.auto_scaling_group("blue").instances}
    assert states <= {"InService", "Pending:Proceed"}


def test_scaling_in_drains_and_deletion_leaves_nothing(simulation: Simulation) -> None:
    simulation.create_nodegroup("blue", 3)
    simulation.until_active("blue")
    simulation.apply(deployment("web", 4), budget("web", max_unavailable=1))
    simulation.run_for(60)
    update = simulation.until_ended(simulation.scale("blue", 2))
    assert update.status is UpdateStatus.SUCCESSFUL
    simulation.run_until(lambda: len(simulation.nodes()) == 2, "one node leaves", within_s=600)
    running = [pod for pod in simulation.pods("default") if pod["status"]["phase"] == "Running"]
    assert len(running) == 4
    simulation.delete_nodegroup("blue")
    simulation.until_gone("blue")
    assert simulation.nodes() == []
    assert simulation.region.templates == {} and simulation.region.profiles == {}
    simulation.run_for(7200)
    assert simulation.fleet.machines_now() == ()


def test_a_zone_without_capacity_keeps_a_group_creating_and_says_why(simulation: Simulation) -> None:
    for zone in "abc":
        simulation.region.limit(f"eu-west-1{zone}", "t3.medium", 0)
    simulation.create_nodegroup("blue", 2)
    simulation.run_for(600)
    group = simulation.nodegroup("blue")
    assert group.status is NodegroupStatus.CREATING
    assert [str(issue.code) for issue in group.issues] == ["AsgInstanceLaunchFailures"]
    simulation.region.limit("eu-west-1a", "t3.medium", None)


def test_what_does_not_come_is_an_error_that_names_it(simulation: Simulation) -> None:
    with pytest.raises(SimulationFailed, match="pigs fly: this did not come within 60 s"):
        simulation.run_until(lambda: False, "pigs fly", within_s=60)


def test_a_bug_in_a_flow_fails_the_simulation(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(simulation.compute, "ensure_group", broken)
    simulation.create_nodegroup("blue", 1)
    with pytest.raises(SimulationFailed, match=r"nodegroup/.*/blue hit a bug: ZeroDivisionError: a bug"):
        simulation.run_for(60)


def test_no_thread_and_no_socket_is_needed(simulation: Simulation) -> None:
    with pytest.raises(NotImplementedError):
        simulation.do(asyncio.open_connection("127.0.0.1", 1))


def test_a_seed_repeats_a_run_to_the_last_letter_in_another_process() -> None:
    program = (
        "from nodeyard.simulation import Chronicle, Simulation\n"
        "with Simulation(7) as simulation:\n"
        "    simulation.create_cluster()\n"
        "    chronicle = Chronicle(simulation, namespaces=('kube-system',))\n"
        "    simulation.create_nodegroup('blue', 3)\n"
        "    simulation.until_active('blue')\n"
        "    print(chronicle.text(), simulation.nodes(), simulation.pods())\n"
    )
    first, second = (
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    )
    assert "3 of 3 nodes are Ready" in first
    assert first == second
