"""What must be true once an update ended, once a group has settled, and once everything is deleted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nodeyard.model.status import NodegroupStatus, UpdateStatus
from nodeyard.model.update import Update
from nodeyard.planner.launch_template import LABEL_IMAGE
from nodeyard.planner.rollout import actions
from nodeyard.ports import AutoScalingGroup
from nodeyard.simulation import Simulation
from nodeyard.simulation.simulation import is_ready
from nodeyard.world.aws.auto_scaling.records import WARM
from nodeyard.world.aws.fleet import SHUTTING_DOWN, TERMINATED

NODEGROUP = "eks.amazonaws.com/nodegroup"
ENDED = (UpdateStatus.SUCCESSFUL, UpdateStatus.FAILED, UpdateStatus.CANCELLED)
NAMES = {
    "PodEvictionFailure": re.compile(r"pod \S+/\S+ .*node ip-[0-9-]+\."),
    "NodeCreationFailure": re.compile(r"\bi-[0-9a-f]{17}\b|not launched yet|no new node in"),
}
"""Error code -> what its message must name."""


class Broken(Exception):
    """Something is not as it must be."""


@dataclass(frozen=True)
class Moved:
    """A group before a round, and by how many nodes autoscalers moved it since."""

    before: AutoScalingGroup
    grown: int
    shrunk: int


def ended(update: Update) -> None:
    """An update has one of three ends; a failure has a code and names what was in the way."""
    if update.status not in ENDED:
        raise Broken(f"update {update.id} ended {update.status}")
    if (update.status is UpdateStatus.FAILED) != bool(update.errors):
        raise Broken(f"update {update.id} is {update.status} with errors {update.errors}")
    for error in update.errors:
        named = NAMES.get(error.error_code)
        if named is None or not named.search(error.error_message):
            raise Broken(
                f"update of {update.nodegroup} failed with {error.error_code}: {error.error_message}"
            )


def unsettled(simulation: Simulation, name: str) -> str:
    """Return what of a group is still moving; empty once it has settled."""
    group = simulation.nodegroup(name)
    if group.status is not NodegroupStatus.ACTIVE or group.issues:
        return f"{name} is {group.status} with {[each.message for each in group.issues]}"
    if group.active_update is not None or group.drains:
        return f"{name} still has update {group.active_update} and drains {sorted(group.drains)}"
    found = simulation.compute.group_now(group.scope, group.auto_scaling_group_name)
    if found is None:
        return f"{name} has no Auto Scaling group"
    states = [each.lifecycle_state for each in found.instances]
    if states != ["InService"] * found.desired:
        return f"{name} wants {found.desired} instances and has {states}"
    moving = [each.lifecycle_state for each in found.warm if each.lifecycle_state not in WARM.values()]
    if moving or found.warm_pool_deleting:
        return f"{name} has a warm pool that moves: {moving}"
    nodes = _nodes(simulation, name, found)
    if len(nodes) != found.desired or not all(is_ready(each) for each in nodes):
        return f"{name} has {len(nodes)} nodes for {found.desired} instances, not all Ready"
    if group.scaling.desired != found.desired:
        return f"{name} says desired {group.scaling.desired}, its Auto Scaling group {found.desired}"
    homes = {each["metadata"]["name"] for each in simulation.nodes()}
    lost = [each for each in simulation.pods() if each["spec"].get("nodeName", "") not in homes | {""}]
    if lost:
        # They count as healthy until they are collected: the harm is done, and shows only then.
        return f"pods {[each['metadata']['name'] for each in lost]} are on nodes that are gone"
    return ""


def is_settled(simulation: Simulation, name: str) -> bool:
    return not unsettled(simulation, name)


def settled(simulation: Simulation, update: Update, moved: Moved, stuck: set[str]) -> None:
    """Sizes are restored, and nothing of the update is left on nodes, hooks or templates."""
    assert update.nodegroup is not None
    name = update.nodegroup
    group, found = simulation.nodegroup(name), simulation.auto_scaling_group(name)
    before = moved.before
    _sizes(name, found, moved)
    if set(found.hooks) != set(before.hooks):
        raise Broken(f"{name} has hooks {found.hooks}, before the update {before.hooks}")
    if group.resources.launch_template_version != found.launch_template_version:
        raise Broken(f"{name} records another template version than its Auto Scaling group launches")
    succeeded = update.status is UpdateStatus.SUCCESSFUL
    target = update.rollout.target.image_id if update.rollout else ""
    mine = _nodes(simulation, name, found)
    images = {(each["metadata"].get("labels") or {}).get(LABEL_IMAGE, "none") for each in mine}
    if succeeded and images - {target}:
        raise Broken(f"{name} was updated to {target}, but has nodes of {', '.join(sorted(images))}")
    if not succeeded and found.launch_template_version != before.launch_template_version:
        raise Broken(f"{name} was not updated, but launches version {found.launch_template_version}")
    for node in mine:
        _unmarked(node, stuck)
    _no_leak(simulation, name, {each.id for each in (*found.instances, *found.warm)})


def _sizes(name: str, found: AutoScalingGroup, moved: Moved) -> None:
    before = moved.before
    least, most = before.desired - moved.shrunk, before.desired + moved.grown
    right = found.minimum == before.minimum and least <= found.desired <= most
    if not right or not before.maximum <= found.maximum <= before.maximum + moved.grown:
        raise Broken(
            f"{name} had sizes {before.minimum}/{before.desired}/{before.maximum} and has "
            f"{found.minimum}/{found.desired}/{found.maximum}; autoscalers: +{moved.grown} -{moved.shrunk}"
        )


def _unmarked(node: dict, stuck: set[str]) -> None:  # type: ignore[type-arg]
    name = node["metadata"]["name"]
    labels, notes = node["metadata"].get("labels") or {}, node["metadata"].get("annotations") or {}
    taints = [each["key"] for each in node["spec"].get("taints") or ()]
    left = [each for each in taints if each == actions.TAINT[0]]
    left += [each for each in (actions.LABEL_NO_LOAD_BALANCER,) if each in labels]
    left += [each for each in (actions.NO_SCALE_DOWN, actions.HELD_FOR) if each in notes]
    if left:
        raise Broken(f"node {name} still has {', '.join(left)}")
    if node["spec"].get("unschedulable") and name not in stuck:
        raise Broken(f"node {name} is still cordoned")


def _no_leak(simulation: Simulation, name: str, known: set[str]) -> None:
    for machine in simulation.fleet.machines_now():
        mine = machine.tags.get("eks:nodegroup-name") == name
        if mine and machine.state not in (SHUTTING_DOWN, TERMINATED) and machine.id not in known:
            raise Broken(f"instance {machine.id} of {name} is {machine.state} and in no group")


def nothing_left(simulation: Simulation) -> None:
    """After the deletion of every group nothing that was made for one is there any more."""
    region = simulation.region
    alive = [each.id for each in simulation.fleet.machines_now() if each.state != TERMINATED]
    scope = simulation.scope
    asked = simulation.auto_scaling.ask(scope.account, scope.region, "DescribeAutoScalingGroups", {})
    groups = [each["AutoScalingGroupName"] for each in simulation.do(asked)["AutoScalingGroups"]]
    left = {
        "nodes": [each["metadata"]["name"] for each in simulation.nodes()],
        "instances": alive,
        "templates": list(region.templates),
        "instance profiles": list(region.profiles),
        "Auto Scaling groups": groups,
        "node groups": [each.name for each in simulation.nodegroups()],
    }
    for what, there in left.items():
        if there:
            raise Broken(f"after the deletion there are still {what}: {there}")


def _nodes(simulation: Simulation, name: str, found: AutoScalingGroup) -> list[dict]:  # type: ignore[type-arg]
    """Return the nodes of a group without those of its warm pool, which take no pods."""
    pooled = {each.id for each in found.warm}
    return [
        each
        for each in simulation.nodes()
        if _group_of(each) == name and each["spec"]["providerID"].rpartition("/")[2] not in pooled
    ]


def _group_of(node: dict) -> str | None:  # type: ignore[type-arg]
    return (node["metadata"].get("labels") or {}).get(NODEGROUP)
