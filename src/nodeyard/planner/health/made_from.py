"""Is what nodes are made from still there: templates, image, instance types, role and profile?

Source: reference, health issue codes; EKS API reference, Issue.
"""

from __future__ import annotations

from datetime import datetime

from nodeyard.model.health import Issue, IssueCode
from nodeyard.planner.health.facts import Facts


def own_template(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    made = facts.group.resources
    if facts.findings is None or facts.findings.template or made.launch_template_id is None:
        return ()
    text = (
        f"The launch template {made.launch_template_id} of the node group, or its version "
        f"{made.launch_template_version}, does not exist any more. Delete the node group and create it again."
    )
    return (Issue(IssueCode.EC2_LAUNCH_TEMPLATE_NOT_FOUND, text, (made.launch_template_id,)),)


def source_template(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    source = facts.group.launch_template
    if facts.findings is None or facts.findings.source_template or source is None:
        return ()
    text = (
        f"Version {source.version} of launch template {source.name} ({source.id}), from which the node group "
        "was created, does not exist any more. Create the node group again from one that exists."
    )
    return (Issue(IssueCode.SOURCE_EC2_LAUNCH_TEMPLATE_NOT_FOUND, text, (source.id,)),)


def image(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    id = facts.group.image_id
    if facts.findings is None or facts.findings.image or not id:
        return ()
    text = (
        f"The AMI {id} of the node group does not exist or is not shared with this account. Share it again, "
        "or update the node group to another release or launch template version."
    )
    return (Issue(IssueCode.AMI_ID_NOT_FOUND, text, (id,)),)


def instance_types(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    """Report only when no type is left: as long as one is offered, nodes can be launched."""
    types = facts.group.instance_types or ()
    if facts.findings is None or not types or facts.findings.offered_types:
        return ()
    text = (
        f"No instance type of the node group is offered in this Region: {', '.join(types)}. "
        "Create the node group with an instance type that the Region has."
    )
    return (Issue(IssueCode.EC2_INSTANCE_TYPE_DOES_NOT_EXIST, text, types),)


def node_role(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    if facts.findings is None or facts.findings.role:
        return ()
    arn = facts.group.node_role
    text = (
        f"The node role {arn} does not exist any more, so nodes cannot join or call AWS. "
        "Recreate a role of the same name with the same settings to recover."
    )
    return (Issue(IssueCode.IAM_NODE_ROLE_NOT_FOUND, text, (arn,)),)


def instance_profile(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    if facts.findings is None or facts.findings.instance_profile:
        return ()
    name = facts.group.instance_profile_name
    text = (
        f"The instance profile {name} of the node group does not exist any more. "
        "Recreate a profile of that name with the node role in it to recover."
    )
    return (Issue(IssueCode.IAM_INSTANCE_PROFILE_NOT_FOUND, text, (name,)),)
