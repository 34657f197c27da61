"""What the service does while it is disturbed: each scenario prepares, acts, and says what must be so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nodeyard import catalog
from nodeyard.flows.service import nodegroups
from nodeyard.model.commands import UpdateNodegroupConfig, WarmPoolChange
from nodeyard.model.nodegroup import RepairConfig, UpdateConfig
from nodeyard.simulation import Simulation, budget, deployment
from nodeyard.simulation.simulation import is_ready
from nodeyard.world.aws.fleet import SHUTTING_DOWN, TERMINATED
from nodeyard.world.kubernetes.controllers.pods import with_condition
from nodeyard.world.kubernetes.times import rfc3339

OLD = catalog.default().releases("AL2023_x86_64_STANDARD", "1.34")[0].release_version


@dataclass(frozen=True, slots=True)
class Scenario:
    """`prepare` is not disturbed, `act` is."""

    name: str
    prepare: Callable[[Simulation], None]
    act: Callable[[Simulation], None]


def _a_group(simulation: Simulation, **members: Any) -> None:
    simulation.create_nodegroup("blue", 2, release_version=OLD, **members)
    simulation.until_active("blue")
    simulation.apply(deployment("web", 2), budget("web", max_unavailable=1))
    simulation.run_for(60)


def _a_group_to_leave(simulation: Simulation) -> None:
    """Prepare a group whose pods may all go at once: there is nowhere to go."""
    simulation.create_nodegroup("blue", 2, release_version=OLD)
    simulation.until_active("blue")
    simulation.apply(deployment("web", 2))
    simulation.run_for(60)


def _nothing(_: Simulation) -> None:
    """Prepare nothing."""


def _create(simulation: Simulation) -> None:
    simulation.create_nodegroup("blue", 2)
    simulation.until_active("blue")


def _minimal(simulation: Simulation) -> None:
    _a_group(simulation, update_config=UpdateConfig(1, None, "MINIMAL"))


def _update(simulation: Simulation) -> None:
    simulation.until_ended(simulation.update_version("blue"))


def _config(simulation: Simulation) -> None:
    command = UpdateNodegroupConfig("prod", "blue", labels_add={"team": "a"})
    simulation.until_ended(
        simulation.do(nodegroups.update_config(simulation.hands, simulation.scope, command))
    )
    simulation.until_ended(simulation.scale("blue", 1))


def _pooled(simulation: Simulation) -> None:
    _a_group(simulation, maximum=4)


def _warm_pool(simulation: Simulation) -> None:
    """Give a group a pool, draw on it, and return to it."""

    def waits(nodes: int, waiting: int) -> None:
        def there() -> bool:
            states = [each.lifecycle_state for each in simulation.auto_scaling_group("blue").warm]
            return states == ["Warmed:Stopped"] * waiting and len(simulation.nodes()) == nodes

        simulation.run_until(there, f"{waiting} instances wait beside {nodes} nodes", within_s=7200)

    pool = WarmPoolChange(enabled=True, reuse_on_scale_in=True)
    command = UpdateNodegroupConfig("prod", "blue", warm_pool=pool)
    simulation.until_ended(
        simulation.do(nodegroups.update_config(simulation.hands, simulation.scope, command))
    )
    waits(nodes=2, waiting=2)
    simulation.until_ended(simulation.scale("blue", 3))
    waits(nodes=3, waiting=1)
    simulation.until_ended(simulation.scale("blue", 2))
    waits(nodes=2, waiting=2)


def _delete(simulation: Simulation) -> None:
    simulation.delete_nodegroup("blue")
    simulation.until_gone("blue")


def _repaired_group(simulation: Simulation) -> None:
    _a_group(simulation, repair_config=RepairConfig(enabled=True))


def _repair(simulation: Simulation) -> None:
    sick = sorted(simulation.ready_nodes())[0]
    store, now = simulation.handle().store, rfc3339(simulation.clock.now())
    held = store.get("nodes", None, sick)
    assert held is not None
    bad = {"type": "NetworkingReady", "status": "False", "reason": "IPAMDNotRunning", "message": "seen"}
    conditions = with_condition(list(held["status"]["conditions"]), bad, now)
    store.put("nodes", {**held, "status": {**held["status"], "conditions": conditions}})

    def replaced() -> bool:
        return store.get("nodes", None, sick) is None and len(simulation.ready_nodes()) == 2

    simulation.run_until(replaced, "the sick node is replaced", within_s=7200)


SCENARIOS = (
    Scenario("create", _nothing, _create),
    Scenario("update", _a_group, _update),
    Scenario("update of the strategy MINIMAL", _minimal, _update),
    Scenario("config update", _a_group, _config),
    Scenario("warm pool", _pooled, _warm_pool),
    Scenario("repair", _repaired_group, _repair),
    Scenario("delete", _a_group_to_leave, _delete),
)


def end_state(simulation: Simulation) -> dict[str, Any]:
    """Return what is the same at the end of every run, whatever happened on the way."""
    simulation.run_for(900)
    region, alive = simulation.region, []
    for machine in simulation.fleet.machines_now():
        if machine.state not in (SHUTTING_DOWN, TERMINATED):
            alive.append(machine)
    groups = {}
    for group in simulation.nodegroups():
        found = simulation.compute.group_now(group.scope, group.auto_scaling_group_name)
        assert found is not None
        groups[group.name] = (
            group.status.value,
            group.active_update,
            tuple(issue.code.value for issue in group.issues),
            found.desired,
            found.minimum,
            found.maximum,
            Counter((each.lifecycle_state, each.launch_template_version) for each in found.instances),
            Counter((each.lifecycle_state, each.launch_template_version) for each in found.warm),
        )
    updates = Counter(
        (update.type, update.status.value)
        for group in simulation.nodegroups()
        for update in simulation.do(simulation.store.updates(group.scope, group.cluster, group.name))
    )
    nodes = [
        (is_ready(node), bool(node["spec"].get("unschedulable")), len(node["spec"].get("taints") or ()))
        for node in simulation.nodes()
    ]
    return {
        "groups": groups,
        "updates": updates,
        "nodes": Counter(nodes),
        "instances": len(alive),
        "templates": len(region.templates),
        "profiles": len(region.profiles),
        "web": sum(bool(pod["spec"].get("nodeName")) for pod in simulation.pods("default")),
        "parked": simulation.do(simulation.store.parked()),
    }
