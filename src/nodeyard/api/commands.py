"""From decoded EKS members to commands. After this line nothing is a dict of wire names.

Called by the handlers alone. No rule lives here: what is missing stays None and
admission judges it.
"""

from __future__ import annotations

from typing import Any

from nodeyard.model.commands import (
    AttachCluster,
    CreateCluster,
    CreateNodegroup,
    RegisterCluster,
    ScalingChange,
    TemplateSpec,
    UpdateClusterConfig,
    UpdateClusterVersion,
    UpdateNodegroupConfig,
    UpdateNodegroupVersion,
    WarmPoolChange,
)
from nodeyard.model.nodegroup import (
    RemoteAccess,
    RepairConfig,
    RepairOverride,
    Taint,
    UpdateConfig,
)

Members = dict[str, Any]
REQUIRED: Members = {"nodegroupName": "", "subnets": [], "nodeRole": ""}
"""What CreateNodegroup requires beside the cluster, empty."""


def _scaling(members: Members | None) -> ScalingChange | None:
    if members is None:
        return None
    return ScalingChange(members.get("minSize"), members.get("maxSize"), members.get("desiredSize"))


def _taints(members: list[Members] | None) -> tuple[Taint, ...]:
    return tuple(Taint(t.get("key", ""), t.get("effect", ""), t.get("value")) for t in members or ())


def _update_config(members: Members | None) -> UpdateConfig | None:
    if members is None:
        return None
    return UpdateConfig(
        max_unavailable=members.get("maxUnavailable"),
        max_unavailable_percentage=members.get("maxUnavailablePercentage"),
        update_strategy=members.get("updateStrategy"),
    )


def _repair(members: Members | None) -> RepairConfig | None:
    if members is None:
        return None
    return RepairConfig(
        enabled=bool(members.get("enabled", False)),
        max_unhealthy_node_threshold_count=members.get("maxUnhealthyNodeThresholdCount"),
        max_unhealthy_node_threshold_percentage=members.get("maxUnhealthyNodeThresholdPercentage"),
        max_parallel_nodes_repaired_count=members.get("maxParallelNodesRepairedCount"),
        max_parallel_nodes_repaired_percentage=members.get("maxParallelNodesRepairedPercentage"),
        overrides=tuple(
            RepairOverride(
                node_monitoring_condition=each.get("nodeMonitoringCondition", ""),
                node_unhealthy_reason=each.get("nodeUnhealthyReason", ""),
                min_repair_wait_time_mins=each.get("minRepairWaitTimeMins", 0),
                repair_action=each.get("repairAction", ""),
            )
            for each in members.get("nodeRepairConfigOverrides") or ()
        ),
    )


def _warm_pool(members: Members | None) -> WarmPoolChange | None:
    if members is None:
        return None
    return WarmPoolChange(
        enabled=members.get("enabled"),
        min_size=members.get("minSize"),
        max_group_prepared_capacity=members.get("maxGroupPreparedCapacity"),
        pool_state=members.get("poolState"),
        reuse_on_scale_in=members.get("reuseOnScaleIn"),
    )


def _remote_access(members: Members | None) -> RemoteAccess | None:
    if members is None:
        return None
    return RemoteAccess(members.get("ec2SshKey"), tuple(members.get("sourceSecurityGroups") or ()))


def _template(members: Members | None) -> TemplateSpec | None:
    if members is None:
        return None
    return TemplateSpec(members.get("id"), members.get("name"), members.get("version"))


def create_nodegroup(members: Members) -> CreateNodegroup:
    types = members.get("instanceTypes")
    return CreateNodegroup(
        cluster=members["clusterName"],
        name=members["nodegroupName"],
        subnets=tuple(members["subnets"]),
        node_role=members["nodeRole"],
        scaling=_scaling(members.get("scalingConfig")),
        disk_size=members.get("diskSize"),
        instance_types=None if types is None else tuple(types),
        ami_type=members.get("amiType"),
        remote_access=_remote_access(members.get("remoteAccess")),
        labels=members.get("labels") or {},
        taints=_taints(members.get("taints")),
        tags=members.get("tags") or {},
        token=members.get("clientRequestToken"),
        launch_template=_template(members.get("launchTemplate")),
        update_config=_update_config(members.get("updateConfig")),
        repair_config=_repair(members.get("nodeRepairConfig")),
        warm_pool=_warm_pool(members.get("warmPoolConfig")),
        capacity_type=members.get("capacityType"),
        version=members.get("version"),
        release_version=members.get("releaseVersion"),
    )


def update_nodegroup_config(members: Members) -> UpdateNodegroupConfig:
    labels = members.get("labels") or {}
    taints = members.get("taints") or {}
    return UpdateNodegroupConfig(
        cluster=members["clusterName"],
        name=members["nodegroupName"],
        labels_add=labels.get("addOrUpdateLabels") or {},
        labels_remove=tuple(labels.get("removeLabels") or ()),
        taints_add=_taints(taints.get("addOrUpdateTaints")),
        taints_remove=_taints(taints.get("removeTaints")),
        scaling=_scaling(members.get("scalingConfig")),
        update_config=_update_config(members.get("updateConfig")),
        repair_config=_repair(members.get("nodeRepairConfig")),
        warm_pool=_warm_pool(members.get("warmPoolConfig")),
        token=members.get("clientRequestToken"),
    )


def update_nodegroup_version(members: Members) -> UpdateNodegroupVersion:
    return UpdateNodegroupVersion(
        cluster=members["clusterName"],
        name=members["nodegroupName"],
        version=members.get("version"),
        release_version=members.get("releaseVersion"),
        launch_template=_template(members.get("launchTemplate")),
        force=bool(members.get("force", False)),
        token=members.get("clientRequestToken"),
    )


def update_cluster_version(members: Members) -> UpdateClusterVersion:
    return UpdateClusterVersion(members["name"], members["version"], members.get("clientRequestToken"))


def update_cluster_config(members: Members) -> UpdateClusterConfig:
    asked = {key: value for key, value in members.items() if key not in ("name", "clientRequestToken")}
    return UpdateClusterConfig(members["name"], asked, members.get("clientRequestToken"))


def create_cluster(members: Members) -> CreateCluster:
    network = members.get("resourcesVpcConfig") or {}
    return CreateCluster(
        name=members["name"],
        role_arn=members["roleArn"],
        subnet_ids=tuple(network.get("subnetIds") or ()),
        version=members.get("version"),
        tags=members.get("tags") or {},
        token=members.get("clientRequestToken"),
        request={key: value for key, value in members.items() if key != "clientRequestToken"},
    )


def register_cluster(members: Members) -> RegisterCluster:
    connector = members["connectorConfig"]
    return RegisterCluster(
        name=members["name"],
        provider=connector["provider"],
        role_arn=connector["roleArn"],
        tags=members.get("tags") or {},
        token=members.get("clientRequestToken"),
    )


def attach_cluster(members: Members) -> AttachCluster:
    return AttachCluster(
        cluster=members["clusterName"],
        kubeconfig=members["kubeconfig"],
        context=members.get("context"),
        provider=members.get("provider"),
        security_group=members.get("securityGroupId"),
        service_cidr=members.get("serviceIpv4Cidr"),
    )
