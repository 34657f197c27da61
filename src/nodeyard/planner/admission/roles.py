"""Judge IAM roles: form of the ARN, who may assume it, what is attached.

Source: reference, roles, cluster coupling and quotas.
"""

from __future__ import annotations

import re

from nodeyard.model.refusal import Refused
from nodeyard.model.scope import Scope
from nodeyard.ports import Role

_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[0-9]{12}):role/[A-Za-z0-9_+=,.@/-]*[A-Za-z0-9_+=,.@-]"
)
ROLE_NAME_CHARS_MAX = 64
_WORKER = "AmazonEKSWorkerNodePolicy"
_REGISTRY = ("AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryPullOnly")


def well_formed(arn: str) -> bool:
    """Say whether a text is the ARN of an IAM role. Source: IAM User Guide, quotas (name length)."""
    return _ARN.fullmatch(arn) is not None and len(arn.rpartition("/")[2]) <= ROLE_NAME_CHARS_MAX


def is_of(scope: Scope, arn: str) -> bool:
    """Say whether a text is the ARN of a role of this account and partition: one worth looking up."""
    return well_formed(arn) and outsider(arn, scope, {}) is None


def outsider(arn: str, scope: Scope, members: dict[str, str]) -> Refused | None:
    """Judge where a role is from: another partition has no such ARN, another account may not pass it."""
    parsed = _ARN.fullmatch(arn)
    if parsed is None:
        return None
    if parsed["partition"] != scope.partition:
        text = (
            f"Invalid Role Arn: '{arn}'. Region {scope.region} is in partition {scope.partition}, "
            f"the role is in {parsed['partition']}"
        )
        return Refused("InvalidParameterException", text, members)
    if parsed["account"] != scope.account:
        text = (
            f"Cross-account pass role is not allowed. The role {arn} is not in account {scope.account}, "
            "which signed the request"
        )
        return Refused("AccessDeniedException", text, members)
    return None


def cluster_role_fault(arn: str, role: Role | None) -> str | None:
    """Judge the role of a cluster. Texts: what EKS answers to CreateCluster."""
    if not well_formed(arn):
        return f"Invalid Role Arn: '{arn}'"
    if role is None:
        return f"The role with name {arn.rpartition('/')[2]} cannot be found."
    if not any(service.startswith("eks.amazonaws.com") for service in role.trusted_services):
        return (
            f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity "
            "is not correct"
        )
    return None


def node_role_fault(arn: str, role: Role | None, *, eks: bool = True) -> str | None:
    """Judge a node role; outside of `eks` a node may do without the policies that EKS asks for."""
    if not well_formed(arn):
        return f"Invalid Role Arn: '{arn}'"
    if role is None:
        return f"The role with name {arn.rpartition('/')[2]} cannot be found."
    if not any(service.startswith("ec2.amazonaws.com") for service in role.trusted_services):
        return (
            "Following required service principals [ec2.amazonaws.com] were not found in the trust "
            f"relationships of nodeRole {arn}"
        )
    if not eks:
        return None
    partition = arn.split(":")[1]
    attached = {policy.rpartition("/")[2] for policy in role.policy_arns}
    if _WORKER not in attached or not attached.intersection(_REGISTRY):
        needed = ", ".join(f"arn:{partition}:iam::aws:policy/{name}" for name in (_WORKER, _REGISTRY[0]))
        return (
            "The provided role doesn't have the Amazon EKS Managed Policies associated with it. "
            f"Please ensure the following policies [{needed}] are attached "
        )
    return None
