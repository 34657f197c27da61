"""An AWS account as admission asks it: subnets, roles, templates and types that exist, held in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nodeyard.catalog import default
from nodeyard.model.scope import Scope
from nodeyard.ports import Activity, AutoScalingGroup, Role, Subnet, TemplateVersion

VPC = "vpc-1"
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly")


def a_role(scope: Scope, name: str, *services: str, policies: Sequence[str] = NODE_POLICIES) -> Role:
    arn = f"arn:{scope.partition}:iam::{scope.account}:role/{name}"
    attached = (f"arn:{scope.partition}:iam::aws:policy/{policy}" for policy in policies)
    return Role(arn, name.rpartition("/")[2], frozenset(services), frozenset(attached))


class Account:
    """Every scope has subnet-a, -b and -c of one VPC, subnet-x of another, and the roles below."""

    def __init__(self) -> None:
        self.templates: dict[str, dict[str, Any]] = {}
        """Template name -> LaunchTemplateData; the id is `lt-<name>`, there is version 1."""
        self.asked: list[str] = []

    async def subnets(self, scope: Scope, ids: Sequence[str]) -> tuple[Subnet, ...]:
        self.asked.append("subnets")
        there = {
            f"subnet-{letter}": Subnet(
                f"subnet-{letter}", "vpc-2" if letter == "x" else VPC, f"{scope.region}{letter}", 250
            )
            for letter in "abcx"
        }
        return tuple(there[id] for id in ids if id in there)

    async def adopt(self, scope: Scope, subnets: Sequence[str], role_arn: str | None) -> None:
        self.asked.append("adopt")

    async def role(self, scope: Scope, arn: str) -> Role | None:
        self.asked.append("role")
        roles = (
            a_role(scope, "node", "ec2.amazonaws.com"),
            a_role(scope, "path/to/node", "ec2.amazonaws.com"),
            a_role(scope, "cluster", "eks.amazonaws.com", policies=("AmazonEKSClusterPolicy",)),
            a_role(scope, "stranger", "lambda.amazonaws.com"),
            a_role(scope, "bare", "ec2.amazonaws.com", policies=()),
        )
        return next((role for role in roles if role.arn == arn), None)

    async def template(
        self, scope: Scope, *, id: str | None, name: str | None, version: str | None
    ) -> TemplateVersion | None:
        known = (id or "").removeprefix("lt-") or name or ""
        data = self.templates.get(known)
        if data is None or version not in (None, "1", "$Default", "$Latest"):
            return None
        return TemplateVersion(f"lt-{known}", known, "1", data)

    async def offered_types(self, scope: Scope, types: Sequence[str]) -> frozenset[str]:
        return frozenset(name for name in types if default().instance_type(name) is not None)

    async def activities(self, scope: Scope, name: str) -> tuple[Activity, ...]:
        return ()

    async def group(self, scope: Scope, name: str) -> AutoScalingGroup | None:
        return None  # none was made yet

    async def default_vpc(self, scope: Scope) -> str:
        return VPC
