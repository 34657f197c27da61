"""Compute for the embedded world: subnets and roles that a request names exist from then on.

Somebody who tries a documented command has no such subnet and no such role; the embedded
account has nothing of anybody's, so what is named is made (`--no-adopt` turns it off).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nodeyard.drivers.aws.compute import AwsCompute
from nodeyard.drivers.aws.settings import AwsSettings
from nodeyard.model.scope import Scope
from nodeyard.ports import Clock, Role, Subnet
from nodeyard.world.aws.embedded import EmbeddedAws

_SUBNET = re.compile(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})")


class AdoptingCompute(AwsCompute):
    """`AwsCompute` on an embedded AWS that makes named subnets and roles when they are first seen."""

    def __init__(self, settings: AwsSettings, clock: Clock, aws: EmbeddedAws) -> None:
        super().__init__(settings, clock)
        self._aws = aws

    async def subnets(self, scope: Scope, ids: Sequence[str]) -> tuple[Subnet, ...]:
        """Return the subnets asked for, each made in the default VPC when it does not exist."""
        found = await super().subnets(scope, ids)
        missing = [id for id in dict.fromkeys(ids) if id not in {subnet.id for subnet in found}]
        missing = [id for id in missing if _SUBNET.fullmatch(id)]
        if not missing:
            return found
        for id in missing:
            await self._aws.ensure_subnet(scope.account, scope.region, id)
        return await super().subnets(scope, ids)

    async def role(self, scope: Scope, arn: str) -> Role | None:
        """Return the role, made with the policies of an EKS role when it does not exist."""
        found = await super().role(scope, arn)
        if found is not None:
            return found
        await self._aws.ensure_role(scope.account, scope.region, arn)
        return await super().role(scope, arn)
