"""Judges of what the review page writes for Terraform and eksctl: a parser, then the names that each takes.

Source: Terraform AWS provider, aws_eks_node_group; eksctl's ClusterConfig schema, definition ManagedNodeGroup
(additionalProperties is false there: a name that it does not have is refused).
"""

from __future__ import annotations

import json
from typing import Any

GROUP_NEEDS = {"cluster_name", "node_role_arn", "subnet_ids", "scaling_config"}
GROUP_TAKES = GROUP_NEEDS | {
    "node_group_name",
    "ami_type",
    "capacity_type",
    "disk_size",
    "force_update_version",
    "instance_types",
    "labels",
    "release_version",
    "tags",
    "version",
}
BLOCKS: dict[str, tuple[set[str], set[str]]] = {
    "scaling_config": ({"desired_size", "max_size", "min_size"}, set()),
    "update_config": (set(), {"max_unavailable", "max_unavailable_percentage", "update_strategy"}),
    "node_repair_config": (set(), {"enabled"}),
    "launch_template": ({"version"}, {"id", "name"}),
    "remote_access": (set(), {"ec2_ssh_key", "source_security_group_ids"}),
    "taint": ({"key", "effect"}, {"value"}),
}
"""Block -> arguments that it needs, and that it may have."""

EKSCTL: dict[str, Any] = {
    "name": str,
    "amiFamily": str,
    "iam": {"instanceRoleARN": str},
    "subnets": list,
    "minSize": int,
    "maxSize": int,
    "desiredCapacity": int,
    "instanceTypes": list,
    "spot": bool,
    "volumeSize": int,
    "labels": dict,
    "tags": dict,
    "taints": [{"key": str, "value": str, "effect": str}],
    "launchTemplate": {"id": str, "version": str},
    "updateConfig": {"maxUnavailable": int, "maxUnavailablePercentage": int},
    "nodeRepairConfig": {"enabled": bool},
    "ssh": {"allow": bool, "publicKeyName": str, "sourceSecurityGroupIds": list},
}
AMI_FAMILIES = {"AmazonLinux2023", "AmazonLinux2", "Bottlerocket", "BottlerocketFips"} | {
    f"WindowsServer{year}{edition}Container" for year in (2019, 2022, 2025) for edition in ("Core", "Full")
}


def terraform(text: str) -> dict[str, Any]:
    """Return the arguments of the one resource. Raises: AssertionError for what is not taken."""
    import hcl2

    (resource,) = hcl2.loads(text)["resource"]
    (arguments,) = resource['"aws_eks_node_group"'].values()
    arguments.pop("__is_block__")
    assert arguments.keys() >= GROUP_NEEDS
    assert arguments.keys() <= GROUP_TAKES | BLOCKS.keys(), arguments.keys() - GROUP_TAKES - BLOCKS.keys()
    for name, (needed, more) in BLOCKS.items():
        for block in arguments.get(name, ()):
            block.pop("__is_block__")
            assert needed <= block.keys() <= needed | more, (name, block)
    found: dict[str, Any] = json.loads(json.dumps(arguments).replace('\\"', ""))
    return found


def eksctl(text: str) -> dict[str, Any]:
    """Return the node group of the file. Raises: AssertionError for what eksctl's schema does not have."""
    import yaml

    document = yaml.safe_load(text)
    assert (document["apiVersion"], document["kind"]) == ("eksctl.io/v1alpha5", "ClusterConfig")
    assert document["metadata"].keys() == {"name", "region"}
    group: dict[str, Any] = document["managedNodeGroups"][0]
    _fits(group, EKSCTL, "managedNodeGroups")
    assert group["amiFamily"] in AMI_FAMILIES
    return group


def _fits(found: Any, wanted: Any, where: str) -> None:
    if isinstance(wanted, type):
        assert type(found) is wanted, (where, found)
    elif isinstance(wanted, list):
        for each in found:
            _fits(each, wanted[0], where)
    else:
        assert found.keys() <= wanted.keys(), (where, found.keys() - wanted.keys())
        for name, value in found.items():
            _fits(value, wanted[name], f"{where}.{name}")
