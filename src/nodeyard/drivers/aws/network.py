"""Subnets and security groups of EC2, for `AwsCompute`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nodeyard.drivers.aws.calls import Calls
from nodeyard.model.scope import Scope
from nodeyard.ports import Conflict, NotFound, Subnet
from nodeyard.translation import aws as translate


class Network:
    """The EC2 calls about where nodes are and who may reach them."""

    _calls: Calls

    async def subnets(self, scope: Scope, ids: Sequence[str]) -> tuple[Subnet, ...]:
        """Return the subnets that exist, in the order asked."""
        if not ids:
            return ()
        # A filter leaves missing subnets out; the SubnetIds parameter would refuse the whole call.
        asked = sorted(set(ids))
        found = await self.described_subnets(scope, asked)
        by_id = {one["SubnetId"]: translate.subnet(one) for one in found}
        return tuple(by_id[id] for id in ids if id in by_id)

    async def described_subnets(self, scope: Scope, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the subnets that exist as EC2 describes them."""
        wanted = [{"Name": "subnet-id", "Values": list(ids)}]
        return await self._calls.pages(scope, "ec2", "describe_subnets", "Subnets", Filters=wanted)

    async def default_vpc(self, scope: Scope) -> str:
        """Return the id of the Region's default VPC."""
        wanted = [{"Name": "is-default", "Values": ["true"]}]
        found = await self._calls.pages(scope, "ec2", "describe_vpcs", "Vpcs", Filters=wanted)
        if not found:
            raise NotFound(f"Region {scope.region} has no default VPC: name subnets of a VPC in the request.")
        return str(found[0]["VpcId"])

    async def ensure_security_group(
        self, scope: Scope, name: str, description: str, vpc_id: str, tags: dict[str, str]
    ) -> str:
        """Return the id of the group by that name in the VPC, making it if absent."""
        found = await self._security_group(scope, name, vpc_id)
        if found is not None:
            return found
        extra: dict[str, Any] = {}
        if tags:
            extra["TagSpecifications"] = [
                {"ResourceType": "security-group", "Tags": translate.tag_list(tags)}
            ]
        try:
            made = await self._calls.call(
                scope,
                "ec2",
                "create_security_group",
                GroupName=name,
                Description=description,
                VpcId=vpc_id,
                **extra,
            )
            return str(made["GroupId"])
        except Conflict:
            # Another worker made it between our look and our call.
            found = await self._security_group(scope, name, vpc_id)
            if found is None:
                raise
            return found

    async def allow_ingress(
        self, scope: Scope, group_id: str, port: int, source_groups: Sequence[str]
    ) -> None:
        """Open a TCP port to the groups, or to 0.0.0.0/0 when none is given."""
        sources: list[dict[str, Any]] = [{"UserIdGroupPairs": [{"GroupId": id}]} for id in source_groups]
        # One call a source: a single duplicate would refuse a whole batch.
        for source in sources or [{"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]:
            rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source}
            try:
                await self._calls.until_seen(lambda rule=rule: self._authorize(scope, group_id, rule))  # type: ignore[misc]
            except Conflict as error:
                if error.code != "InvalidPermission.Duplicate":
                    raise

    async def delete_security_group(self, scope: Scope, group_id: str) -> None:
        try:
            await self._calls.call(scope, "ec2", "delete_security_group", GroupId=group_id)
        except NotFound:
            return

    async def _authorize(self, scope: Scope, group_id: str, rule: dict[str, Any]) -> None:
        await self._calls.call(
            scope, "ec2", "authorize_security_group_ingress", GroupId=group_id, IpPermissions=[rule]
        )

    async def _security_group(self, scope: Scope, name: str, vpc_id: str) -> str | None:
        found = await self._calls.pages(
            scope,
            "ec2",
            "describe_security_groups",
            "SecurityGroups",
            Filters=[{"Name": "group-name", "Values": [name]}, {"Name": "vpc-id", "Values": [vpc_id]}],
        )
        return str(found[0]["GroupId"]) if found else None
