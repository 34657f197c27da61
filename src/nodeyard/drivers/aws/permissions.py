"""Which AWS actions the driver needs: one table, a line for each call that it makes.

`Calls` looks every call up here before it goes out, so that a call that the table does not know fails
in the first test that makes it. The minimal policy and `nodeyard serve --check` are made from the table.
Source: Service Authorization Reference, Amazon EC2, EC2 Auto Scaling, IAM, Systems Manager, EKS.
"""

from __future__ import annotations

from typing import Any

ANY = "*"
AMI_PARAMETERS = "arn:{partition}:ssm:*::parameter/aws/service/*"
OWN_GROUPS = "arn:{partition}:autoscaling:*:{account}:autoScalingGroup:*:autoScalingGroupName/eks-*"
OWN_PROFILES = "arn:{partition}:iam::{account}:instance-profile/eks-*"
PROFILES = "arn:{partition}:iam::{account}:instance-profile/*"
"""Launch templates name profiles of the user's own."""
ROLES = "arn:{partition}:iam::{account}:role/*"
SERVICE_ROLES = "arn:{partition}:iam::{account}:role/aws-service-role"
SCALING_ROLE = SERVICE_ROLES + "/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
SPOT_ROLE = SERVICE_ROLES + "/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
"""The roles of the two services, which AWS makes for the first caller in an account that needs them."""
CLUSTERS = "arn:{partition}:eks:*:{account}:cluster/*"

READ, WRITE = False, True

CALLS: dict[tuple[str, str], tuple[str, tuple[str, ...], bool]] = {
    ("ec2", "describe_subnets"): (ANY, ("ec2:DescribeSubnets",), READ),
    ("ec2", "describe_vpcs"): (ANY, ("ec2:DescribeVpcs",), READ),
    ("ec2", "describe_route_tables"): (ANY, ("ec2:DescribeRouteTables",), READ),
    ("ec2", "describe_images"): (ANY, ("ec2:DescribeImages",), READ),
    ("ec2", "describe_security_groups"): (ANY, ("ec2:DescribeSecurityGroups",), READ),
    ("ec2", "describe_instance_type_offerings"): (ANY, ("ec2:DescribeInstanceTypeOfferings",), READ),
    ("ec2", "describe_launch_templates"): (ANY, ("ec2:DescribeLaunchTemplates",), READ),
    ("ec2", "describe_launch_template_versions"): (ANY, ("ec2:DescribeLaunchTemplateVersions",), READ),
    ("ec2", "describe_spot_instance_requests"): (ANY, ("ec2:DescribeSpotInstanceRequests",), READ),
    ("ec2", "describe_capacity_reservations"): (ANY, ("ec2:DescribeCapacityReservations",), READ),
    ("ec2", "create_launch_template"): (ANY, ("ec2:CreateLaunchTemplate", "ec2:CreateTags"), WRITE),
    ("ec2", "create_launch_template_version"): (ANY, ("ec2:CreateLaunchTemplateVersion",), WRITE),
    ("ec2", "delete_launch_template"): (ANY, ("ec2:DeleteLaunchTemplate",), WRITE),
    ("ec2", "create_security_group"): (ANY, ("ec2:CreateSecurityGroup", "ec2:CreateTags"), WRITE),
    ("ec2", "authorize_security_group_ingress"): (ANY, ("ec2:AuthorizeSecurityGroupIngress",), WRITE),
    ("ec2", "delete_security_group"): (ANY, ("ec2:DeleteSecurityGroup",), WRITE),
    ("ec2", "reboot_instances"): (ANY, ("ec2:RebootInstances",), WRITE),
    ("autoscaling", "describe_auto_scaling_groups"): (ANY, ("autoscaling:DescribeAutoScalingGroups",), READ),
    ("autoscaling", "describe_lifecycle_hooks"): (ANY, ("autoscaling:DescribeLifecycleHooks",), READ),
    ("autoscaling", "describe_scaling_activities"): (ANY, ("autoscaling:DescribeScalingActivities",), READ),
    ("autoscaling", "describe_instance_refreshes"): (ANY, ("autoscaling:DescribeInstanceRefreshes",), READ),
    ("autoscaling", "create_auto_scaling_group"): (
        OWN_GROUPS,
        ("autoscaling:CreateAutoScalingGroup", "autoscaling:CreateOrUpdateTags"),
        WRITE,
    ),
    ("autoscaling", "update_auto_scaling_group"): (
        OWN_GROUPS,
        ("autoscaling:UpdateAutoScalingGroup",),
        WRITE,
    ),
    ("autoscaling", "delete_auto_scaling_group"): (
        OWN_GROUPS,
        ("autoscaling:DeleteAutoScalingGroup",),
        WRITE,
    ),
    ("autoscaling", "put_lifecycle_hook"): (OWN_GROUPS, ("autoscaling:PutLifecycleHook",), WRITE),
    ("autoscaling", "enable_metrics_collection"): (
        OWN_GROUPS,
        ("autoscaling:EnableMetricsCollection",),
        WRITE,
    ),
    ("autoscaling", "describe_warm_pool"): (ANY, ("autoscaling:DescribeWarmPool",), READ),
    ("autoscaling", "put_warm_pool"): (OWN_GROUPS, ("autoscaling:PutWarmPool",), WRITE),
    ("autoscaling", "delete_warm_pool"): (OWN_GROUPS, ("autoscaling:DeleteWarmPool",), WRITE),
    ("autoscaling", "suspend_processes"): (OWN_GROUPS, ("autoscaling:SuspendProcesses",), WRITE),
    ("autoscaling", "resume_processes"): (OWN_GROUPS, ("autoscaling:ResumeProcesses",), WRITE),
    ("autoscaling", "put_scheduled_update_group_action"): (
        OWN_GROUPS,
        ("autoscaling:PutScheduledUpdateGroupAction",),
        WRITE,
    ),
    ("autoscaling", "complete_lifecycle_action"): (
        OWN_GROUPS,
        ("autoscaling:CompleteLifecycleAction",),
        WRITE,
    ),
    ("autoscaling", "terminate_instance_in_auto_scaling_group"): (
        OWN_GROUPS,
        ("autoscaling:TerminateInstanceInAutoScalingGroup",),
        WRITE,
    ),
    ("iam", "get_role"): (ROLES, ("iam:GetRole",), READ),
    ("iam", "list_attached_role_policies"): (ROLES, ("iam:ListAttachedRolePolicies",), READ),
    ("iam", "get_instance_profile"): (PROFILES, ("iam:GetInstanceProfile",), READ),
    ("iam", "create_instance_profile"): (
        OWN_PROFILES,
        ("iam:CreateInstanceProfile", "iam:TagInstanceProfile"),
        WRITE,
    ),
    ("iam", "delete_instance_profile"): (OWN_PROFILES, ("iam:DeleteInstanceProfile",), WRITE),
    ("iam", "add_role_to_instance_profile"): (OWN_PROFILES, ("iam:AddRoleToInstanceProfile",), WRITE),
    ("iam", "remove_role_from_instance_profile"): (
        OWN_PROFILES,
        ("iam:RemoveRoleFromInstanceProfile",),
        WRITE,
    ),
    ("ssm", "get_parameter"): (AMI_PARAMETERS, ("ssm:GetParameter",), READ),
    ("arc-zonal-shift", "get_managed_resource"): (
        CLUSTERS,
        ("arc-zonal-shift:GetManagedResource",),
        READ,
    ),
    ("eks", "describe_cluster"): (CLUSTERS, ("eks:DescribeCluster",), READ),
}
"""(service, operation as boto3 spells it) -> resource, actions, whether it changes something."""

BESIDES: dict[str, tuple[str, ...]] = {
    ANY: ("ec2:RunInstances",),
    ROLES: ("iam:PassRole",),
    SCALING_ROLE: ("iam:CreateServiceLinkedRole",),
    SPOT_ROLE: ("iam:CreateServiceLinkedRole",),
}
"""Resource -> what AWS asks of the caller beside the calls: to launch from a template, with a role, and to
make the first group and the first Spot group of an account.
Source: EC2 Auto Scaling User Guide, launch template support: permissions; service-linked roles."""

CHECKING: dict[tuple[str, str], tuple[str, ...]] = {
    ("sts", "get_caller_identity"): (),
    ("iam", "simulate_principal_policy"): ("iam:SimulatePrincipalPolicy",),
}
"""Calls of `serve --check` alone, which the service itself never needs."""

REHEARSING: dict[tuple[str, str], tuple[str, ...]] = {
    ("eks", "describe_nodegroup"): ("eks:DescribeNodegroup",),
}
"""Calls of `rehearse --cluster` alone, made with the credentials of whoever rehearses."""


QUEUEING: dict[tuple[str, str], tuple[str, ...]] = {
    ("sqs", "receive_message"): ("sqs:ReceiveMessage",),
    ("sqs", "delete_message_batch"): ("sqs:DeleteMessage",),
}
"""Calls of `serve --hook-queue` alone, on that queue."""


class UnlistedCall(LookupError):
    """A call of the driver that the table does not have: a bug of ours."""


def look_up(service: str, operation: str) -> None:
    """See that a call is in the table. Raises: UnlistedCall."""
    if not any((service, operation) in table for table in (CALLS, CHECKING, REHEARSING, QUEUEING)):
        raise UnlistedCall(f"{service} {operation} is not in the table of permissions")


def needed(queue: str | None = None) -> dict[str, tuple[str, ...]]:
    """Return resource -> the actions that are needed on it, each once, by name.

    `queue` is REGION:ACCOUNT:NAME of the hook queue.
    """
    made: dict[str, set[str]] = {resource: set(actions) for resource, actions in BESIDES.items()}
    if queue is not None:
        own = f"arn:{{partition}}:sqs:{queue}"
        made[own] = {action for actions in QUEUEING.values() for action in actions}
    for resource, actions, _ in CALLS.values():
        made.setdefault(resource, set()).update(actions)
    return {resource: tuple(sorted(actions)) for resource, actions in sorted(made.items())}


def policy(partition: str, account: str, queue: str | None = None) -> dict[str, Any]:
    """Return the smallest IAM policy that the service runs with."""
    statements: list[dict[str, Any]] = []
    for resource, actions in needed(queue).items():
        filled = resource.format(partition=partition, account=account)
        plain = [action for action in actions if action != "iam:PassRole"]
        if plain:
            statements.append({"Effect": "Allow", "Action": plain, "Resource": filled})
        if "iam:PassRole" in actions:
            statements.append(
                {
                    "Effect": "Allow",
                    "Action": "iam:PassRole",
                    "Resource": filled,
                    "Condition": {"StringLike": {"iam:PassedToService": "ec2.amazonaws.com*"}},
                }
            )
    return {"Version": "2012-10-17", "Statement": statements}
