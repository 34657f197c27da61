"""RegisterCluster, AttachCluster, DeregisterCluster, and what a cluster of somebody else's is not asked.

Source: EKS API model; EKS User Guide, connect a Kubernetes cluster. Texts are ours where EKS has none.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from nodeyard.model.cluster import Cluster, Connector
from nodeyard.model.commands import AttachCluster, RegisterCluster
from nodeyard.model.limits import Quotas
from nodeyard.model.refusal import Refused
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus
from nodeyard.model.values import replace
from nodeyard.planner.admission import roles, syntax
from nodeyard.ports import Subnet

ACTIVATION_S = 3 * 24 * 3600
"""How long a registered cluster waits. Source: EKS API reference, RegisterCluster (three days)."""
DEFAULT_PROVIDER = "OTHER"
SERVICES_MIN = 16
"""Addresses: cluster DNS is the tenth. Ours."""
_SECURITY_GROUP = re.compile(r"sg-[0-9a-f]{8}([0-9a-f]{9})?")
_NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}")


def admit_register(
    command: RegisterCluster, existing: Cluster | None, scope: Scope, count: int, quotas: Quotas
) -> Refused | None:
    """Judge a registration."""
    members = {"clusterName": command.name}
    foreign = roles.outsider(command.role_arn, scope, members)
    if foreign is not None:
        return foreign
    fault = syntax.tags(command.tags)
    if fault is None and not roles.well_formed(command.role_arn):
        fault = f"Invalid Role Arn: '{command.role_arn}'"
    if fault is not None:
        return Refused("InvalidParameterException", fault, members)
    return _new(command.name, existing, count, quotas)


def _new(name: str, existing: Cluster | None, count: int, quotas: Quotas) -> Refused | None:
    members = {"clusterName": name}
    if existing is not None:
        return Refused("ResourceInUseException", f"Cluster already exists with name: {name}", members)
    most = quotas.clusters_per_region
    if count >= most:
        text = f"There are {count} clusters in this Region, the quota is {most}"
        return Refused("ResourceLimitExceededException", text, members)
    return None


def registered(command: RegisterCluster, scope: Scope, ids: tuple[str, str], now: datetime) -> Cluster:
    """Return the new cluster, PENDING. `ids`: of the cluster and of its activation."""
    expiry = now + timedelta(seconds=ACTIVATION_S)
    return Cluster(
        scope=scope,
        name=command.name,
        uuid=ids[0],
        version="",
        status=ClusterStatus.PENDING,
        role_arn="",
        created_at=now,
        request={},
        platform_version="",
        tags=dict(command.tags),
        connector=Connector(ids[1], expiry, command.provider, command.role_arn or None),
    )


def admit_attach(
    command: AttachCluster, existing: Cluster | None, count: int, quotas: Quotas, now: datetime
) -> Refused | None:
    """Judge what can be judged of credentials before anybody tries them."""
    members = {"clusterName": command.cluster}
    if not _NAME.fullmatch(command.cluster):
        text = (
            f"{command.cluster!r} is no cluster name: it has 1 to 100 letters, digits, hyphens and "
            "underscores, and begins with a letter or digit"
        )
        return Refused("InvalidParameterException", text, members)
    if command.security_group is not None and not _SECURITY_GROUP.fullmatch(command.security_group):
        text = f"{command.security_group!r} is no security group: its id begins with sg-"
        return Refused("InvalidParameterException", text, members)
    if command.service_cidr is not None and not _is_range(command.service_cidr):
        text = f"{command.service_cidr!r} is no range of IPv4 addresses: give one such as 10.96.0.0/12"
        return Refused("InvalidParameterException", text, members)
    if existing is None:
        return _new(command.cluster, None, count, quotas)
    if existing.connector is None:
        text = f"Cluster {existing.name} is a cluster of EKS: it needs no credentials, choose another name"
        return Refused("ResourceInUseException", text, members)
    if existing.status is ClusterStatus.DELETING:
        text = f"Cluster {existing.name} is being deregistered: attach it again once it is gone"
        return Refused("ResourceInUseException", text, members)
    if existing.status is ClusterStatus.PENDING and existing.connector.activation_expiry <= now:
        text = (
            f"The registration of cluster {existing.name} has expired on "
            f"{existing.connector.activation_expiry:%Y-%m-%d}: deregister it and register it again"
        )
        return Refused("InvalidRequestException", text, members)
    return None


def _is_range(text: str) -> bool:
    try:
        return ipaddress.IPv4Network(text).num_addresses >= SERVICES_MIN
    except ValueError:
        return False


def admit_deregister(name: str, cluster: Cluster | None, nodegroup_count: int) -> Refused | None:
    """Judge the end of a connection."""
    members = {"clusterName": name}
    if cluster is None or cluster.connector is None:
        return Refused("ResourceNotFoundException", f"No cluster is registered with name: {name}.", members)
    if nodegroup_count:
        return Refused("ResourceInUseException", "Cluster has nodegroups attached", members)
    return None


def not_ours(cluster: Cluster, instead: str) -> Refused | None:
    """Refuse what only the owner of a connected cluster can do."""
    if cluster.connector is None:
        return None
    text = f"Cluster {cluster.name} is a connected cluster, kept by somebody else: {instead}"
    return Refused("InvalidRequestException", text, {"clusterName": cluster.name})


def placed(cluster: Cluster, subnets: Sequence[Subnet]) -> Cluster:
    """Return a connected cluster in the VPC of its first node group; others are where they are."""
    if cluster.connector is None or cluster.vpc_id is not None or not subnets:
        return cluster
    return replace(cluster, vpc_id=subnets[0].vpc_id)
