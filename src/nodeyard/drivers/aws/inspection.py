"""What a node group stands on, looked up side by side, for `AwsCompute`. Makes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from nodeyard.drivers.aws.calls import Calls
from nodeyard.drivers.aws.iam import Identities
from nodeyard.drivers.aws.network import Network
from nodeyard.drivers.aws.templates import Templates
from nodeyard.model.scope import Scope
from nodeyard.ports import Findings, Needs, NotFound, Subnet
from nodeyard.translation import aws as translate

REFRESHING = frozenset({"Pending", "InProgress", "Cancelling", "RollbackInProgress"})


class Inspection:
    """The calls of a health check: ten at most, none of which changes anything."""

    _calls: Calls

    async def inspect(self, scope: Scope, needs: Needs) -> Findings:
        """Return what is there of all that a group needs."""
        eyes = _Eyes(self._calls, scope)
        subnets, groups, offered = await asyncio.gather(
            eyes.subnets_with_routes(needs.subnets),
            eyes.security_groups(needs.security_groups),
            eyes.offered_types(scope, needs.instance_types),
        )
        role, profile, image, refresh = await asyncio.gather(
            eyes.has_role(needs.role_arn),
            eyes.has_profile(needs.instance_profile),
            eyes.has_image(needs.image_id),
            eyes.is_refreshing(needs.auto_scaling_group),
        )
        template, source = await asyncio.gather(
            eyes.has_version(needs.template), eyes.has_version(needs.source_template)
        )
        return Findings(
            subnets=subnets,
            security_groups=groups,
            offered_types=offered,
            role=role,
            instance_profile=profile,
            template=template,
            source_template=source,
            image=image,
            instance_refresh=refresh,
        )


class _Eyes(Network, Identities, Templates):
    """One look. Reads with the areas of the driver itself, not with what may be put over them."""

    def __init__(self, calls: Calls, scope: Scope) -> None:
        self._calls = calls
        self._scope = scope

    async def _listed(self, operation: str, key: str, name: str, values: Iterable[str]) -> list[Any]:
        wanted = [{"Name": name, "Values": sorted(set(values))}]
        return await self._calls.pages(self._scope, "ec2", operation, key, Filters=wanted)

    async def subnets_with_routes(self, ids: Sequence[str]) -> tuple[Subnet, ...]:
        """Return the subnets that exist, each with whether its routes lead to an internet gateway."""
        described = await self.described_subnets(self._scope, sorted(set(ids))) if ids else []
        found = [translate.subnet(each) for each in described]
        vpcs = {each.vpc_id for each in found}
        tables = (
            await self._listed("describe_route_tables", "RouteTables", "vpc-id", sorted(vpcs)) if vpcs else []
        )
        return tuple(
            replace(each, internet_gateway=translate.leads_to_internet(tables, each.vpc_id, each.id))
            for each in found
        )

    async def security_groups(self, ids: Sequence[str]) -> frozenset[str]:
        if not ids:
            return frozenset()
        found = await self._listed("describe_security_groups", "SecurityGroups", "group-id", ids)
        return frozenset(each["GroupId"] for each in found)

    async def has_role(self, arn: str) -> bool:
        try:
            found = await self._calls.call(self._scope, "iam", "get_role", RoleName=arn.rsplit("/", 1)[-1])
        except NotFound:
            return False
        return bool(found["Role"]["Arn"] == arn)

    async def has_profile(self, name: str | None) -> bool:
        return name is None or await self._profile(self._scope, name.rsplit("/", 1)[-1]) is not None

    async def has_version(self, wanted: tuple[str, str] | None) -> bool:
        if wanted is None:
            return True
        return await self.template(self._scope, id=wanted[0], name=None, version=wanted[1]) is not None

    async def has_image(self, image: str | None) -> bool:
        # By filter: asked by id, EC2 refuses the call when there is none.
        return image is None or bool(await self._listed("describe_images", "Images", "image-id", [image]))

    async def is_refreshing(self, group: str) -> bool:
        try:
            found = await self._calls.call(
                self._scope,
                "autoscaling",
                "describe_instance_refreshes",
                AutoScalingGroupName=group,
                MaxRecords=1,
            )
        except NotFound:
            return False
        return any(each.get("Status") in REFRESHING for each in found.get("InstanceRefreshes") or ())
