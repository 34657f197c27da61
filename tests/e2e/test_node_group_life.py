"""Node groups from creation to deletion in a real process, by unmodified boto3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from tests.e2e import yard
from tests.e2e.service import Service, running
from tests.e2e.yard import CLUSTER


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running(tmp_path) as made:
        yield made


def _described(eks: Any, name: str) -> Any:
    return eks.describe_nodegroup(clusterName=CLUSTER, nodegroupName=name)["nodegroup"]


def _is_gone(eks: Any, name: str) -> bool:
    return name not in eks.list_nodegroups(clusterName=CLUSTER)["nodegroups"]


def test_a_group_lives_from_creation_over_scaling_to_deletion(service: Service) -> None:
    eks = yard.a_cluster(service)
    group = yard.a_group(service, "blue", 2, labels={"team": "payments"})
    assert (group["status"], group["releaseVersion"]) == ("CREATING", "1.14.9-20200122")
    service.until(lambda: _described(eks, "blue")["status"] == "ACTIVE")
    autoscaling, ec2 = service.client("autoscaling"), service.client("ec2")
    asg = _described(eks, "blue")["resources"]["autoScalingGroups"][0]["name"]
    (made,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[asg])["AutoScalingGroups"]
    assert {each["LifecycleState"] for each in made["Instances"]} == {"InService"}
    assert len(made["Instances"]) == 2
    update = eks.update_nodegroup_config(
        clusterName=CLUSTER, nodegroupName="blue", scalingConfig={"desiredSize": 3}
    )["update"]
    service.until(
        lambda: (
            eks.describe_update(name=CLUSTER, nodegroupName="blue", updateId=update["id"])["update"]["status"]
            == "Successful"
        )
    )
    eks.delete_nodegroup(clusterName=CLUSTER, nodegroupName="blue")
    service.until(lambda: _is_gone(eks, "blue"))
    assert autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert service.client("iam").list_instance_profiles()["InstanceProfiles"] == []
    states = {
        one["State"]["Name"]
        for reservation in ec2.describe_instances()["Reservations"]
        for one in reservation["Instances"]
    }
    assert states == {"terminated"}
    eks.delete_cluster(name=CLUSTER)
    service.until(lambda: eks.list_clusters()["clusters"] == [])


def test_a_group_without_nodes_is_active_at_once(service: Service) -> None:
    eks = yard.a_cluster(service)
    yard.a_group(service, "empty", 0)
    service.until(lambda: _described(eks, "empty")["status"] == "ACTIVE")
    assert _described(eks, "empty")["health"] == {"issues": []}


def test_a_creation_survives_the_death_of_the_process(service: Service) -> None:
    eks = yard.a_cluster(service)
    yard.a_group(service, "blue", 2)
    service.kill()
    service.start()
    eks = service.client("eks")
    service.until(lambda: _described(eks, "blue")["status"] == "ACTIVE")
    eks.delete_nodegroup(clusterName=CLUSTER, nodegroupName="blue")
    service.kill()
    service.start()
    eks = service.client("eks")
    service.until(lambda: _is_gone(eks, "blue"))


def test_a_clean_stop_keeps_everything_and_ends_with_code_0(service: Service) -> None:
    eks = yard.a_cluster(service)
    yard.a_group(service, "blue", 1)
    service.until(lambda: _described(eks, "blue")["status"] == "ACTIVE")
    assert service.stop() == 0
    service.start()
    eks = service.client("eks")
    assert _described(eks, "blue")["status"] == "ACTIVE"
    instances = service.client("autoscaling").describe_auto_scaling_instances()["AutoScalingInstances"]
    assert [each["LifecycleState"] for each in instances] == ["InService"]


def test_a_group_that_cannot_exist_is_refused_and_leaves_nothing(service: Service) -> None:
    eks = yard.a_cluster(service)
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        yard.a_group(service, "blue", 9)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
    assert eks.list_nodegroups(clusterName=CLUSTER)["nodegroups"] == []


def test_an_unknown_service_is_named_in_the_answer(service: Service) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="does not have the service dynamodb"):
        service.client("dynamodb").list_tables()
