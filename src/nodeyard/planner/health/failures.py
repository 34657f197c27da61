"""What an error of a pass means in health issues: by the kind of the error and the call that failed.

Source: reference, health issue codes; names of operations from the API models of EC2, Auto Scaling and IAM.
"""

from __future__ import annotations

from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.ports import (
    Conflict,
    Denied,
    Invalid,
    LimitExceeded,
    NoCapacity,
    NotFound,
    NotOptedIn,
    PortError,
    Throttled,
    TooLong,
    Unavailable,
)
from nodeyard.ports.errors import KUBERNETES

_C = IssueCode
_WORDS: dict[str, tuple[str, ...]] = {
    "iam": ("InstanceProfile", "Role", "PolicyDocument"),
    "auto scaling": ("AutoScaling", "Lifecycle", "ScalingActivit", "Metrics", "InstanceRefresh", "Processes"),
    "template version": ("LaunchTemplateVersion",),
    "template": ("LaunchTemplate",),
    "security group": ("SecurityGroup",),
    "subnet": ("Subnet",),
    "image": ("Images", "GetParameter"),
    "eks": ("DescribeCluster",),
}
"""Area -> what the names of its calls contain; the first area that fits is it."""

_BY_AREA: dict[tuple[type[PortError], str], IssueCode] = {
    (Throttled, "iam"): _C.IAM_THROTTLING,
    (Throttled, "auto scaling"): _C.AUTO_SCALING_GROUP_RATE_LIMIT_EXCEEDED,
    (LimitExceeded, "iam"): _C.IAM_LIMIT_EXCEEDED,
    (LimitExceeded, "template version"): _C.EC2_LAUNCH_TEMPLATE_VERSION_MAX_LIMIT_EXCEEDED,
    (LimitExceeded, "template"): _C.EC2_LAUNCH_TEMPLATE_MAX_LIMIT_EXCEEDED,
    (NotFound, "iam"): _C.IAM_NODE_ROLE_NOT_FOUND,
    (NotFound, "template version"): _C.EC2_LAUNCH_TEMPLATE_NOT_FOUND,
    (NotFound, "template"): _C.EC2_LAUNCH_TEMPLATE_NOT_FOUND,
    (NotFound, "auto scaling"): _C.AUTO_SCALING_GROUP_NOT_FOUND,
    (Invalid, "template version"): _C.EC2_LAUNCH_TEMPLATE_INVALID_CONFIGURATION,
    (Invalid, "template"): _C.EC2_LAUNCH_TEMPLATE_INVALID_CONFIGURATION,
    (Invalid, "auto scaling"): _C.AUTO_SCALING_GROUP_INVALID_CONFIGURATION,
    (NotFound, "security group"): _C.EC2_SECURITY_GROUP_NOT_FOUND,
    (NotFound, "subnet"): _C.EC2_SUBNET_NOT_FOUND,
    (NotFound, "image"): _C.AMI_ID_NOT_FOUND,
    (NotFound, "eks"): _C.CLUSTER_UNREACHABLE,
    (TooLong, "auto scaling"): _C.EC2_SUBNET_LIST_TOO_LONG,
    (Invalid, "cluster"): _C.KUBERNETES_LABEL_INVALID,
    (Throttled, "cluster"): _C.CLUSTER_UNREACHABLE,
    (Unavailable, "cluster"): _C.CLUSTER_UNREACHABLE,
    (NotFound, "cluster"): _C.CLUSTER_UNREACHABLE,
}

_ANYWHERE: dict[type[PortError], IssueCode] = {
    NotOptedIn: _C.AUTO_SCALING_GROUP_OPT_IN_REQUIRED,
    Denied: _C.ACCESS_DENIED,
    Throttled: _C.LIMIT_EXCEEDED,
    LimitExceeded: _C.LIMIT_EXCEEDED,
    NoCapacity: _C.ASG_INSTANCE_LAUNCH_FAILURES,
    Unavailable: _C.INTERNAL_FAILURE,
}
"""A rate of calls is a quota too, so that being throttled elsewhere counts as one of those (ours)."""

_HELP: dict[IssueCode, str] = {
    _C.ACCESS_DENIED: "Allow the call, then the node group goes on by itself.",
    _C.AMI_ID_NOT_FOUND: "Update the node group to a release that there is.",
    _C.ASG_INSTANCE_LAUNCH_FAILURES: "Allow more instance types or zones, or wait for capacity.",
    _C.AUTO_SCALING_GROUP_INVALID_CONFIGURATION: "Correct what the message names; the call is repeated.",
    _C.AUTO_SCALING_GROUP_NOT_FOUND: "Delete the node group and create it again.",
    _C.AUTO_SCALING_GROUP_OPT_IN_REQUIRED: "Sign the account up for the service.",
    _C.AUTO_SCALING_GROUP_RATE_LIMIT_EXCEEDED: "The call is repeated; fewer callers make it succeed sooner.",
    _C.IAM_THROTTLING: "The call is repeated; fewer callers make it succeed sooner.",
    _C.CLUSTER_UNREACHABLE: "Look for network trouble or webhooks that time out; the call is repeated.",
    _C.INTERNAL_FAILURE: "The call is repeated; the log of the service has more if it stays.",
    _C.LIMIT_EXCEEDED: "Ask for a higher quota or remove what is not used; the call is repeated.",
    _C.IAM_LIMIT_EXCEEDED: "Ask for a higher quota or remove instance profiles that are not used.",
    _C.EC2_LAUNCH_TEMPLATE_MAX_LIMIT_EXCEEDED: "Ask for a higher quota or remove unused templates.",
    _C.EC2_LAUNCH_TEMPLATE_VERSION_MAX_LIMIT_EXCEEDED: "Remove old versions of the template.",
    _C.EC2_LAUNCH_TEMPLATE_INVALID_CONFIGURATION: "Update the node group to a version of the template that "
    "corrects it.",
    _C.EC2_LAUNCH_TEMPLATE_NOT_FOUND: "Delete the node group and create it again.",
    _C.EC2_SECURITY_GROUP_NOT_FOUND: "Delete the node group and create it with groups that there are.",
    _C.EC2_SUBNET_NOT_FOUND: "Delete the node group and create it in subnets that there are.",
    _C.IAM_NODE_ROLE_NOT_FOUND: "Make the role again under the same name.",
    _C.EC2_SUBNET_LIST_TOO_LONG: "Create the node group with fewer subnets.",
    _C.KUBERNETES_LABEL_INVALID: "Correct the labels of the node group.",
    _C.UNKNOWN: "Correct what the message names; the call is repeated, and the log of the service has more.",
}


def of(error: Exception, group: Nodegroup) -> Issue | None:
    """Return the issue that an error of a pass is; None where it is only a matter of looking again."""
    if not isinstance(error, PortError):
        return _of_bug(error, group)
    if isinstance(error, Conflict):
        return None
    code = _code(error)
    return Issue(code, f"{error.message.rstrip('.')}. {_HELP[code]}", _resources(code, group))


def _of_bug(error: Exception, group: Nodegroup) -> Issue:
    """Return the issue that a fault of our own is."""
    text = (
        f"The work on node group {group.name} failed inside the service ({type(error).__name__}); it is "
        "repeated. The log of the service has more."
    )
    return Issue(IssueCode.INTERNAL_FAILURE, text)


def area_of(operation: str) -> str:
    """Return the part of the world that a call went to: iam, auto scaling, template, …; empty: another."""
    if operation.startswith(KUBERNETES):
        return "cluster"
    return next((area for area, words in _WORDS.items() if any(each in operation for each in words)), "")


def _code(error: PortError) -> IssueCode:
    area = area_of(error.operation)
    for kind in type(error).__mro__:
        if (kind, area) in _BY_AREA:
            return _BY_AREA[kind, area]
        if kind in _ANYWHERE:
            return _ANYWHERE[kind]
    return IssueCode.UNKNOWN


def _resources(code: IssueCode, group: Nodegroup) -> tuple[str, ...]:
    made = group.resources
    named = {
        _C.AUTO_SCALING_GROUP_NOT_FOUND: group.auto_scaling_group_name,
        _C.AUTO_SCALING_GROUP_INVALID_CONFIGURATION: group.auto_scaling_group_name,
        _C.ASG_INSTANCE_LAUNCH_FAILURES: group.auto_scaling_group_name,
        _C.IAM_NODE_ROLE_NOT_FOUND: group.node_role,
        _C.EC2_LAUNCH_TEMPLATE_NOT_FOUND: made.launch_template_id,
        _C.EC2_LAUNCH_TEMPLATE_VERSION_MAX_LIMIT_EXCEEDED: made.launch_template_id,
        _C.EC2_LAUNCH_TEMPLATE_INVALID_CONFIGURATION: group.launch_template and group.launch_template.id,
    }.get(code)
    return (named,) if named else ()
