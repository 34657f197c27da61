"""What an issue does to a group: DEGRADED while it lasts, the end of a creation, or neither.

Source: reference, node group statuses and the typical end state of each health issue code.
"""

from __future__ import annotations

from collections.abc import Iterable

from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.status import NodegroupStatus

_C = IssueCode

DEGRADING = frozenset(
    {
        _C.ACCESS_DENIED,
        _C.AMI_ID_NOT_FOUND,
        _C.ASG_INSTANCE_LAUNCH_FAILURES,
        _C.AUTO_SCALING_GROUP_INVALID_CONFIGURATION,
        _C.AUTO_SCALING_GROUP_NOT_FOUND,
        _C.AUTO_SCALING_GROUP_OPT_IN_REQUIRED,
        _C.EC2_INSTANCE_TYPE_DOES_NOT_EXIST,
        _C.EC2_LAUNCH_TEMPLATE_NOT_FOUND,
        _C.EC2_LAUNCH_TEMPLATE_VERSION_MISMATCH,
        _C.EC2_SECURITY_GROUP_NOT_FOUND,
        _C.EC2_SUBNET_NOT_FOUND,
        _C.IAM_INSTANCE_PROFILE_NOT_FOUND,
        _C.IAM_NODE_ROLE_NOT_FOUND,
        _C.SOURCE_EC2_LAUNCH_TEMPLATE_NOT_FOUND,
    }
)

ENDING_CREATION = frozenset(
    {
        _C.AUTO_SCALING_GROUP_OPT_IN_REQUIRED,
        _C.EC2_INSTANCE_TYPE_DOES_NOT_EXIST,
        _C.EC2_LAUNCH_TEMPLATE_INVALID_CONFIGURATION,
        _C.EC2_LAUNCH_TEMPLATE_MAX_LIMIT_EXCEEDED,
        _C.EC2_SUBNET_INVALID_CONFIGURATION,
        _C.EC2_SUBNET_LIST_TOO_LONG,
        _C.EC2_SUBNET_MISSING_IPV6_ASSIGNMENT,
        _C.IAM_LIMIT_EXCEEDED,
    }
)
"""Issues that waiting cannot cure: the creation fails at once and not at its deadline."""


def settled_status(issues: Iterable[Issue]) -> NodegroupStatus:
    """Return ACTIVE or DEGRADED for a group at which nobody works."""
    degraded = any(each.code in DEGRADING for each in issues)
    return NodegroupStatus.DEGRADED if degraded else NodegroupStatus.ACTIVE


def ends_creation(issues: Iterable[Issue]) -> bool:
    """Return whether one of the issues makes further waiting senseless."""
    return any(each.code in ENDING_CREATION for each in issues)
