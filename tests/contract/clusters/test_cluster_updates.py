"""UpdateClusterVersion, UpdateClusterConfig and DeleteCluster, by boto3 through the whole service."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nodeyard.model.status import ClusterStatus
from tests.doorway import Doorway
from tests.nouns import a_nodegroup


def refusal(call: Any, **members: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as error:
        call(**members)
    answer: Any = error.value.response
    assert answer["clusterName"] == "prod"
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return answer["Error"]["Code"], status, answer["Error"]["Message"]


def described(door: Doorway) -> dict[str, Any]:
    cluster: dict[str, Any] = door.client().describe_cluster(name="prod")["cluster"]
    return cluster


def test_a_control_plane_moves_to_the_next_minor_and_groups_stay(door: Doorway) -> None:
    door.has(a_nodegroup())
    client = door.client()
    update = client.update_cluster_version(name="prod", version="1.35")["update"]
    assert (update["type"], update["status"]) == ("VersionUpdate", "InProgress")
    assert update["params"] == [
        {"type": "Version", "value": "1.35"},
        {"type": "PlatformVersion", "value": "eks.5"},
    ]
    assert uuid.UUID(update["id"]).version == 4
    assert (described(door)["status"], described(door)["version"]) == ("UPDATING", "1.34")
    assert client.list_updates(name="prod")["updateIds"] == [update["id"]]
    assert client.list_updates(name="prod", nodegroupName="blue")["updateIds"] == []
    door.settle()
    assert (described(door)["status"], described(door)["version"]) == ("ACTIVE", "1.35")
    assert described(door)["platformVersion"] == "eks.5"
    assert door.planes.versions["prod"] == "1.35"
    ended = client.describe_update(name="prod", updateId=update["id"])["update"]
    assert ended == update | {"status": "Successful"}
    group = door.group()
    assert group is not None and group.version == "1.34"


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("1.36", "Unsupported Kubernetes minor version update from 1.34 to 1.36"),
        ("1.34", "Unsupported Kubernetes minor version update from 1.34 to 1.34"),
        ("1.33", "Unsupported Kubernetes minor version update from 1.34 to 1.33"),
        ("1.99", "unsupported Kubernetes version 1.99"),
        ("next", "unsupported Kubernetes version next"),
    ],
)
def test_only_the_next_minor_is_accepted(door: Doorway, version: str, text: str) -> None:
    call = door.client().update_cluster_version
    assert refusal(call, name="prod", version=version) == ("InvalidParameterException", 400, text)


@pytest.mark.parametrize(
    ("cluster", "target", "stays", "too_old"),
    [("1.34", "1.35", "1.32", "1.31"), ("1.26", "1.27", "1.25", "1.24"), ("1.27", "1.28", "1.25", "1.24")],
)
def test_groups_that_would_lag_too_far_stop_the_update(
    door: Doorway, cluster: str, target: str, stays: str, too_old: str
) -> None:
    client = door.client()
    door.forget(door.run(door.store.cluster(a_nodegroup().scope, "prod")))
    door.has_cluster(version=cluster)
    door.has(a_nodegroup(name="fine", version=stays))
    door.has(*(a_nodegroup(name=name, version=too_old) for name in ("a", "b")))
    assert refusal(client.update_cluster_version, name="prod", version=target) == (
        "InvalidParameterException",
        400,
        f"Nodegroups a, b must be updated to match cluster version {cluster} "
        "before updating cluster version.",
    )
    for name in ("a", "b"):
        door.forget(door.group(name))
    assert client.update_cluster_version(name="prod", version=target)["update"]["status"] == "InProgress"


def test_one_update_at_a_time_and_none_of_a_cluster_that_is_not_active(door: Doorway) -> None:
    client = door.client()
    running = client.update_cluster_version(name="prod", version="1.35")["update"]["id"]
    busy = f"because cluster prod currently has update {running} in progress"
    assert refusal(client.update_cluster_config, name="prod", deletionProtection=True) == (
        "ResourceInUseException",
        409,
        f"Cannot DeletionProtectionUpdate {busy}",
    )
    assert refusal(client.update_cluster_version, name="prod", version="1.35") == (
        "ResourceInUseException",
        409,
        f"Cannot VersionUpdate {busy}",
    )
    assert refusal(client.delete_cluster, name="prod")[:2] == ("ResourceInUseException", 409)
    door.has_cluster(name="young", status=ClusterStatus.CREATING)
    with pytest.raises(ClientError, match="Cluster 'young' is not in ACTIVE status"):
        client.update_cluster_version(name="young", version="1.35")


def test_one_token_is_one_update(door: Doorway) -> None:
    client = door.client()
    asked = {"name": "prod", "version": "1.35", "clientRequestToken": "t"}
    first = client.update_cluster_version(**asked)["update"]["id"]
    assert client.update_cluster_version(**asked)["update"]["id"] == first
    assert client.list_updates(name="prod")["updateIds"] == [first]


ALL_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]

CONFIGS: list[tuple[dict[str, Any], str, list[tuple[str, str]], dict[str, Any]]] = [
    (
        {"resourcesVpcConfig": {"endpointPrivateAccess": True, "publicAccessCidrs": ["203.0.113.5/32"]}},
        "EndpointAccessUpdate",
        [("EndpointPrivateAccess", "true"), ("PublicAccessCidrs", '["203.0.113.5/32"]')],
        {
            "resourcesVpcConfig": {
                "endpointPublicAccess": True,
                "endpointPrivateAccess": True,
                "publicAccessCidrs": ["203.0.113.5/32"],
            }
        },
    ),
    (
        {"resourcesVpcConfig": {"subnetIds": ["subnet-a", "subnet-c"], "securityGroupIds": ["sg-1"]}},
        "VpcConfigUpdate",
        [("Subnets", '["subnet-a","subnet-c"]'), ("SecurityGroups", '["sg-1"]')],
        {"resourcesVpcConfig": {"subnetIds": ["subnet-a", "subnet-c"], "securityGroupIds": ["sg-1"]}},
    ),
    (
        {"logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]}},
        "LoggingUpdate",
        [("ClusterLogging", '{"clusterLogging":[{"types":["api","audit"],"enabled":true}]}')],
        {
            "logging": {
                "clusterLogging": [
                    {"types": ["api", "audit"], "enabled": True},
                    {"types": ALL_LOGS[2:], "enabled": False},
                ]
            }
        },
    ),
    (
        {"accessConfig": {"authenticationMode": "API"}},
        "AccessConfigUpdate",
        [("AuthenticationMode", "API")],
        {"accessConfig": {"authenticationMode": "API"}},
    ),
    (
        {"upgradePolicy": {"supportType": "STANDARD"}},
        "UpgradePolicyUpdate",
        [("UpgradePolicy", '{"supportType":"STANDARD"}')],
        {"upgradePolicy": {"supportType": "STANDARD"}},
    ),
    (
        {"zonalShiftConfig": {"enabled": True}},
        "ZonalShiftConfigUpdate",
        [("ZonalShiftConfig", '{"enabled":true}')],
        {"zonalShiftConfig": {"enabled": True}},
    ),
    (
        {"deletionProtection": True},
        "DeletionProtectionUpdate",
        [("DeletionProtection", "true")],
        {"deletionProtection": True},
    ),
    (
        {"controlPlaneScalingConfig": {"tier": "tier-xl"}},
        "ControlPlaneScalingConfigUpdate",
        [("UpdatedTier", "tier-xl"), ("PreviousTier", "standard")],
        {"controlPlaneScalingConfig": {"tier": "tier-xl"}},
    ),
    (
        {
            "computeConfig": {"enabled": False},
            "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": False}},
            "storageConfig": {"blockStorage": {"enabled": False}},
        },
        "AutoModeUpdate",
        [
            ("ComputeConfig", '{"enabled":false}'),
            ("KubernetesNetworkConfig", '{"elasticLoadBalancing":{"enabled":false}}'),
            ("StorageConfig", '{"blockStorage":{"enabled":false}}'),
        ],
        {"computeConfig": {"enabled": False}, "storageConfig": {"blockStorage": {"enabled": False}}},
    ),
]


@pytest.mark.parametrize(("asked", "kind", "params", "after"), CONFIGS, ids=[case[1] for case in CONFIGS])
def test_a_setting_becomes_an_update_and_is_shown_when_it_has_ended(
    door: Doorway,
    asked: dict[str, Any],
    kind: str,
    params: list[tuple[str, str]],
    after: dict[str, Any],
) -> None:
    client = door.client()
    update = client.update_cluster_config(name="prod", **asked)["update"]
    assert (update["type"], update["status"]) == (kind, "InProgress")
    assert [(param["type"], param["value"]) for param in update["params"]] == params
    assert described(door)["status"] == "UPDATING"
    door.settle()
    cluster = described(door)
    assert cluster["status"] == "ACTIVE"
    for member, value in after.items():
        found = cluster[member]
        if isinstance(value, dict):
            found = {name: found[name] for name in value}
        assert found == value
    with pytest.raises(ClientError) as error:
        client.update_cluster_config(name="prod", **asked)
    assert error.value.response["Error"]["Code"] == "InvalidParameterException"


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (
            {"deletionProtection": True, "upgradePolicy": {"supportType": "STANDARD"}},
            "Only one type of update can be allowed.",
        ),
        (
            {"resourcesVpcConfig": {"endpointPrivateAccess": True, "subnetIds": ["subnet-a"]}},
            "Only one type of update can be allowed.",
        ),
        ({}, "No changes needed: send one kind of setting to change"),
        (
            {"resourcesVpcConfig": {"endpointPublicAccess": True}},
            "Cluster is already at the desired configuration with endpointPrivateAccess: false , "
            "endpointPublicAccess: true, and Public Endpoint Restrictions: [0.0.0.0/0]",
        ),
        (
            {"logging": {"clusterLogging": [{"types": ["api"], "enabled": False}]}},
            "No changes needed for the logging config provided",
        ),
        (
            {"computeConfig": {"enabled": True}},
            "For EKS Auto Mode, please ensure that all required configs, including computeConfig, "
            "kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.",
        ),
        ({"deletionProtection": False}, "No changes needed for the deletionProtection provided"),
    ],
)
def test_a_change_that_is_none_or_too_many_is_refused(
    door: Doorway, asked: dict[str, Any], text: str
) -> None:
    call = door.client().update_cluster_config
    assert refusal(call, name="prod", **asked) == ("InvalidParameterException", 400, text)


def test_an_authentication_mode_never_goes_back(door: Doorway) -> None:
    client = door.client()
    client.update_cluster_config(name="prod", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    door.settle()
    back = {"authenticationMode": "CONFIG_MAP"}
    assert refusal(client.update_cluster_config, name="prod", accessConfig=back)[2] == (
        "Unsupported authentication mode update from API_AND_CONFIG_MAP to CONFIG_MAP"
    )


def test_a_cluster_with_node_groups_or_protection_is_not_deleted(door: Doorway) -> None:
    client = door.client()
    client.update_cluster_config(name="prod", deletionProtection=True)
    door.settle()
    door.has(a_nodegroup())
    attached = ("ResourceInUseException", 409, "Cluster has nodegroups attached")
    assert refusal(client.delete_cluster, name="prod") == attached
    door.forget(door.group())
    assert refusal(client.delete_cluster, name="prod")[:2] == ("InvalidRequestException", 400)
    client.update_cluster_config(name="prod", deletionProtection=False)
    door.settle()
    assert client.delete_cluster(name="prod")["cluster"]["status"] == "DELETING"
    door.settle()
    assert client.list_clusters()["clusters"] == []


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"name": "prod"}, "ResourceInUseException", "Cluster already exists with name: prod"),
        ({"version": "1.99"}, "InvalidParameterException", "unsupported Kubernetes version 1.99"),
        ({"roleArn": "x"}, "InvalidParameterException", "Invalid Role Arn: 'x'"),
        (
            {"roleArn": "arn:aws:iam::111122223333:role/gone"},
            "InvalidParameterException",
            "The role with name gone cannot be found.",
        ),
        (
            {"roleArn": "arn:aws:iam::111122223333:role/node"},
            "InvalidParameterException",
            "Role with arn: arn:aws:iam::111122223333:role/node, could not be assumed because it does not "
            "exist or the trusted entity is not correct",
        ),
        (
            {"resourcesVpcConfig": {"subnetIds": ["subnet-gone"]}},
            "InvalidParameterException",
            "The following supplied subnets do not exist: [subnet-gone]",
        ),
        (
            {"resourcesVpcConfig": {"subnetIds": ["subnet-a", "subnet-x"]}},
            "InvalidParameterException",
            "Subnets specified must be in the same VPC",
        ),
        (
            {"resourcesVpcConfig": {"subnetIds": ["subnet-a"]}},
            "InvalidParameterException",
            "Subnets specified must be in at least two different AZs",
        ),
        (
            {"name": "a.b"},
            "InvalidParameterException",
            "1 validation error detected: Value 'a.b' at 'name' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: ^[0-9A-Za-z][A-Za-z0-9\\-_]*",
        ),
    ],
    ids=str,
)
def test_what_no_cluster_can_be_is_refused(
    door: Doorway, changes: dict[str, Any], code: str, text: str
) -> None:
    asked = {
        "name": "new",
        "roleArn": "arn:aws:iam::111122223333:role/cluster",
        "resourcesVpcConfig": {"subnetIds": ["subnet-a", "subnet-b"]},
    }
    before = door.everything()
    with pytest.raises(ClientError) as error:
        door.client().create_cluster(**asked | changes)
    assert error.value.response["Error"] == {"Code": code, "Message": text}
    assert door.everything() == before
