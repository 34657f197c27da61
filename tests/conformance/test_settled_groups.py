"""Groups between their updates, as clients see them: config updates, scale-in, repair, deletion.

By boto3 against a real process. The numbers in the names are those of the conformance checklist that
is derived from the documented and observed behaviour of EKS.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import botocore.exceptions
import pytest

from tests.conformance.conftest import CLUSTER, ROLE, SPEED, SUBNETS
from tests.conformance.kubernetes import NODES, Kubernetes
from tests.e2e.service import Service

MINUTE_S = 60 / SPEED
"""A simulated minute on the wall."""


class Group:
    """A node group of this test."""

    def __init__(self, service: Service, kubernetes: Kubernetes, desired: int, **more: Any) -> None:
        self.service = service
        self.kubernetes = kubernetes
        self.eks = service.client("eks")
        sizes = {"minSize": 0, "maxSize": 6, "desiredSize": desired}
        self.eks.create_nodegroup(**self.named, subnets=SUBNETS, nodeRole=ROLE, scalingConfig=sizes, **more)

    @property
    def named(self) -> dict[str, str]:
        return {"clusterName": CLUSTER, "nodegroupName": "blue"}

    def described(self) -> Any:
        return self.eks.describe_nodegroup(**self.named)["nodegroup"]

    def until(self, done: Callable[[], bool]) -> None:
        self.service.until(done, every_s=0.05)

    def nodes(self) -> dict[str, Any]:
        return {each["metadata"]["name"]: each for each in self.kubernetes.items(NODES)}

    def change(self, **more: Any) -> Any:
        """Make a config update and return it once it is over."""
        id = self.eks.update_nodegroup_config(**self.named, **more)["update"]["id"]
        named = {"name": CLUSTER, "nodegroupName": "blue", "updateId": id}
        self.until(lambda: self.eks.describe_update(**named)["update"]["status"] != "InProgress")
        return self.eks.describe_update(**named)["update"]

    def is_gone(self) -> bool:
        return "blue" not in self.eks.list_nodegroups(clusterName=CLUSTER)["nodegroups"]


@pytest.fixture
def make(service: Service, kubernetes: Kubernetes) -> Iterator[Callable[..., Group]]:
    made: list[Group] = []

    def group(desired: int, **more: Any) -> Group:
        one = Group(service, kubernetes, desired, **more)
        made.append(one)  # before anything can go wrong: it is deleted whatever comes
        one.until(lambda: one.described()["status"] == "ACTIVE")
        return one

    yield group
    for each in made:
        if not each.is_gone():
            each.eks.delete_nodegroup(**each.named)
            service.until(each.is_gone)


def report(kubernetes: Kubernetes, node: str, kind: str, reason: str) -> None:
    """Write a condition with status False as the node monitoring agent does."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    held = kubernetes.ask("GET", f"{NODES}/{node}")["status"]["conditions"]
    new = {"type": kind, "status": "False", "reason": reason, "message": "", "lastTransitionTime": now}
    body = {"status": {"conditions": [*(each for each in held if each["type"] != kind), new]}}
    kubernetes.patch(f"{NODES}/{node}/status", body)


def is_ready(node: Any) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"]["conditions"])


def refused(work: Callable[[], Any]) -> str:
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        work()
    return str(caught.value.response["Error"]["Code"])


def test_15_labels_and_taints_change_on_running_nodes_and_on_later_ones(make: Any) -> None:
    group = make(2, labels={"team": "a", "old": "x"})
    before = {name: node["metadata"]["uid"] for name, node in group.nodes().items()}
    taint = {"key": "dedicated", "value": "gpu", "effect": "NO_SCHEDULE"}
    update = group.change(
        labels={"addOrUpdateLabels": {"team": "b"}, "removeLabels": ["old"]},
        taints={"addOrUpdateTaints": [taint]},
    )
    params = {each["type"]: json.loads(each["value"]) for each in update["params"]}
    assert (update["type"], update["status"]) == ("ConfigUpdate", "Successful")
    assert params == {"LabelsToAdd": {"team": "b"}, "LabelsToRemove": ["old"], "TaintsToAdd": [taint]}
    group.change(scalingConfig={"desiredSize": 3})
    group.until(lambda: sum(is_ready(node) for node in group.nodes().values()) == 3)
    after = group.nodes()
    assert before.items() <= {name: node["metadata"]["uid"] for name, node in after.items()}.items()
    for node in after.values():
        labels, taints = node["metadata"]["labels"], node["spec"].get("taints", [])
        assert labels["team"] == "b" and "old" not in labels
        assert {"key": "dedicated", "value": "gpu", "effect": "NoSchedule"} in taints
    group.change(taints={"removeTaints": [taint]})
    assert group.described().get("taints", []) == []
    taints = [each for node in group.nodes().values() for each in node["spec"].get("taints", [])]
    assert not any(each["key"] == "dedicated" for each in taints)


def test_15_settings_replace_as_a_whole_and_are_told_as_text(make: Any) -> None:
    group = make(1)
    override = {
        "nodeMonitoringCondition": "NetworkingReady",
        "nodeUnhealthyReason": "InterfaceNotUp",
        "minRepairWaitTimeMins": 5,
        "repairAction": "Replace",
    }
    config = {"enabled": True, "maxParallelNodesRepairedCount": 2, "nodeRepairConfigOverrides": [override]}
    update = group.change(nodeRepairConfig=config, updateConfig={"maxUnavailablePercentage": 50})
    params = {each["type"]: each["value"] for each in update["params"]}
    assert (params["MaxUnavailablePercentage"], params["NodeRepairEnabled"]) == ("50", "true")
    assert json.loads(params["NodeRepairConfig"]) == config
    assert group.described()["nodeRepairConfig"] == config
    assert group.described()["updateConfig"]["maxUnavailablePercentage"] == 50
    group.change(nodeRepairConfig={"enabled": False})
    assert group.described()["nodeRepairConfig"] == {"enabled": False}


def test_16_a_scale_in_under_a_budget_takes_15_minutes_and_then_goes_on(
    make: Any, kubernetes: Kubernetes
) -> None:
    group = make(2)
    kubernetes.deploy("web", 4)
    kubernetes.budget("web", maxUnavailable=0)
    group.until(lambda: kubernetes.ready("web") == 4)
    began = time.monotonic()
    assert group.change(scalingConfig={"desiredSize": 1})["status"] == "Successful"
    group.until(lambda: any(node["spec"].get("unschedulable") for node in group.nodes().values()))
    assert len(group.nodes()) == 2
    group.until(lambda: len(group.nodes()) == 1)
    assert time.monotonic() - began >= 15 * MINUTE_S
    assert group.described()["scalingConfig"]["desiredSize"] == 1


def test_16_the_desired_size_follows_the_auto_scaling_group(make: Any, service: Service) -> None:
    group = make(1)
    (asg,) = group.described()["resources"]["autoScalingGroups"]
    service.client("autoscaling").set_desired_capacity(
        AutoScalingGroupName=asg["name"], DesiredCapacity=2, HonorCooldown=False
    )
    group.until(lambda: group.described()["scalingConfig"]["desiredSize"] == 2)
    group.until(lambda: len(group.nodes()) == 2)


def test_17_deletion_drains_cleans_up_and_comes_before_the_cluster(
    make: Any, kubernetes: Kubernetes, service: Service
) -> None:
    group = make(2)
    kubernetes.deploy("web", 2)
    group.until(lambda: kubernetes.ready("web") == 2)
    (asg,) = group.described()["resources"]["autoScalingGroups"]
    uuid = group.described()["nodegroupArn"].rpartition("/")[2]
    assert refused(lambda: group.eks.delete_cluster(name=CLUSTER)) == "ResourceInUseException"
    nodes, version = set(group.nodes()), kubernetes.version(NODES)
    assert group.eks.delete_nodegroup(**group.named)["nodegroup"]["status"] == "DELETING"
    group.until(group.is_gone)
    history = kubernetes.since(NODES, version)
    assert {each["metadata"]["name"] for each in history if each["spec"].get("unschedulable")} == nodes
    assert refused(group.described) == "ResourceNotFoundException"
    ec2, auto_scaling = service.client("ec2"), service.client("autoscaling")
    assert (
        auto_scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[asg["name"]])["AutoScalingGroups"]
        == []
    )
    names = [each["LaunchTemplateName"] for each in ec2.describe_launch_templates()["LaunchTemplates"]]
    assert f"eks-{uuid}" not in names
    assert group.nodes() == {}


def test_18_a_token_replay_returns_the_same_config_update(make: Any) -> None:
    group = make(1)
    asked = {**group.named, "labels": {"addOrUpdateLabels": {"a": "1"}}, "clientRequestToken": "t-1"}
    first = group.eks.update_nodegroup_config(**asked)["update"]["id"]
    group.until(lambda: group.described()["status"] == "ACTIVE")
    assert group.eks.update_nodegroup_config(**asked)["update"]["id"] == first
    other = {**asked, "labels": {"addOrUpdateLabels": {"a": "2"}}}
    assert refused(lambda: group.eks.update_nodegroup_config(**other)) == "InvalidParameterException"
    assert group.eks.list_updates(name=CLUSTER, nodegroupName="blue")["updateIds"] == [first]


def test_19_repair_replaces_after_30_minutes_and_reboots_after_10(make: Any, kubernetes: Kubernetes) -> None:
    group = make(2, nodeRepairConfig={"enabled": True, "maxParallelNodesRepairedCount": 2})
    before = group.nodes()
    replaced, rebooted = sorted(before)
    began = time.monotonic()
    report(kubernetes, replaced, "NetworkingReady", "IPAMDNotRunning")
    report(kubernetes, rebooted, "AcceleratedHardwareReady", "NvidiaXID31Error")
    group.until(lambda: all(node["spec"].get("unschedulable") for node in group.nodes().values()))
    boot = before[rebooted]["status"]["nodeInfo"]["bootID"]
    # A reboot is over in a fifth of a second here: its trace is waited for, not the moment without a kubelet.
    group.until(lambda: group.nodes()[rebooted]["status"]["nodeInfo"]["bootID"] != boot)
    assert time.monotonic() - began >= 10 * MINUTE_S
    back = lambda node: is_ready(node) and not node["spec"].get("unschedulable")  # noqa: E731
    group.until(lambda: back(group.nodes()[rebooted]))
    group.until(lambda: replaced not in group.nodes())
    assert time.monotonic() - began >= 30 * MINUTE_S
    group.until(lambda: len(group.nodes()) == 2)
    assert group.nodes()[rebooted]["metadata"]["uid"] == before[rebooted]["metadata"]["uid"]


OVERRIDE = {
    "nodeMonitoringCondition": "StorageReady",
    "nodeUnhealthyReason": "IODelays",
    "minRepairWaitTimeMins": 1,
    "repairAction": "Replace",
}


def test_19_an_override_shortens_the_wait_and_a_threshold_stops_repairs(
    make: Any, kubernetes: Kubernetes
) -> None:
    config = {
        "enabled": True,
        "maxUnhealthyNodeThresholdCount": 1,
        "nodeRepairConfigOverrides": [OVERRIDE],
    }
    group = make(3, nodeRepairConfig=config)
    first, second, _ = sorted(group.nodes())
    report(kubernetes, first, "StorageReady", "Unlisted")
    report(kubernetes, second, "StorageReady", "IODelays")
    group.until(lambda: bool(group.nodes()[second]["spec"].get("unschedulable")))
    limit = time.monotonic() + 20 * MINUTE_S
    group.until(lambda: time.monotonic() >= limit)
    assert {first, second} <= set(group.nodes()), "two of three are unhealthy: no repair begins"
    kubernetes.patch(f"{NODES}/{first}/status", {"status": {"conditions": _all_well(kubernetes, first)}})
    group.until(lambda: second not in group.nodes())
    assert first in group.nodes()


def test_19_a_zonal_shift_stops_repairs_until_it_is_cancelled(
    make: Any, kubernetes: Kubernetes, service: Service
) -> None:
    group = make(2, nodeRepairConfig={"enabled": True, "nodeRepairConfigOverrides": [OVERRIDE]})
    arc, eks = service.client("arc-zonal-shift"), group.eks
    cluster = lambda: eks.describe_cluster(name=CLUSTER)["cluster"]  # noqa: E731
    asked = {"resourceIdentifier": cluster()["arn"], "expiresIn": "2h", "comment": "a flood"}
    zone = service.client("ec2").describe_availability_zones()["AvailabilityZones"][0]["ZoneId"]
    assert refused(lambda: arc.start_zonal_shift(awayFrom=zone, **asked)) == "ResourceNotFoundException"
    eks.update_cluster_config(name=CLUSTER, zonalShiftConfig={"enabled": True})
    group.until(lambda: cluster().get("zonalShiftConfig", {}).get("enabled", False))
    shift = arc.start_zonal_shift(awayFrom=zone, **asked)["zonalShiftId"]
    ill, _ = sorted(group.nodes())
    report(kubernetes, ill, "StorageReady", "IODelays")
    group.until(lambda: bool(group.nodes()[ill]["spec"].get("unschedulable")))
    limit = time.monotonic() + 8 * MINUTE_S
    group.until(lambda: time.monotonic() >= limit)
    assert ill in group.nodes(), "the cluster is moved away from a zone: no repair begins"
    assert arc.cancel_zonal_shift(zonalShiftId=shift)["status"] == "CANCELED"
    group.until(lambda: ill not in group.nodes())


def _all_well(kubernetes: Kubernetes, node: str) -> list[Any]:
    held = kubernetes.ask("GET", f"{NODES}/{node}")["status"]["conditions"]
    return [each for each in held if each["type"] != "StorageReady"]


def test_20_a_warm_pool_waits_stopped_serves_and_takes_back(make: Callable[..., Group]) -> None:
    pool = {"enabled": True, "minSize": 1, "maxGroupPreparedCapacity": 2, "reuseOnScaleIn": True}
    group = make(1, warmPoolConfig=pool)
    name = group.described()["resources"]["autoScalingGroups"][0]["name"]
    scaling, ec2 = group.service.client("autoscaling"), group.service.client("ec2")

    def waiting() -> list[str]:
        found = scaling.describe_warm_pool(AutoScalingGroupName=name)["Instances"]
        return [each["InstanceId"] for each in found if each["LifecycleState"] == "Warmed:Stopped"]

    group.until(lambda: len(waiting()) == 1)
    (first,) = waiting()
    ((seen,),) = [each["Instances"] for each in ec2.describe_instances(InstanceIds=[first])["Reservations"]]
    assert seen["State"]["Name"] == "stopped" and len(group.nodes()) == 1
    shown = _of(scaling, name)
    assert (shown["WarmPoolSize"], shown["WarmPoolConfiguration"]["PoolState"]) == (1, "Stopped")
    assert [each["InstanceId"] for each in shown["Instances"]] != [first]

    group.change(scalingConfig={"desiredSize": 2})
    group.until(lambda: sum(map(is_ready, group.nodes().values())) == 2)
    assert any(node["spec"]["providerID"].endswith(first) for node in group.nodes().values())

    group.change(scalingConfig={"desiredSize": 1})
    group.until(lambda: len(waiting()) == 1 and len(group.nodes()) == 1)
    update = group.change(warmPoolConfig={"enabled": False})
    assert (update["status"], update["params"]) == (
        "Successful",
        [{"type": "WarmPoolEnabled", "value": "false"}],
    )
    group.until(lambda: "WarmPoolConfiguration" not in _of(scaling, name))


def _of(scaling: Any, name: str) -> Any:
    (shown,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return shown
