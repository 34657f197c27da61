"""From values to EKS shapes: what Describe and List answer, in wire spelling.

Called by the handlers alone. Members that EKS leaves out are left out here as well;
members that clients dereference without looking are always present
(reference, compatibility traps for a server).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from nodeyard.catalog import KubernetesVersion
from nodeyard.flows.service.access import AccessEntry
from nodeyard.model.cluster import Cluster, Connector
from nodeyard.model.nodegroup import Nodegroup, Taint, UpdateConfig, WarmPool
from nodeyard.model.update import Update
from nodeyard.planner.admission import repair_shape

Shape = dict[str, Any]


def _present(**members: Any) -> Shape:
    return {name: value for name, value in members.items() if value is not None}


def _taint(taint: Taint) -> Shape:
    return _present(key=taint.key, value=taint.value, effect=taint.effect)


def _update_config(config: UpdateConfig) -> Shape:
    return _present(
        maxUnavailable=config.max_unavailable,
        maxUnavailablePercentage=config.max_unavailable_percentage,
        updateStrategy=config.update_strategy,
    )


def _warm_pool(pool: WarmPool) -> Shape:
    return _present(
        enabled=pool.enabled,
        minSize=pool.min_size,
        maxGroupPreparedCapacity=pool.max_group_prepared_capacity,
        poolState=pool.pool_state,
        reuseOnScaleIn=pool.reuse_on_scale_in,
    )


def _resources(group: Nodegroup) -> Shape | None:
    made = group.resources
    if made.auto_scaling_group is None and made.remote_access_security_group is None:
        return None
    groups = [{"name": made.auto_scaling_group}] if made.auto_scaling_group else None
    return _present(autoScalingGroups=groups, remoteAccessSecurityGroup=made.remote_access_security_group)


def _remote_access(group: Nodegroup) -> Shape | None:
    if group.remote_access is None:
        return None
    sources = list(group.remote_access.source_security_groups) or None
    return _present(ec2SshKey=group.remote_access.ec2_ssh_key, sourceSecurityGroups=sources)


def nodegroup(group: Nodegroup) -> Shape:
    """Return the Nodegroup shape. Source: EKS API reference, Nodegroup."""
    template = group.launch_template
    repair = group.repair_config
    return _present(
        nodegroupName=group.name,
        nodegroupArn=group.arn,
        clusterName=group.cluster,
        version=group.version,
        releaseVersion=group.release_version,
        createdAt=group.created_at,
        modifiedAt=group.modified_at,
        status=group.status.value,
        capacityType=group.capacity_type,
        scalingConfig={
            "minSize": group.scaling.minimum,
            "maxSize": group.scaling.maximum,
            "desiredSize": group.scaling.desired,
        },
        instanceTypes=None if group.instance_types is None else list(group.instance_types),
        subnets=list(group.subnets),
        remoteAccess=_remote_access(group),
        amiType=group.ami_type,
        nodeRole=group.node_role,
        labels=group.labels,
        taints=[_taint(taint) for taint in group.taints] or None,
        resources=_resources(group),
        diskSize=group.disk_size,
        health={
            "issues": [
                {"code": i.code.value, "message": i.message, "resourceIds": list(i.resource_ids)}
                for i in group.issues
            ]
        },
        updateConfig=_update_config(group.update_config),
        nodeRepairConfig=None if repair is None else repair_shape.spelled(repair),
        launchTemplate=None
        if template is None
        else {"name": template.name, "version": template.version, "id": template.id},
        tags=group.tags,
        warmPoolConfig=None if group.warm_pool is None else _warm_pool(group.warm_pool),
    )


def update(record: Update) -> Shape:
    """Return the Update shape. Source: EKS API reference, Update."""
    return {
        "id": record.id,
        "status": record.status.value,
        "type": record.type,
        "params": [{"type": kind, "value": value} for kind, value in record.params],
        "createdAt": record.created_at,
        "errors": [
            {
                "errorCode": error.error_code,
                "errorMessage": error.error_message,
                "resourceIds": list(error.resource_ids),
            }
            for error in record.errors
        ],
    }


def _network(item: Cluster) -> Shape:
    asked = item.setting("resourcesVpcConfig")
    return _present(
        subnetIds=list(asked.get("subnetIds") or ()),
        securityGroupIds=list(asked.get("securityGroupIds") or ()),
        clusterSecurityGroupId=item.security_group_id,
        vpcId=item.vpc_id,
        endpointPublicAccess=asked["endpointPublicAccess"],
        endpointPrivateAccess=asked["endpointPrivateAccess"],
        publicAccessCidrs=asked["publicAccessCidrs"],
        controlPlaneEgressMode=asked.get("controlPlaneEgressMode"),
    )


def _logging(item: Cluster) -> Shape:
    types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    return item.request.get("logging") or {"clusterLogging": [{"types": types, "enabled": False}]}


_ECHOED = (
    "encryptionConfig",
    "outpostConfig",
    "zonalShiftConfig",
    "remoteNetworkConfig",
    "computeConfig",
    "storageConfig",
    "controlPlaneScalingConfig",
    "kubeApiServerConfig",
    "kubeSchedulerConfig",
    "kubeControllerManagerConfig",
)
"""Members that Nodeyard keeps and shows but does nothing with."""


def cluster(item: Cluster) -> Shape:
    """Return the Cluster shape. Source: EKS API reference, Cluster."""
    family = item.setting("kubernetesNetworkConfig")
    return _present(
        name=item.name,
        arn=item.arn,
        createdAt=item.created_at,
        version=item.version or None,
        endpoint=item.endpoint.url if item.endpoint else None,
        roleArn=item.role_arn or None,
        resourcesVpcConfig=_network(item),
        kubernetesNetworkConfig=_present(
            serviceIpv4Cidr=item.service_cidr,
            ipFamily=family.get("ipFamily", "ipv4"),
            elasticLoadBalancing=family.get("elasticLoadBalancing"),
        ),
        logging=_logging(item),
        status=item.status.value,
        certificateAuthority={"data": item.endpoint.ca_data} if item.endpoint else {},
        platformVersion=item.platform_version or None,
        tags=item.tags,
        health={"issues": []},
        accessConfig={"authenticationMode": item.setting("accessConfig")["authenticationMode"]},
        upgradePolicy=item.setting("upgradePolicy"),
        deletionProtection=item.deletion_protection,
        connectorConfig=None if item.connector is None else _connector(item.connector),
        **{name: item.request.get(name) for name in _ECHOED},
    )


def attached(item: Cluster) -> Shape:
    """Return the AttachedCluster shape."""
    return {
        "name": item.name,
        "arn": item.arn,
        "status": item.status.value,
        "version": item.version,
        "endpoint": item.endpoint.url if item.endpoint else None,
    }


def _connector(item: Connector) -> Shape:
    return _present(
        activationId=item.activation_id,
        activationExpiry=item.activation_expiry,
        provider=item.provider,
        roleArn=item.role_arn,
    )


def access_entry(entry: AccessEntry) -> Shape:
    """Return the AccessEntry shape of a node role. Source: EKS User Guide, access entries."""
    return {
        "clusterName": entry.cluster,
        "principalArn": entry.principal_arn,
        "kubernetesGroups": ["system:nodes"],
        "accessEntryArn": entry.arn,
        "createdAt": entry.created_at,
        "modifiedAt": entry.created_at,
        "tags": {},
        "username": "system:node:{{EC2PrivateDNSName}}",
        "type": entry.type,
    }


def _midnight(day: Any) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def cluster_version(item: KubernetesVersion, now: datetime) -> Shape:
    """Return the ClusterVersionInformation shape.

    `status` and `versionStatus` carry the same fact, each in its own spelling of the model.
    """
    support = item.support(now.date())
    return _present(
        clusterVersion=item.minor,
        clusterType="eks",
        defaultPlatformVersion=item.platform_version,
        defaultVersion=item.default,
        releaseDate=_midnight(item.release_date),
        endOfStandardSupportDate=_midnight(item.end_of_standard_support),
        endOfExtendedSupportDate=_midnight(item.end_of_extended_support),
        status=support.lower().replace("_", "-"),
        versionStatus=support,
        kubernetesPatchVersion=item.patch,
    )
