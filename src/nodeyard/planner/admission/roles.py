"""Judge IAM roles: form of the ARN, who may assume it, what is attached.

Source: reference, roles, cluster coupling and quotas.
"""

from __future__ import annotations

import re

from nodeyard.ports import Role

_ARN = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):role/[\w+=,.@/-]+")
_WORKER = "AmazonEKSWorkerNodePolicy"
_REGISTRY = ("AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryPullOnly")


def well_formed(arn: str) -> bool:
    """Say whether a text is the ARN of an IAM role."""
    return _ARN.fullmatch(arn) is not None


def node_role_fault(arn: str, role: Role | None) -> str | None:
    """Judge a node role."""
    if not well_formed(arn):
        return f"Invalid Role Arn: '{arn}'"
    if role is None:
        return f"The role with name {arn.rpartition('/')[2]} cannot be found."
    if not any(service.startswith("ec2.amazonaws.com") for service in role.trusted_services):
        return (
            "Following required service principals [ec2.amazonaws.com] were not found in the trust "
            f"relationships of nodeRole {arn}"
        )
    partition = arn.split(":")[1]
    attached = {policy.rpartition("/")[2] for policy in role.policy_arns}
    if _WORKER not in attached or not attached.intersection(_REGISTRY):
        needed = ", ".join(f"arn:{partition}:iam::aws:policy/{name}" for name in (_WORKER, _REGISTRY[0]))
        return (
            "The provided role doesn't have the Amazon EKS Managed Policies associated with it. "
            f"Please ensure the following policies [{needed}] are attached "
        )
    return None
