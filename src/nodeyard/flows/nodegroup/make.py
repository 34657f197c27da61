"""Make what a group is made of, in the caller's account, in an order that a crash can repeat.

Every name comes from the group's uuid, so that a repeat finds what an earlier try made. Each
pass asks the account and not the record: what went missing meanwhile is made again.
Source: reference, objects created (names and settings of live groups).
"""

from __future__ import annotations

from typing import Any

from nodeyard.flows.nodegroup import capacity_blocks
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.limits import HOOK_HEARTBEAT_S
from nodeyard.model.nodegroup import Nodegroup, Resources
from nodeyard.model.values import replace
from nodeyard.planner import launch_template, user_data
from nodeyard.ports import GroupRequest, Invalid, NotFound, TemplateRequest

REMOTE_ACCESS_DESCRIPTION = "Security group for all nodes in the nodeGroup to allow SSH access"
SSH_PORT = 22
RDP_PORT = 3389
SPOT_BY_PRICE_FROM_MINOR = 28
"""Source: EKS User Guide, managed node groups: price-capacity-optimized from Kubernetes 1.28."""


async def everything(visit: Visit) -> None:
    """Make profile, security group, launch template and Auto Scaling group, as far as missing."""
    await visit.kubernetes.ensure_node_identity(visit.group.node_role)
    group = visit.group
    profile = await _profile(visit)
    remote = await remote_access(visit)
    template_id, version = await _template(visit, profile, remote)
    made = replace(
        group.resources,
        instance_profile=profile,
        remote_access_security_group=remote,
        launch_template_id=template_id,
        launch_template_version=version,
    )
    if made != group.resources:
        await _follow_template(visit, made)
        await visit.save(replace(group, resources=made))
    visit.work.check()
    await visit.hands.compute.ensure_group(group.scope, _group_request(visit.group))
    if visit.group.resources.auto_scaling_group is None:
        name = group.auto_scaling_group_name
        await visit.save(
            replace(visit.group, resources=replace(visit.group.resources, auto_scaling_group=name)),
            visit.event("AutoScalingGroupCreated", f"Auto Scaling group {name} was made"),
        )
    await capacity_blocks.see_to_the_end(visit)


async def _follow_template(visit: Visit, made: Resources) -> None:
    """Point an Auto Scaling group that exists to the template that took the place of a lost one."""
    group = visit.group
    if group.resources.auto_scaling_group is None or made.launch_template_id is None:
        return
    visit.work.check()
    try:
        await visit.hands.compute.set_group_template_version(
            group.scope,
            group.auto_scaling_group_name,
            made.launch_template_id,
            made.launch_template_version or "1",
        )
    except NotFound:
        return  # the group is missing too and is made next


async def _profile(visit: Visit) -> str:
    group = visit.group
    return await visit.hands.compute.ensure_instance_profile(
        group.scope, group.instance_profile_name, group.node_role, _owner_tags(group)
    )


async def remote_access(visit: Visit) -> str | None:
    """Return the security group for SSH or RDP, made with its rules if missing; None without a key."""
    group = visit.group
    asked = group.remote_access
    if asked is None or asked.ec2_ssh_key is None:
        return None
    compute = visit.hands.compute
    vpc, _ = await visit.hands.clusters.ensure_security_group(visit.cluster)
    made = await compute.ensure_security_group(
        group.scope, group.remote_access_group_name, REMOTE_ACCESS_DESCRIPTION, vpc, _owner_tags(group)
    )
    if made == group.resources.remote_access_security_group:
        return made  # its rules were made before it was recorded
    port = RDP_PORT if group.ami_type.startswith("WINDOWS") else SSH_PORT
    await compute.allow_ingress(group.scope, made, port, asked.source_security_groups)
    return made


async def _template(visit: Visit, profile: str, remote: str | None) -> tuple[str, str]:
    group = visit.group
    made = group.resources
    found = await visit.hands.compute.template(
        group.scope, id=None, name=group.launch_template_name, version=made.launch_template_version
    )
    if found is not None:
        return found.id, found.version
    data = await template_data(visit, group, profile, remote)
    request = TemplateRequest(group.launch_template_name, data, _owner_tags(group), group.uuid)
    return await visit.hands.compute.ensure_template(group.scope, request)


async def template_data(visit: Visit, group: Nodegroup, profile: str, remote: str | None) -> dict[str, Any]:
    """Return what the launch template of a group says, as `group` describes it.

    Raises: PortError; Invalid when the caller's user data cannot be merged.
    """
    source = None
    if group.launch_template is not None:
        found = await visit.hands.compute.template(
            group.scope, id=group.launch_template.id, name=None, version=group.launch_template.version
        )
        source = found.data if found else None
    _, cluster_group = await visit.hands.clusters.ensure_security_group(visit.cluster)
    try:
        return launch_template.template_data(
            group,
            visit.cluster,
            source,
            security_groups=tuple(each for each in (cluster_group, remote) if each),
            instance_profile=profile,
            catalog=visit.hands.catalog,
        )
    except user_data.UserDataError as error:
        raise Invalid(str(error)) from error


async def next_template_version(visit: Visit, group: Nodegroup, token: str) -> str:
    """Add a version of the group's own launch template; the same token never makes a second one."""
    made = visit.group.resources
    if made.launch_template_id is None:
        raise NotFound(f"Node group {group.name} has no launch template: create the node group again.")
    profile = made.instance_profile or group.instance_profile_name
    data = await template_data(visit, group, profile, made.remote_access_security_group)
    visit.work.check()
    return await visit.hands.compute.add_template_version(group.scope, made.launch_template_id, data, token)


async def use_template_version(visit: Visit, version: str) -> None:
    """Let the Auto Scaling group launch another version, and note which one."""
    group = visit.group
    made = group.resources
    assert made.launch_template_id is not None, "a version has a template"
    visit.work.check()
    await visit.hands.compute.set_group_template_version(
        group.scope, group.auto_scaling_group_name, made.launch_template_id, version
    )
    if made.launch_template_version != version:
        await visit.save(replace(group, resources=replace(made, launch_template_version=version)))
    await capacity_blocks.see_to_the_end(visit)


def _group_request(group: Nodegroup) -> GroupRequest:
    made = group.resources
    assert made.launch_template_id and made.launch_template_version, "the template comes first"
    minor = int(group.version.split(".")[1])
    by_price = "price-capacity-optimized" if minor >= SPOT_BY_PRICE_FROM_MINOR else "capacity-optimized"
    return GroupRequest(
        name=group.auto_scaling_group_name,
        minimum=group.scaling.minimum,
        maximum=group.scaling.maximum,
        desired=group.scaling.desired,
        subnets=group.subnets,
        launch_template_id=made.launch_template_id,
        launch_template_version=made.launch_template_version,
        instance_types=group.instance_types or (),
        spot_allocation=by_price if group.capacity_type == "SPOT" else None,
        tags=launch_template.asg_tags(group),
        hook_heartbeat_s=HOOK_HEARTBEAT_S,
        capacity_block=group.capacity_type == "CAPACITY_BLOCK",
    )


def _owner_tags(group: Nodegroup) -> dict[str, str]:
    return {"eks:cluster-name": group.cluster, "eks:nodegroup-name": group.name}
