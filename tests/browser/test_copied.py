"""*Copy as*: each text is taken by the tool it is for, and says there what the API would be asked for.

boto3 is judged by botocore, Terraform by a program made of its own parser with the AWS provider's schema,
eksctl by its schema; the aws CLI runs what the page shows in test_operations.
"""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import Any

import boto3
import botocore.validate
import jsonschema
import pytest

from tests.browser import copied
from tests.e2e.service import REGION

Request = dict[str, Any]

LEAST: Request = {
    "clusterName": "prod",
    "nodegroupName": "9-blue",
    "nodeRole": "arn:aws:iam::111122223333:role/node",
    "subnets": ["subnet-0a", "subnet-0b"],
    "scalingConfig": {"minSize": 0, "maxSize": 2, "desiredSize": 0},
    "updateConfig": {"maxUnavailable": 1},
}
FULL = LEAST | {
    "nodegroupName": "blue",
    "amiType": "AL2023_x86_64_STANDARD",
    "capacityType": "SPOT",
    "instanceTypes": ["m5.large", "m5.xlarge"],
    "diskSize": 77,
    "labels": {"team": "web", "example.com/a-longer-key": "${not.a.template}"},
    "tags": {"${owner}": 'a "b" \\ %{if}', "größe": "groß", "cost": "'1'"},
    "taints": [
        {"key": "dedicated", "value": "shop", "effect": "NO_SCHEDULE"},
        {"key": "batch", "effect": "NO_EXECUTE"},
        {"key": "slow", "value": "yes", "effect": "PREFER_NO_SCHEDULE"},
    ],
    "updateConfig": {"maxUnavailablePercentage": 25, "updateStrategy": "MINIMAL"},
    "nodeRepairConfig": {"enabled": True},
    "remoteAccess": {"ec2SshKey": "mine", "sourceSecurityGroups": ["sg-0a"]},
}
POOLED = LEAST | {
    "warmPoolConfig": {"enabled": True, "minSize": 1, "maxGroupPreparedCapacity": -1, "poolState": "RUNNING"}
}
TEMPLATED = LEAST | {"launchTemplate": {"id": "lt-0123456789abcdef0", "version": "3"}}
KINDS = {
    "BOTTLEROCKET_x86_64_NVIDIA": "Bottlerocket",
    "WINDOWS_CORE_2022_x86_64": "WindowsServer2022CoreContainer",
    "WINDOWS_FULL_2019_x86_64": "WindowsServer2019FullContainer",
    "AL2023_ARM_64_STANDARD": "AmazonLinux2023",
}
"""AMI type -> eksctl's word for its operating system."""
REQUESTS = {"least": LEAST, "full": FULL, "templated": TEMPLATED, "pooled": POOLED} | {
    kind: LEAST | {"nodegroupName": "blue", "amiType": kind, "instanceTypes": ["m5.large"]} for kind in KINDS
}


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    found = copied.written(tmp_path_factory.mktemp("copied"), list(REQUESTS.values()), REGION)
    return dict(zip(REQUESTS, found, strict=True))


@pytest.mark.parametrize("name", REQUESTS)
def test_boto3_is_given_the_very_request(texts: dict[str, dict[str, str]], name: str) -> None:
    asked: list[Request] = []
    client = types.SimpleNamespace(create_nodegroup=lambda **members: asked.append(members))
    fake = types.SimpleNamespace(client=lambda service, region_name: client)
    exec(texts[name]["boto3"].replace("import boto3", ""), {"boto3": fake})
    assert asked == [REQUESTS[name]]
    model = boto3.client("eks", region_name=REGION).meta.service_model
    shape = model.operation_model("CreateNodegroup").input_shape
    report = botocore.validate.ParamValidator().validate(asked[0], shape)
    assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize("name", REQUESTS)
def test_terraform_takes_what_is_written_for_it(
    texts: dict[str, dict[str, str]], name: str, tmp_path: Path
) -> None:
    asked = REQUESTS[name]
    found = copied.terraform(texts[name]["Terraform"], tmp_path)
    names = {"cluster_name": "clusterName", "node_group_name": "nodegroupName", "node_role_arn": "nodeRole"}
    names |= {"subnet_ids": "subnets", "instance_types": "instanceTypes", "ami_type": "amiType"}
    names |= {"capacity_type": "capacityType", "disk_size": "diskSize", "labels": "labels", "tags": "tags"}
    assert {ours: found[ours] for ours in names} == {ours: asked.get(name) for ours, name in names.items()}
    sizes = asked["scalingConfig"]
    assert found["scaling_config"] == [
        {"min_size": sizes["minSize"], "max_size": sizes["maxSize"], "desired_size": sizes["desiredSize"]}
    ]
    update = asked["updateConfig"]
    assert found["update_config"] == [
        {
            "max_unavailable": update.get("maxUnavailable"),
            "max_unavailable_percentage": update.get("maxUnavailablePercentage"),
        }
    ]
    template = asked.get("launchTemplate")
    assert found["launch_template"] == ([template | {"name": None}] if template else [])
    taints = {(each["key"], each["value"], each["effect"]) for each in found["taint"]}
    assert taints == {(each["key"], each.get("value"), each["effect"]) for each in asked.get("taints", ())}
    assert [each["enabled"] for each in found["node_repair_config"]] == [True] * ("nodeRepairConfig" in asked)
    remote = asked.get("remoteAccess")
    assert found["remote_access"] == (
        [{"ec2_ssh_key": remote["ec2SshKey"], "source_security_group_ids": remote["sourceSecurityGroups"]}]
        if remote
        else []
    )


@pytest.mark.parametrize("name", REQUESTS)
def test_eksctl_takes_what_is_written_for_it(texts: dict[str, dict[str, str]], name: str) -> None:
    asked = REQUESTS[name]
    found = copied.eksctl(texts[name]["eksctl"])
    sizes, update = asked["scalingConfig"], asked["updateConfig"]
    assert (found["name"], found["iam"]["instanceRoleARN"]) == (asked["nodegroupName"], asked["nodeRole"])
    assert found["subnets"] == asked["subnets"]
    assert [found[size] for size in ("minSize", "maxSize", "desiredCapacity")] == [
        *(sizes[size] for size in ("minSize", "maxSize", "desiredSize"))
    ]
    assert found["updateConfig"] == {name: update[name] for name in update if name != "updateStrategy"}
    if "amiType" in asked:
        assert found["amiFamily"] == KINDS.get(asked["amiType"], "AmazonLinux2023")
        assert found["instanceTypes"] == asked["instanceTypes"]
    if "launchTemplate" in asked:
        assert found["launchTemplate"] == asked["launchTemplate"]
    for theirs, ours in (("tags", "tags"), ("volumeSize", "diskSize")):
        assert ours not in asked or found[theirs] == asked[ours]
    assert asked.get("labels", {}).items() <= found.get("labels", {}).items()
    assert found.get("spot", False) == (asked.get("capacityType") == "SPOT")
    effects = [each["effect"].replace("_", "").lower() for each in asked.get("taints", ())]
    assert [each["effect"].lower() for each in found.get("taints") or ()] == effects
    assert found["updateConfig"].keys() <= {"maxUnavailable", "maxUnavailablePercentage"}


def test_what_eksctl_cannot_make_is_told_and_not_left_to_its_defaults(tmp_path: Path) -> None:
    cannot = [
        {"amiType": "BOTTLEROCKET_x86_64_FIPS"},
        {"amiType": "WINDOWS_CORE_2025_x86_64"},
        {"nodegroupName": "blue.green"},
    ]
    for found, what in zip(
        copied.written(tmp_path, [LEAST | each for each in cannot], REGION), cannot, strict=True
    ):
        (wanted,) = what.values()
        assert re.match(rf"# eksctl .* {wanted}\. Use the aws CLI or Terraform", found["eksctl"])
        assert found["eksctl"].count("\n") == 1


def test_what_neither_has_a_word_for_is_told_with_a_command(texts: dict[str, dict[str, str]]) -> None:
    for tool in ("Terraform", "eksctl"):
        assert "# aws eks update-nodegroup-config" in texts["full"][tool]
        assert '"updateStrategy":"MINIMAL"' in texts["full"][tool]
        assert '--warm-pool-config \'{"enabled":true,"minSize":1' in texts["pooled"][tool]
        assert "update-nodegroup-config" not in texts["least"][tool]


def test_the_judges_object(texts: dict[str, dict[str, str]], tmp_path: Path) -> None:
    right = texts["full"]
    for wrong, why in (
        (right["Terraform"].replace("max_size", "top_size"), 'argument named "top_size" is not expected'),
        (right["Terraform"].replace('"SPOT"', '"${SPOT}"'), "Variables not allowed"),
        (right["Terraform"].replace("  disk_size       = 77", "  disk_size = 77"), "terraform fmt would"),
    ):
        assert wrong != right["Terraform"]
        with pytest.raises(AssertionError, match=why):
            copied.terraform(wrong, tmp_path)
    for wrong, why in (
        (right["eksctl"].replace("minSize", "leastSize"), "'leastSize' was unexpected"),
        (right["eksctl"].replace('"minSize": 0', '"minSize": "0"'), "is not of type 'integer'"),
        (right["eksctl"].replace("AmazonLinux2023", "BottlerocketFips"), "is not one of"),
    ):
        assert wrong != right["eksctl"]
        with pytest.raises(jsonschema.ValidationError, match=why):
            copied.eksctl(wrong)
