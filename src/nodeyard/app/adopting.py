"""Compute for the embedded world: subnets and roles that a request names exist from then on.

Somebody who tries a documented command has no such subnet and no such role; the embedded
account has nothing of anybody's, so what an accepted request names is made (`--no-adopt` turns it off).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nodeyard.drivers.aws.compute import AwsCompute
from nodeyard.drivers.aws.settings import AwsSettings
from nodeyard.model.scope import Scope
from nodeyard.ports import Clock, NotFound, Role, Subnet
from nodeyard.world.aws import seeds
from nodeyard.world.aws.embedded import EmbeddedAws

_SUBNET = re.compile(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})")


class AdoptingCompute(AwsCompute):
    """`AwsCompute` on an embedded AWS that makes named subnets and roles.

    To read makes nothing: what is missing is told as it will be once `adopt` has made it, so that a
    request can be judged before anything is done about it.
    """

    def __init__(self, settings: AwsSettings, clock: Clock, aws: EmbeddedAws) -> None:
        super().__init__(settings, clock)
        self._aws = aws

    async def subnets(self, scope: Scope, ids: Sequence[str]) -> tuple[Subnet, ...]:
        """Return the subnets asked for; one that is missing is in the default VPC, its zone not known yet."""
        found = {each.id: each for each in await super().subnets(scope, ids)}
        missing = [id for id in dict.fromkeys(ids) if id not in found and _SUBNET.fullmatch(id)]
        if missing:
            place = await self.default_vpc(scope), "", seeds.SUBNET_ADDRESSES
            found |= {id: Subnet(id, *place, public_ip_on_launch=True) for id in missing}
        return tuple(found[id] for id in ids if id in found)

    async def role(self, scope: Scope, arn: str) -> Role | None:
        """Return the role; one that does not exist has the policies of an EKS role."""
        found = await super().role(scope, arn)
        if found is not None:
            return found
        name = arn.rpartition("/")[2]
        if await self._taken(scope, name):
            return None
        policies = frozenset(seeds.policy_arns(arn))
        services = frozenset(seeds.trusted_services(china=scope.region.startswith("cn-")))
        return Role(arn, name, services, policies)

    async def _taken(self, scope: Scope, name: str) -> bool:
        """Say whether a role of that name is there under another path: names are unique in an account."""
        try:
            await self.calls.call(scope, "iam", "get_role", RoleName=name)
        except NotFound:
            return False
        return True

    async def adopt(self, scope: Scope, subnets: Sequence[str], role_arn: str | None) -> None:
        """Make what is missing: subnets in the default VPC, the role with the policies of an EKS role."""
        there = {each.id for each in await super().subnets(scope, subnets)}
        for id in dict.fromkeys(subnets):
            if id not in there and _SUBNET.fullmatch(id):
                await self._aws.ensure_subnet(scope.account, scope.region, id)
        if role_arn is not None and await super().role(scope, role_arn) is None:
            await self._aws.ensure_role(scope.account, scope.region, role_arn)
