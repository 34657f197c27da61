"""What clients rely on beyond one call: shapes, errors, pages, autoscalers, reconcilers, bad images.

By boto3 against a real process. The numbers in the names are those of the conformance checklist that
is derived from the documented and observed behaviour of EKS.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import chain
from typing import Any

import botocore.exceptions
import pytest

from tests.conformance.test_version_updates import CLUSTER, RELEASES, Group
from tests.e2e.service import ACCOUNT, REGION, Service


def _deleted(group: Group) -> None:
    group.eks.delete_nodegroup(**group.named)
    names = lambda: group.eks.list_nodegroups(clusterName=CLUSTER)["nodegroups"]  # noqa: E731
    group.service.until(lambda: group.name not in names())


def test_1_every_member_that_clients_dereference_is_there_and_times_are_numbers(service: Service) -> None:
    group = Group(service, "one", 1)
    described = group.described()
    for member in ("scalingConfig", "createdAt", "nodeRole", "releaseVersion", "status", "health", "tags"):
        assert described[member] is not None, member
    assert described["updateConfig"] == {"maxUnavailable": 1}
    assert "launchTemplate" not in described
    raw: list[bytes] = []
    group.eks.meta.events.register(
        "before-parse.eks.*", lambda response_dict, **_: raw.append(response_dict["body"])
    )
    group.described()
    created = json.loads(raw[-1])["nodegroup"]["createdAt"]
    assert isinstance(created, float) and created > 1.7e9
    _deleted(group)


@pytest.mark.parametrize(
    ("call", "code", "status", "members"),
    [
        (
            ("describe_nodegroup", {"clusterName": CLUSTER, "nodegroupName": "none"}),
            "ResourceNotFoundException",
            404,
            {"clusterName": CLUSTER, "nodegroupName": "none"},
        ),
        (
            ("list_nodegroups", {"clusterName": "none"}),
            "ResourceNotFoundException",
            404,
            {"clusterName": "none"},
        ),
        (("tag_resource", {"resourceArn": "arn:x", "tags": {"a": "b"}}), "BadRequestException", 400, {}),
        (
            ("update_nodegroup_version", {"clusterName": CLUSTER, "nodegroupName": "none"}),
            "ResourceNotFoundException",
            404,
            {"clusterName": CLUSTER, "nodegroupName": "none"},
        ),
    ],
)
def test_2_errors_have_their_shape_status_and_members(
    service: Service, call: tuple[str, Any], code: str, status: int, members: dict[str, str]
) -> None:
    operation, parameters = call
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        getattr(service.client("eks"), operation)(**parameters)
    answer = refused.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert {name: answer[name] for name in members} == members
    assert answer["ResponseMetadata"]["RequestId"]


def test_4_lists_come_in_pages(service: Service) -> None:
    groups = [Group(service, f"page-{n}", 0) for n in range(3)]
    eks = service.client("eks")
    for size in (1, 2, 100):
        pages = eks.get_paginator("list_nodegroups").paginate(
            clusterName=CLUSTER, PaginationConfig={"PageSize": size}
        )
        listed = [page["nodegroups"] for page in pages]
        assert all(len(page) <= size for page in listed)
        assert list(chain(*listed)) == ["page-0", "page-1", "page-2"]
    ids = [groups[0].update(), ""]
    groups[0].until_over(ids[0])
    ids[1] = groups[0].update(releaseVersion=RELEASES[0])
    groups[0].until_over(ids[1])
    updates = eks.get_paginator("list_updates").paginate(
        name=CLUSTER, nodegroupName="page-0", PaginationConfig={"PageSize": 1}
    )
    found = [page["updateIds"] for page in updates]
    assert sorted(chain(*found)) == sorted(ids) and all(len(page) == 1 for page in found)
    for group in groups:
        _deleted(group)


def test_8_cluster_autoscaler_finds_an_empty_group_and_scales_it_from_zero(service: Service) -> None:
    taint = {"key": "gpu", "value": "yes", "effect": "NO_SCHEDULE"}
    group = Group(service, "zero", 0, taints=[taint], tags={"k8s.io/extra": "1"})
    asg = service.client("autoscaling")
    found = asg.get_paginator("describe_auto_scaling_groups").paginate(
        Filters=[
            {"Name": "tag-key", "Values": ["k8s.io/cluster-autoscaler/enabled"]},
            {"Name": "tag:k8s.io/cluster-autoscaler/prod", "Values": ["owned"]},
        ]
    )
    (discovered,) = [each for page in found for each in page["AutoScalingGroups"]]
    tags = {tag["Key"]: tag["Value"] for tag in discovered["Tags"]}
    assert (tags["eks:nodegroup-name"], tags["eks:cluster-name"]) == ("zero", CLUSTER)
    described = group.eks.describe_nodegroup(
        clusterName=tags["eks:cluster-name"], nodegroupName=tags["eks:nodegroup-name"]
    )["nodegroup"]
    assert described["labels"] == {"group": "zero"}
    assert described["taints"] == [taint]
    facts = ("diskSize", "amiType", "capacityType", "version")
    assert [described[each] for each in facts] == [20, "AL2023_x86_64_STANDARD", "ON_DEMAND", "1.33"]
    assert described["tags"] == {"k8s.io/extra": "1"}
    name = discovered["AutoScalingGroupName"]
    asg.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=1)
    service.until(lambda: group.described()["scalingConfig"]["desiredSize"] == 1)

    def in_service() -> list[str]:
        (now,) = asg.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return [i["InstanceId"] for i in now["Instances"] if i["LifecycleState"] == "InService"]

    service.until(lambda: len(in_service()) == 1)
    asg.terminate_instance_in_auto_scaling_group(
        InstanceId=in_service()[0], ShouldDecrementDesiredCapacity=True
    )
    service.until(lambda: group.described()["scalingConfig"]["desiredSize"] == 0)
    _deleted(group)


def _reconcile(group: Group, wanted: dict[str, Any]) -> bool:
    """Do one pass as a controller does: look, change one thing that differs; True when nothing does."""
    described = group.described()
    if described["status"] != "ACTIVE":
        return False
    try:
        if described["labels"] != wanted["labels"]:
            group.eks.update_nodegroup_config(**group.named, labels={"addOrUpdateLabels": wanted["labels"]})
            return False
        if described["scalingConfig"] != wanted["scalingConfig"]:
            group.eks.update_nodegroup_config(**group.named, scalingConfig=wanted["scalingConfig"])
            return False
        if described["releaseVersion"] != wanted["releaseVersion"]:
            group.update(releaseVersion=wanted["releaseVersion"])
            return False
    except group.eks.exceptions.ResourceInUseException:
        return False
    return bool(described["tags"] == {})


def test_9_a_loop_that_reconciles_settles_and_then_changes_nothing(service: Service) -> None:
    group = Group(service, "loop", 1)
    wanted = {
        "labels": {"group": "loop", "team": "payments"},
        "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2},
        "releaseVersion": RELEASES[-1],
    }
    service.until(lambda: _reconcile(group, wanted))
    updates = group.eks.list_updates(name=CLUSTER, nodegroupName="loop")["updateIds"]
    assert _reconcile(group, wanted) and len(updates) == 3
    _deleted(group)


def _nodeyard(service: Service, *words: str) -> None:
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": service.endpoint,
    }
    subprocess.run(
        [sys.executable, "-m", "nodeyard.cli", *words],
        env=environment,
        check=True,
        capture_output=True,
        timeout=30,
    )


@pytest.mark.parametrize("strategy", ["DEFAULT", "MINIMAL"])
def test_13_nodes_that_never_join_fail_the_update_and_everything_is_as_before(
    service: Service, strategy: str
) -> None:
    config = {"maxUnavailable": 1, "updateStrategy": strategy}
    group = Group(service, "bad", 2, updateConfig=config)
    before = group.sizes()
    _nodeyard(service, "faults", "set", "never-join", "--group", "bad")
    update = group.until_over(group.update())
    _nodeyard(service, "faults", "clear", "never-join")
    assert update["status"] == "Failed"
    (error,) = update["errors"]
    assert error["errorCode"] == "NodeCreationFailure"
    said = "Couldn't proceed with upgrade process as new nodes are not joining node group bad"
    assert error["errorMessage"].startswith(said)
    described = group.described()
    assert (described["status"], described["releaseVersion"]) == ("ACTIVE", RELEASES[0])
    assert group.sizes() == before
    asg = service.client("autoscaling")
    name = described["resources"]["autoScalingGroups"][0]["name"]

    def in_service() -> int:
        (now,) = asg.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        states = [each["LifecycleState"] for each in now["Instances"]]
        return states.count("InService") if len(states) == 2 else 0

    service.until(lambda: in_service() == 2)
    _deleted(group)
