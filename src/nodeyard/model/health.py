"""Health issue codes of a node group: all 36 of the EKS API model.

Source: EKS API model, NodegroupIssueCode; EKS User Guide, troubleshooting.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class IssueCode(StrEnum):
    ACCESS_DENIED = "AccessDenied"
    AMI_ID_NOT_FOUND = "AmiIdNotFound"
    ASG_INSTANCE_LAUNCH_FAILURES = "AsgInstanceLaunchFailures"
    AUTO_SCALING_GROUP_INSTANCE_REFRESH_ACTIVE = "AutoScalingGroupInstanceRefreshActive"
    AUTO_SCALING_GROUP_INVALID_CONFIGURATION = "AutoScalingGroupInvalidConfiguration"
    AUTO_SCALING_GROUP_NOT_FOUND = "AutoScalingGroupNotFound"
    AUTO_SCALING_GROUP_OPT_IN_REQUIRED = "AutoScalingGroupOptInRequired"
    AUTO_SCALING_GROUP_RATE_LIMIT_EXCEEDED = "AutoScalingGroupRateLimitExceeded"
    CLUSTER_UNREACHABLE = "ClusterUnreachable"
    EC2_INSTANCE_TYPE_DOES_NOT_EXIST = "Ec2InstanceTypeDoesNotExist"
    EC2_LAUNCH_TEMPLATE_DELETION_FAILURE = "Ec2LaunchTemplateDeletionFailure"
    EC2_LAUNCH_TEMPLATE_INVALID_CONFIGURATION = "Ec2LaunchTemplateInvalidConfiguration"
    EC2_LAUNCH_TEMPLATE_MAX_LIMIT_EXCEEDED = "Ec2LaunchTemplateMaxLimitExceeded"
    EC2_LAUNCH_TEMPLATE_NOT_FOUND = "Ec2LaunchTemplateNotFound"
    EC2_LAUNCH_TEMPLATE_VERSION_MAX_LIMIT_EXCEEDED = "Ec2LaunchTemplateVersionMaxLimitExceeded"
    EC2_LAUNCH_TEMPLATE_VERSION_MISMATCH = "Ec2LaunchTemplateVersionMismatch"
    EC2_SECURITY_GROUP_DELETION_FAILURE = "Ec2SecurityGroupDeletionFailure"
    EC2_SECURITY_GROUP_NOT_FOUND = "Ec2SecurityGroupNotFound"
    EC2_SUBNET_INVALID_CONFIGURATION = "Ec2SubnetInvalidConfiguration"
    EC2_SUBNET_LIST_TOO_LONG = "Ec2SubnetListTooLong"
    EC2_SUBNET_MISSING_IPV6_ASSIGNMENT = "Ec2SubnetMissingIpv6Assignment"
    EC2_SUBNET_NOT_FOUND = "Ec2SubnetNotFound"
    IAM_INSTANCE_PROFILE_NOT_FOUND = "IamInstanceProfileNotFound"
    IAM_LIMIT_EXCEEDED = "IamLimitExceeded"
    IAM_NODE_ROLE_NOT_FOUND = "IamNodeRoleNotFound"
    IAM_THROTTLING = "IamThrottling"
    INSTANCE_LIMIT_EXCEEDED = "InstanceLimitExceeded"
    INSUFFICIENT_FREE_ADDRESSES = "InsufficientFreeAddresses"
    INTERNAL_FAILURE = "InternalFailure"
    KUBERNETES_LABEL_INVALID = "KubernetesLabelInvalid"
    LIMIT_EXCEEDED = "LimitExceeded"
    NODE_CREATION_FAILURE = "NodeCreationFailure"
    NODE_TERMINATION_FAILURE = "NodeTerminationFailure"
    POD_EVICTION_FAILURE = "PodEvictionFailure"
    SOURCE_EC2_LAUNCH_TEMPLATE_NOT_FOUND = "SourceEc2LaunchTemplateNotFound"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong with a node group, in words a person can act on."""

    code: IssueCode
    message: str
    resource_ids: tuple[str, ...] = ()


TOLERATED_BY_VERSION_UPDATES = frozenset(
    {
        IssueCode.ASG_INSTANCE_LAUNCH_FAILURES,
        IssueCode.INSTANCE_LIMIT_EXCEEDED,
        IssueCode.INSUFFICIENT_FREE_ADDRESSES,
        IssueCode.CLUSTER_UNREACHABLE,
    }
)
"""Issues that do not stop a version update. Source: re:Post, EKS node group update failures."""
