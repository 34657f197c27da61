"""What the service does while it is killed: `prepare` is not disturbed, `act` is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nodeyard import catalog
from tests.e2e import yard
from tests.kills.stage import Stage

OLD, *_, NEW = (each.release_version for each in catalog.default().releases("AL2_x86_64", "1.14"))
SICK = {"type": "NetworkingReady", "status": "False", "reason": "IPAMDNotRunning", "message": "seen"}
REPAIR = {
    "enabled": True,
    "nodeRepairConfigOverrides": [
        {
            "nodeMonitoringCondition": SICK["type"],
            "nodeUnhealthyReason": SICK["reason"],
            "minRepairWaitTimeMins": 1,
            "repairAction": "Replace",
        }
    ],
}
WEB = "/apis/apps/v1/namespaces/default/deployments/web"


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    prepare: Callable[[Stage, str], None]
    act: Callable[[Stage, str], None]
    size: int
    """Nodes at the end; 0: the group is gone."""


def is_whole(stage: Stage, name: str, size: int) -> bool:
    """Tell whether a group is settled with exactly its nodes and instances."""
    group = stage.group(name)
    if size == 0:
        return group is None and not any(stage.seen().values())
    if group is None or group["status"] != "ACTIVE" or group["scalingConfig"]["desiredSize"] != size:
        return False
    nodes = stage.nodes(name)
    return (
        len(nodes) == size
        and all(yard.ready_since(each) and not each["spec"].get("unschedulable") for each in nodes)
        and yard.members(stage.world) == ["InService"] * size
        and yard.made(stage.world)["instances"] == size
    )


def _nothing(stage: Stage, name: str) -> None:
    """Prepare nothing."""


def _create(stage: Stage, name: str, size: int = 2, **members: Any) -> None:
    stage.served.group(name, size, stage.eks, **members)


def _a_group(stage: Stage, name: str, **members: Any) -> None:
    _create(stage, name, **({"releaseVersion": OLD} | members))
    stage.until(lambda: is_whole(stage, name, 2), "a group to begin with")
    yard.a_workload(stage.world, 2, 1)


def _minimal(stage: Stage, name: str) -> None:
    _a_group(stage, name, updateConfig={"maxUnavailable": 1, "updateStrategy": "MINIMAL"})


def _update(stage: Stage, name: str) -> None:
    stage.eks.update_nodegroup_version(clusterName=yard.CLUSTER, nodegroupName=name)


def _config(stage: Stage, name: str) -> None:
    labels, sizes = {"addOrUpdateLabels": {"team": "a"}}, {"desiredSize": 1}
    stage.eks.update_nodegroup_config(
        clusterName=yard.CLUSTER, nodegroupName=name, labels=labels, scalingConfig=sizes
    )


def _repaired(stage: Stage, name: str) -> None:
    _a_group(stage, name, nodeRepairConfig=REPAIR)


def _sicken(stage: Stage, name: str) -> None:
    sick = min(each["metadata"]["name"] for each in stage.nodes(name))
    patch = {"status": {"conditions": [SICK]}}
    kind = "application/strategic-merge-patch+json"
    yard.kubernetes(stage.world, "PATCH", f"/api/v1/nodes/{sick}/status", patch, kind=kind)
    stage.until(
        lambda: sick not in {each["metadata"]["name"] for each in stage.nodes(name)},
        "the end of the sick node",
    )


def _group_alone(stage: Stage, name: str) -> None:
    _create(stage, name)
    stage.until(lambda: is_whole(stage, name, 2), "a group to begin with")


def _delete(stage: Stage, name: str) -> None:
    stage.eks.delete_nodegroup(clusterName=yard.CLUSTER, nodegroupName=name)


SCENARIOS = (
    Scenario("create", _nothing, _create, 2),
    Scenario("update", _a_group, _update, 2),
    Scenario("update of the strategy MINIMAL", _minimal, _update, 2),
    Scenario("config update", _a_group, _config, 1),
    Scenario("repair", _repaired, _sicken, 2),
    Scenario("delete", _group_alone, _delete, 0),
)


def clean_up(stage: Stage, name: str) -> None:
    """Remove the workload and the group, and see that nothing is left of them."""
    for path in (WEB, f"{yard.BUDGETS}/web"):
        if _is_there(stage, path):
            yard.kubernetes(stage.world, "DELETE", path)
    if stage.group(name) is not None:
        _delete(stage, name)
    stage.until(lambda: is_whole(stage, name, 0), "the end of what a play left behind")


def _is_there(stage: Stage, path: str) -> bool:
    place = path.rpartition("/")[0]
    return bool(yard.kubernetes(stage.world, "GET", place)["items"])
