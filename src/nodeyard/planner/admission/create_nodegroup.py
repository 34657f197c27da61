"""CreateNodegroup: refuse it, or say what the group will be.

The rules are lists in the order in which EKS complains: cluster and name, syntax, combinations,
sizes, images and instance types, network and role, quota.
Source: reference, validation rules and error texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from nodeyard.model.commands import CreateNodegroup
from nodeyard.model.limits import (
    DEFAULT_INSTANCE_TYPE,
    DISK_LINUX_GIB,
    DISK_WINDOWS_GIB,
    SUBNETS_MAX,
)
from nodeyard.model.nodegroup import Nodegroup, TemplateRef, UpdateConfig
from nodeyard.model.refusal import Refused
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus, NodegroupStatus
from nodeyard.planner.admission import images, roles, scaling, syntax, templates, warm_pool
from nodeyard.planner.admission.facts import CreateFacts


@dataclass(frozen=True, slots=True)
class NodegroupAccepted:
    """A creation that passed every rule."""

    command: CreateNodegroup
    facts: CreateFacts

    def to_nodegroup(self, scope: Scope, uuid: str, now: datetime) -> Nodegroup:
        """Return the new group, CREATING, with every default filled in."""
        command, facts = self.command, self.facts
        ami_type, version = images.ami_type_of(command, facts), images.version_of(command, facts)
        release = images.release_of(command, facts)
        custom = templates.image_of(facts)
        windows = ami_type.startswith("WINDOWS")
        return Nodegroup(
            scope=scope,
            cluster=command.cluster,
            name=command.name,
            uuid=uuid,
            status=NodegroupStatus.CREATING,
            version=version,
            release_version=release.release_version if release else custom or "",
            image_id=custom or (release.image_id(scope.region) if release else ""),
            ami_type=ami_type,
            capacity_type=command.capacity_type or "ON_DEMAND",
            scaling=scaling.for_creation(command.scaling),
            subnets=command.subnets,
            node_role=command.node_role,
            created_at=now,
            modified_at=now,
            instance_types=_instance_types(command, facts),
            disk_size=None
            if facts.template
            else command.disk_size or (DISK_WINDOWS_GIB if windows else DISK_LINUX_GIB),
            remote_access=command.remote_access,
            launch_template=_template(facts),
            labels=dict(command.labels),
            taints=command.taints,
            tags=dict(command.tags),
            update_config=command.update_config or UpdateConfig(),
            repair_config=command.repair_config,
            warm_pool=warm_pool.after(command.warm_pool, None),
        )


def _name(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    return syntax.nodegroup_name(command.name)


def _disk(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    return syntax.disk_size(command.disk_size)


def _warm_pool(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    pool = warm_pool.after(command.warm_pool, None)
    return warm_pool.fault(pool, images.ami_type_of(command, facts), command.capacity_type or "ON_DEMAND")


def _labels(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    return syntax.labels(command.labels)


def _taints(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    return syntax.taints(command.taints)


def _tags(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    return syntax.tags(command.tags)


def _update_config(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    return None if command.update_config is None else syntax.update_config(command.update_config)


def _repair(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    return None if command.repair_config is None else syntax.repair_config(command.repair_config)


def _remote_access(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    asked = command.remote_access
    if asked is not None and asked.source_security_groups and not asked.ec2_ssh_key:
        return "sourceSecurityGroups needs ec2SshKey in remoteAccess: name the key pair, or leave both out"
    cluster = facts.cluster
    if asked is not None and cluster is not None and cluster.connector and not cluster.security_group_id:
        return (
            f"remoteAccess would shut the nodes off from cluster {cluster.name}, of which no security group "
            "is known: attach it again with one, or name security groups in a launch template"
        )
    return None


def _sizes(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    return scaling.creation_fault(scaling.for_creation(command.scaling), facts.quotas.nodes_per_nodegroup)


def _subnets(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    if not command.subnets:
        return "At least one subnet must be specified"
    if len(command.subnets) > SUBNETS_MAX:
        return f"At most {SUBNETS_MAX} subnets can be listed, not {len(command.subnets)}"
    known = {subnet.id: subnet for subnet in facts.subnets}
    missing = [each for each in command.subnets if each not in known]
    if missing:
        return f"The following supplied subnets do not exist: [{', '.join(missing)}]"
    vpc = facts.cluster.vpc_id if facts.cluster else None
    outside = [each for each in command.subnets if vpc and known[each].vpc_id != vpc]
    vpcs = sorted({known[each].vpc_id for each in command.subnets})
    if len(vpcs) > 1 and not vpc:
        return f"Subnets must be in one VPC; these are in {', '.join(vpcs)}"
    if outside:
        return f"Subnets must be in the VPC of the cluster, {vpc}; these are not: [{', '.join(outside)}]"
    return None


def _role(command: CreateNodegroup, facts: CreateFacts) -> str | None:
    if facts.cluster is not None and command.node_role == facts.cluster.role_arn:
        return (
            f"The role {command.node_role} is the role of cluster {command.cluster}: "
            "a node group needs a node role of its own"
        )
    eks = facts.cluster is None or facts.cluster.connector is None
    return roles.node_role_fault(command.node_role, facts.role, eks=eks)


RULES: tuple[tuple[str, templates.Rule], ...] = (
    ("nodegroupName", _name),
    ("labels", _labels),
    ("taints", _taints),
    ("tags", _tags),
    ("updateConfig", _update_config),
    ("nodeRepairConfig", _repair),
    ("diskSize", _disk),
    ("remoteAccess", _remote_access),
    *templates.RULES,
    ("scalingConfig", _sizes),
    *images.RULES,
    ("warmPoolConfig", _warm_pool),
    ("subnets", _subnets),
    ("nodeRole", _role),
)
"""The member of the request that is at fault, and what says so."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What refuses the creation of a group, and which member of the request is at fault."""

    member: str
    refused: Refused


def admit(command: CreateNodegroup, facts: CreateFacts, now: datetime) -> NodegroupAccepted | Refused:
    """Judge the creation of one group: the first refusal counts."""
    first = next(refusals(command, facts), None)
    return NodegroupAccepted(command, facts) if first is None else first.refused


def refusals(command: CreateNodegroup, facts: CreateFacts) -> Iterator[Refusal]:
    """Yield what refuses the creation of one group, in the order in which EKS complains.

    Of each member only the first refusal: another may follow from it, as from a role of another account,
    which is not looked up.
    """
    seen = set()
    for each in _judged(command, facts):
        if each.member not in seen:
            seen.add(each.member)
            yield each


def _judged(command: CreateNodegroup, facts: CreateFacts) -> Iterator[Refusal]:
    members = {"clusterName": command.cluster, "nodegroupName": command.name}
    yield from _states(command, facts, members)
    foreign = roles.outsider(command.node_role, facts.cluster.scope, members) if facts.cluster else None
    if foreign is not None:
        yield Refusal("nodeRole", foreign)
    clash = templates.types_twice(command, facts)
    if clash is not None:
        yield Refusal("instanceTypes", Refused("InvalidRequestException", clash, members))
    for member, rule in RULES:
        fault = rule(command, facts)
        if fault is not None:
            yield Refusal(member, Refused("InvalidParameterException", fault, members))
    most = facts.quotas.nodegroups_per_cluster
    if facts.nodegroup_count >= most:
        text = f"Cluster {command.cluster} has {facts.nodegroup_count} node groups, its quota is {most}"
        yield Refusal("clusterName", Refused("ResourceLimitExceededException", text, members))


def _states(command: CreateNodegroup, facts: CreateFacts, members: dict[str, str]) -> Iterator[Refusal]:
    cluster = facts.cluster
    if cluster is None:
        text = f"No cluster found for name: {command.cluster}."
        yield Refusal("clusterName", Refused("ResourceNotFoundException", text, members))
        return
    if facts.existing is not None:
        text = f"NodeGroup already exists with name {command.name} and cluster name {command.cluster}"
        yield Refusal("nodegroupName", Refused("ResourceInUseException", text, members))
    if cluster.status is not ClusterStatus.ACTIVE:
        text = f"Cluster '{command.cluster}' is not in ACTIVE status"
        yield Refusal("clusterName", Refused("InvalidRequestException", text, members))


def _instance_types(command: CreateNodegroup, facts: CreateFacts) -> tuple[str, ...] | None:
    if command.instance_types:
        return command.instance_types
    if templates.instance_type_of(facts) is not None:
        return None
    return (DEFAULT_INSTANCE_TYPE,)


def _template(facts: CreateFacts) -> TemplateRef | None:
    found = facts.template
    return None if found is None else TemplateRef(found.id, found.name, found.version)
