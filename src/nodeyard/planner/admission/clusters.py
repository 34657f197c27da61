"""CreateCluster and DeleteCluster: refuse, or say what the cluster will be.

Source: reference, existence, uniqueness and state; EKS API model, CreateCluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from nodeyard.model.cluster import Cluster
from nodeyard.model.commands import CreateCluster
from nodeyard.model.limits import SUBNETS_MAX
from nodeyard.model.refusal import Refused
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus
from nodeyard.planner.admission import roles, syntax
from nodeyard.planner.admission.facts import ClusterFacts

DEFAULT_SERVICE_CIDR = "10.100.0.0/16"


@dataclass(frozen=True, slots=True)
class ClusterAccepted:
    """A cluster that passed every rule."""

    command: CreateCluster
    version: str
    platform_version: str
    vpc_id: str | None

    def to_cluster(self, scope: Scope, uuid: str, now: datetime) -> Cluster:
        """Return the new cluster, CREATING."""
        command = self.command
        network = command.request.get("kubernetesNetworkConfig") or {}
        return Cluster(
            scope=scope,
            name=command.name,
            uuid=uuid,
            version=self.version,
            status=ClusterStatus.CREATING,
            role_arn=command.role_arn,
            created_at=now,
            request=command.request,
            platform_version=self.platform_version,
            tags=dict(command.tags),
            vpc_id=self.vpc_id,
            service_cidr=network.get("serviceIpv4Cidr") or DEFAULT_SERVICE_CIDR,
            deletion_protection=bool(command.request.get("deletionProtection")),
        )


def admit_create(command: CreateCluster, facts: ClusterFacts, now: datetime) -> ClusterAccepted | Refused:
    """Judge the creation of one cluster."""
    members = {"clusterName": command.name}
    if facts.existing is not None:
        return Refused("ResourceInUseException", f"Cluster already exists with name: {command.name}", members)
    if facts.only is not None:
        text = (
            f"The one Kubernetes cluster that this service joined is cluster {facts.only.name} in "
            f"{facts.only.scope.region} already: delete that first, or start without --kubeconfig for more"
        )
        return Refused("ResourceLimitExceededException", text, members)
    version = command.version or facts.catalog.default_version().minor
    known = facts.catalog.version(version)
    if known is None:
        return Refused("InvalidParameterException", f"unsupported Kubernetes version {version}", members)
    foreign = roles.outsider(command.role_arn, facts.scope, members)
    if foreign is not None:
        return foreign
    fault = (
        syntax.tags(command.tags)
        or roles.cluster_role_fault(command.role_arn, facts.role)
        or _subnets(command, facts)
    )
    if fault is not None:
        return Refused("InvalidParameterException", fault, members)
    most = facts.quotas.clusters_per_region
    if facts.cluster_count >= most:
        text = f"There are {facts.cluster_count} clusters in this Region, the quota is {most}"
        return Refused("ResourceLimitExceededException", text, members)
    vpc = facts.subnets[0].vpc_id if facts.subnets else None
    return ClusterAccepted(command, version, known.platform_version, vpc)


def admit_delete(cluster: Cluster, nodegroup_count: int) -> Refused | None:
    """Judge the deletion of one cluster."""
    members = {"clusterName": cluster.name}
    if nodegroup_count:
        return Refused("ResourceInUseException", "Cluster has nodegroups attached", members)
    if cluster.status is ClusterStatus.UPDATING:
        text = (
            f"Cannot delete because cluster {cluster.name} currently has update {cluster.active_update} "
            "in progress"
        )
        return Refused("ResourceInUseException", text, members)
    if cluster.deletion_protection:
        text = (
            f"Cluster {cluster.name} has deletion protection: turn it off with UpdateClusterConfig "
            "before deleting the cluster"
        )
        return Refused("InvalidRequestException", text, members)
    return None


def _subnets(command: CreateCluster, facts: ClusterFacts) -> str | None:
    if len(command.subnet_ids) > SUBNETS_MAX:
        return f"At most {SUBNETS_MAX} subnets can be listed, not {len(command.subnet_ids)}"
    known = {subnet.id: subnet for subnet in facts.subnets}
    missing = [each for each in command.subnet_ids if each not in known]
    if missing:
        return f"The following supplied subnets do not exist: [{', '.join(missing)}]"
    if not command.subnet_ids:
        return None
    if len({known[each].vpc_id for each in command.subnet_ids}) > 1:
        return "Subnets specified must be in the same VPC"
    if len({known[each].zone for each in command.subnet_ids}) < 2:
        return "Subnets specified must be in at least two different AZs"
    return None
