"""What a group's launch template says, and its labels and tags. Pure; called by the flows.

Source: reference, objects created, user data, labels on nodes; EKS User Guide, launch templates.
"""

from __future__ import annotations

import base64
import binascii
import copy
from typing import Any

from nodeyard.catalog import Catalog
from nodeyard.model.cluster import Cluster
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.planner import user_data
from nodeyard.planner.node_patch import EFFECTS

LABEL_NODEGROUP = "eks.amazonaws.com/nodegroup"
LABEL_IMAGE = "eks.amazonaws.com/nodegroup-image"
LABEL_CAPACITY = "eks.amazonaws.com/capacityType"
LABEL_TEMPLATE = "eks.amazonaws.com/sourceLaunchTemplateId"
LABEL_TEMPLATE_VERSION = "eks.amazonaws.com/sourceLaunchTemplateVersion"

LINUX_ROOT_DEVICE = "/dev/xvda"
BOTTLEROCKET_DATA_DEVICE = "/dev/xvdb"
WINDOWS_ROOT_DEVICE = "/dev/sda1"

METADATA_HOPS = 2
"""Pods need one hop more than the host. Source: EKS User Guide, launch template support."""


def node_labels(group: Nodegroup) -> dict[str, str]:
    """Return the labels that every node of the group carries because of the group."""
    labels = group.labels | {
        LABEL_NODEGROUP: group.name,
        LABEL_IMAGE: group.image_id,
        LABEL_CAPACITY: group.capacity_type,
    }
    if group.launch_template is not None:
        labels[LABEL_TEMPLATE] = group.launch_template.id
        labels[LABEL_TEMPLATE_VERSION] = group.launch_template.version
    return labels


def _kubelet_may_set(key: str) -> bool:
    return not key.startswith("node-role.kubernetes.io/")


def kubelet_labels(group: Nodegroup) -> dict[str, str]:
    """Return the labels that kubelet may give itself at registration."""
    return {key: value for key, value in node_labels(group).items() if _kubelet_may_set(key)}


def server_side_labels(group: Nodegroup) -> dict[str, str]:
    """Return the labels that must be put on the node after it joined.

    A custom image gets no merged user data, so all of its labels come from here.
    """
    if group.ami_type == "CUSTOM":
        return node_labels(group)
    # Asked at every look. The labels of our own are such as kubelet may set.
    return {key: value for key, value in group.labels.items() if not _kubelet_may_set(key)}


def asg_tags(group: Nodegroup) -> dict[str, str]:
    """Return the tags of the Auto Scaling group; all of them propagate to instances."""
    return {
        "eks:cluster-name": group.cluster,
        "eks:nodegroup-name": group.name,
        "k8s.io/cluster-autoscaler/enabled": "true",
        f"k8s.io/cluster-autoscaler/{group.cluster}": "owned",
        f"kubernetes.io/cluster/{group.cluster}": "owned",
    }


def max_pods(group: Nodegroup, source: dict[str, Any] | None, catalog: Catalog) -> int:
    """Return the pods a node takes: the least over the group's instance types."""
    names = group.instance_types or ((source or {}).get("InstanceType", ""),)
    known = [found.max_pods for name in names if (found := catalog.instance_type(name)) is not None]
    return min(known, default=110)


def template_data(
    group: Nodegroup,
    cluster: Cluster,
    source: dict[str, Any] | None,
    *,
    security_groups: tuple[str, ...],
    instance_profile: str,
    catalog: Catalog,
) -> dict[str, Any]:
    """Return LaunchTemplateData: the caller's template where there is one, and what EKS adds.

    Raises: user_data.UserDataError when the caller's user data cannot be used.
    """
    data = copy.deepcopy(source) if source else {}
    data["ImageId"] = group.image_id
    data["IamInstanceProfile"] = {"Name": instance_profile.rpartition("/")[2]}
    data["UserData"] = _user_data(group, cluster, source, catalog)
    data["TagSpecifications"] = _tags(group, data.get("TagSpecifications") or [])
    _put_security_groups(data, security_groups)
    if source is None:
        data["BlockDeviceMappings"] = [_disk(group)]
        data["MetadataOptions"] = {"HttpPutResponseHopLimit": METADATA_HOPS, "HttpTokens": "required"}
    if group.remote_access is not None and group.remote_access.ec2_ssh_key:
        data["KeyName"] = group.remote_access.ec2_ssh_key
    if not data["UserData"]:
        del data["UserData"]
    return data


def _user_data(group: Nodegroup, cluster: Cluster, source: dict[str, Any] | None, catalog: Catalog) -> str:
    own = _decoded((source or {}).get("UserData") or "")
    known = catalog.ami_type(group.ami_type)
    family = known.family if known else "CUSTOM"
    endpoint = cluster.endpoint
    join = user_data.Join(
        cluster=cluster.name,
        endpoint=endpoint.url if endpoint else "",
        ca_data=endpoint.ca_data if endpoint else "",
        service_cidr=cluster.service_cidr,
        max_pods=max_pods(group, source, catalog),
        labels=kubelet_labels(group),
        taints=tuple(f"{t.key}={t.value or ''}:{EFFECTS[t.effect]}" for t in group.taints),
    )
    return base64.b64encode(user_data.render(family, join, own).encode()).decode()


def _decoded(encoded: str) -> str:
    try:
        return base64.b64decode(encoded).decode()
    except (binascii.Error, UnicodeDecodeError):
        return encoded


def _put_security_groups(data: dict[str, Any], groups: tuple[str, ...]) -> None:
    # Groups of the caller's template stand alone: EKS then adds none of its own.
    interfaces = data.get("NetworkInterfaces") or []
    if data.get("SecurityGroupIds") or data.get("SecurityGroups"):
        return
    if interfaces:
        if not any(interface.get("Groups") for interface in interfaces):
            interfaces[0] |= {"Groups": list(groups)} if groups else {}
        return
    if groups:
        data["SecurityGroupIds"] = list(groups)


def _tags(group: Nodegroup, own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ours = {"eks:cluster-name": group.cluster, "eks:nodegroup-name": group.name}
    by_kind: dict[str, dict[str, str]] = {kind: {} for kind in ("instance", "volume", "network-interface")}
    for each in own:
        tags = {tag["Key"]: tag.get("Value", "") for tag in each.get("Tags", [])}
        by_kind.setdefault(each["ResourceType"], {}).update(tags)
    for kind in ("instance", "volume", "network-interface"):
        by_kind[kind] |= ours
    return [
        {"ResourceType": kind, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
        for kind, tags in by_kind.items()
    ]


def _disk(group: Nodegroup) -> dict[str, Any]:
    if group.ami_type.startswith("WINDOWS"):
        device = WINDOWS_ROOT_DEVICE
    elif group.ami_type.startswith("BOTTLEROCKET"):
        device = BOTTLEROCKET_DATA_DEVICE
    else:
        device = LINUX_ROOT_DEVICE
    volume = {"DeleteOnTermination": True, "VolumeSize": group.disk_size, "VolumeType": "gp3"}
    return {"DeviceName": device, "Ebs": volume}
