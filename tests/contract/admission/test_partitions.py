"""The partitions of AWS: every ARN in an answer is of the Region's partition, foreign ones are refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from nodeyard.model.scope import Scope
from tests.doorway import Doorway

PARTITIONS = {
    "eu-west-1": "aws",
    "cn-north-1": "aws-cn",
    "us-gov-west-1": "aws-us-gov",
    "us-iso-east-1": "aws-iso",
    "us-isob-east-1": "aws-iso-b",
    "eu-isoe-west-1": "aws-iso-e",
}
ACCOUNT = "464600099053"


def create(door: Doorway, region: str, partition: str) -> dict[str, Any]:
    group: dict[str, Any] = door.client(region, ACCOUNT).create_nodegroup(
        clusterName="prod",
        nodegroupName="blue",
        subnets=["subnet-a"],
        nodeRole=f"arn:{partition}:iam::{ACCOUNT}:role/node",
    )["nodegroup"]
    return group


@pytest.mark.parametrize(("region", "partition"), PARTITIONS.items())
def test_arns_are_of_the_partition_of_the_region(door: Doorway, region: str, partition: str) -> None:
    door.has_cluster(scope=Scope(ACCOUNT, region))
    client = door.client(region, ACCOUNT)
    cluster = client.describe_cluster(name="prod")["cluster"]
    assert cluster["arn"] == f"arn:{partition}:eks:{region}:{ACCOUNT}:cluster/prod"
    group = create(door, region, partition)
    assert group["nodegroupArn"].startswith(f"arn:{partition}:eks:{region}:{ACCOUNT}:nodegroup/prod/blue/")
    for arn in (cluster["arn"], group["nodegroupArn"]):
        client.tag_resource(resourceArn=arn, tags={"a b": "c/d"})
        assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"a b": "c/d"}
        client.untag_resource(resourceArn=arn, tagKeys=["a b"])
        assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {}


@pytest.mark.parametrize(("region", "partition"), PARTITIONS.items())
def test_a_role_of_any_other_partition_is_refused(door: Doorway, region: str, partition: str) -> None:
    door.has_cluster(scope=Scope(ACCOUNT, region))
    for other in set(PARTITIONS.values()) - {partition}:
        with pytest.raises(ClientError, match="Invalid Role Arn") as error:
            create(door, region, other)
        assert error.value.response["Error"]["Code"] == "InvalidParameterException"


def test_a_cluster_role_of_another_account_is_refused(door: Doorway) -> None:
    with pytest.raises(ClientError, match="Cross-account pass role is not allowed") as error:
        door.client().create_cluster(
            name="new", roleArn=f"arn:aws:iam::{ACCOUNT}:role/cluster", resourcesVpcConfig={}
        )
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_one_account_does_not_see_the_clusters_of_another_or_of_another_region(door: Doorway) -> None:
    assert door.client().list_clusters()["clusters"] == ["prod"]
    assert door.client(account=ACCOUNT).list_clusters()["clusters"] == []
    assert door.client("us-west-2").list_clusters()["clusters"] == []


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("nonsense", "BadRequestException"),
        ("arn:aws:eks:eu-west-1:111122223333:cluster/gone", "NotFoundException"),
        ("arn:aws:eks:us-west-2:111122223333:cluster/prod", "NotFoundException"),
        ("arn:aws-cn:eks:eu-west-1:111122223333:cluster/prod", "NotFoundException"),
        ("arn:aws:eks:eu-west-1:111122223333:nodegroup/prod/blue", "NotFoundException"),
    ],
)
def test_tags_of_what_is_not_there(door: Doorway, arn: str, code: str) -> None:
    with pytest.raises(ClientError) as error:
        door.client().list_tags_for_resource(resourceArn=arn)
    assert error.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ({"aws:x": "y"}, "Tag keys must not start with aws: aws:x"),
        ({f"k{n}": "v" for n in range(50)}, "A resource has at most 50 tags; this call would make 51."),
    ],
)
def test_tags_that_are_too_many_or_reserved(door: Doorway, tags: dict[str, str], text: str) -> None:
    client, arn = door.client(), "arn:aws:eks:eu-west-1:111122223333:cluster/prod"
    client.tag_resource(resourceArn=arn, tags={"own": "x"})
    with pytest.raises(ClientError) as error:
        client.tag_resource(resourceArn=arn, tags=tags)
    assert error.value.response["Error"] == {"Code": "BadRequestException", "Message": text}
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"own": "x"}
