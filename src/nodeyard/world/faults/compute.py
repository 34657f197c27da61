"""`ports.Compute` with faults between the service and its world, the same for every world.

A fault for one node group must know whose call it is: names carry the group's uuid, and what was made or
asked for under a group's name is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from nodeyard.model.scope import Scope
from nodeyard.ports import (
    Activity,
    AutoScalingGroup,
    Compute,
    Conflict,
    Findings,
    GroupRequest,
    Needs,
    Role,
    Subnet,
    TemplateRequest,
    TemplateVersion,
    WarmPoolSettings,
)
from nodeyard.translation import aws_errors
from nodeyard.world.faults import refusals, scopes, sights
from nodeyard.world.faults.switches import Faults

_GROUP_NAME = re.compile(r"eks-(?P<group>.+)-(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_OWN_NAME = re.compile(r"eks-(?:remoteAccess-)?(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")

EC2, AUTO_SCALING, IAM = "ec2", "autoscaling", "iam"


class FaultyCompute:
    """See `ports.Compute`. Calls that belong to no node group, such as those of admission, always pass."""

    def __init__(self, inner: Compute, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults
        self._owners: dict[str, str] = {}
        """Uuid or Auto Scaling group of a group, or id of what it has -> its name."""
        self._found_again: set[str] = set()
        """Auto Scaling groups that a deletion found, although they count as deleted."""

    # --- whose call it is ---

    def _owner(self, name: str) -> str | None:
        """Return the node group that a name or an id belongs to."""
        known = self._owners.get(name)
        if known is not None:
            return known
        whole = _GROUP_NAME.fullmatch(name)
        if whole is not None:
            self._owners[whole["uuid"]] = self._owners[name] = whole["group"]
            return whole["group"]
        own = _OWN_NAME.fullmatch(name)
        return self._owners.get(own["uuid"] if own else name)

    def _learn(self, name: str, tags: dict[str, str]) -> str | None:
        group = tags.get(scopes.GROUP_TAG)
        own = _OWN_NAME.fullmatch(name)
        if group is not None and own is not None:
            self._owners[own["uuid"]] = group
        return group

    def _ask(self, group: str | None, *calls: tuple[str, str]) -> None:
        """Raise what AWS answers to the first of the calls that a fault has refused."""
        active = self._faults.active()
        for service, operation in calls if active else ():
            found = refusals.of_call(active, service, operation, group)
            if found is not None:
                refusal, _ = found
                raise aws_errors.of_code(refusal.code, refusal.message, operation, status=refusal.status)

    def _on(self, name: str, group: str | None) -> bool:
        return self._faults.on(name, group=group) is not None

    # --- looking ---

    async def subnets(self, scope: Scope, ids: Sequence[str]) -> tuple[Subnet, ...]:
        return await self._inner.subnets(scope, ids)

    async def inspect(self, scope: Scope, needs: Needs) -> Findings:
        group = needs.nodegroup
        for each in (*needs.security_groups, *(needs.template[:1] if needs.template else ())):
            self._owners[each] = group
        looks = (
            (EC2, "DescribeSubnets"),
            (IAM, "GetInstanceProfile"),
            (AUTO_SCALING, "DescribeInstanceRefreshes"),
        )
        self._ask(group, *looks)
        return sights.findings(self._faults.active(), group, await self._inner.inspect(scope, needs))

    async def default_vpc(self, scope: Scope) -> str:
        return await self._inner.default_vpc(scope)

    async def role(self, scope: Scope, arn: str) -> Role | None:
        return await self._inner.role(scope, arn)

    async def adopt(self, scope: Scope, subnets: Sequence[str], role_arn: str | None) -> None:
        await self._inner.adopt(scope, subnets, role_arn)

    async def template(
        self, scope: Scope, *, id: str | None, name: str | None, version: str | None
    ) -> TemplateVersion | None:
        group = self._owner(name or id or "")
        self._ask(group, (EC2, "DescribeLaunchTemplateVersions"))
        found = await self._inner.template(scope, id=id, name=name, version=version)
        if group is not None and found is not None:
            self._owners[found.id] = group
        return found

    async def offered_types(self, scope: Scope, types: Sequence[str]) -> frozenset[str]:
        return await self._inner.offered_types(scope, types)

    async def image_of_release(self, scope: Scope, parameter: str) -> str | None:
        return await self._inner.image_of_release(scope, parameter)

    # --- identities and security groups ---

    async def ensure_instance_profile(
        self, scope: Scope, name: str, role_arn: str, tags: dict[str, str]
    ) -> str:
        calls = ("GetInstanceProfile", "CreateInstanceProfile", "AddRoleToInstanceProfile")
        self._ask(self._learn(name, tags), *((IAM, each) for each in calls))
        return await self._inner.ensure_instance_profile(scope, name, role_arn, tags)

    async def delete_instance_profile(self, scope: Scope, name: str) -> None:
        self._ask(self._owner(name), (IAM, "DeleteInstanceProfile"))
        await self._inner.delete_instance_profile(scope, name)

    async def ensure_security_group(
        self, scope: Scope, name: str, description: str, vpc_id: str, tags: dict[str, str]
    ) -> str:
        group = self._learn(name, tags)
        self._ask(group, (EC2, "CreateSecurityGroup"))
        made = await self._inner.ensure_security_group(scope, name, description, vpc_id, tags)
        if group is not None:
            self._owners[made] = group
        return made

    async def allow_ingress(
        self, scope: Scope, group_id: str, port: int, source_groups: Sequence[str]
    ) -> None:
        self._ask(self._owner(group_id), (EC2, "AuthorizeSecurityGroupIngress"))
        await self._inner.allow_ingress(scope, group_id, port, source_groups)

    async def delete_security_group(self, scope: Scope, group_id: str) -> None:
        self._ask(self._owner(group_id), (EC2, "DeleteSecurityGroup"))
        await self._inner.delete_security_group(scope, group_id)

    # --- templates ---

    async def ensure_template(self, scope: Scope, request: TemplateRequest) -> tuple[str, str]:
        group = self._learn(request.name, request.tags)
        self._ask(group, (EC2, "DescribeLaunchTemplates"))
        if await self._inner.template(scope, id=None, name=request.name, version=None) is None:
            self._ask(group, (EC2, "CreateLaunchTemplate"))
        made = await self._inner.ensure_template(scope, request)
        if group is not None:
            self._owners[made[0]] = group
        return made

    async def add_template_version(
        self, scope: Scope, template_id: str, data: dict[str, Any], token: str
    ) -> str:
        self._ask(self._owner(template_id), (EC2, "CreateLaunchTemplateVersion"))
        return await self._inner.add_template_version(scope, template_id, data, token)

    async def delete_template(self, scope: Scope, name: str) -> None:
        group = self._owner(name)
        own = _OWN_NAME.fullmatch(name)
        if group is not None and own is not None and self._on("deleted-auto-scaling-group", group):
            hidden = f"eks-{group}-{own['uuid']}"
            if await self._inner.group(scope, hidden) is not None:
                # It only counts as deleted: nothing of it may be left behind.
                self._found_again.add(hidden)
                raise Conflict(f"Auto Scaling group {hidden} is there after all: it is deleted first.")
        self._ask(group, (EC2, "DeleteLaunchTemplate"))
        await self._inner.delete_template(scope, name)

    # --- Auto Scaling groups ---

    def _hidden(self, name: str) -> bool:
        return name not in self._found_again and self._on("deleted-auto-scaling-group", self._owner(name))

    async def ensure_group(self, scope: Scope, request: GroupRequest) -> None:
        group = self._owner(request.name)
        self._ask(group, (AUTO_SCALING, "DescribeAutoScalingGroups"))
        if await self._inner.group(scope, request.name) is None:
            limit = self._faults.on("quota-subnets", group=group)
            fits = limit is None or len(request.subnets) <= (limit.amount or 0)
            if not fits or not limit:
                self._ask(group, (AUTO_SCALING, "CreateAutoScalingGroup"))
        await self._inner.ensure_group(scope, request)

    async def group(self, scope: Scope, name: str) -> AutoScalingGroup | None:
        owner = self._owner(name)
        self._ask(owner, (AUTO_SCALING, "DescribeAutoScalingGroups"))
        found = await self._inner.group(scope, name)
        if found is None or self._hidden(name):
            return None
        return sights.auto_scaling_group(self._faults.active(), owner, found)

    async def resize_group(
        self, scope: Scope, name: str, *, minimum: int, maximum: int, desired: int
    ) -> None:
        self._ask(self._owner(name), (AUTO_SCALING, "UpdateAutoScalingGroup"))
        await self._inner.resize_group(scope, name, minimum=minimum, maximum=maximum, desired=desired)

    async def suspend_process(self, scope: Scope, name: str, process: str, *, suspended: bool) -> None:
        operation = "SuspendProcesses" if suspended else "ResumeProcesses"
        self._ask(self._owner(name), (AUTO_SCALING, operation))
        await self._inner.suspend_process(scope, name, process, suspended=suspended)

    async def set_group_template_version(
        self, scope: Scope, name: str, template_id: str, version: str
    ) -> None:
        self._ask(self._owner(name), (AUTO_SCALING, "UpdateAutoScalingGroup"))
        await self._inner.set_group_template_version(scope, name, template_id, version)

    async def activities(self, scope: Scope, name: str) -> tuple[Activity, ...]:
        self._ask(self._owner(name), (AUTO_SCALING, "DescribeScalingActivities"))
        return await self._inner.activities(scope, name)

    async def complete_hook(
        self, scope: Scope, group: str, hook: str, instance_id: str, *, result: str
    ) -> None:
        self._ask(self._owner(group), (AUTO_SCALING, "CompleteLifecycleAction"))
        await self._inner.complete_hook(scope, group, hook, instance_id, result=result)

    async def interruptions(self, scope: Scope, ids: Sequence[str]) -> dict[str, datetime]:
        return await self._inner.interruptions(scope, ids)

    async def shifted_zones(self, scope: Scope, cluster_arn: str) -> tuple[str, ...]:
        return await self._inner.shifted_zones(scope, cluster_arn)

    async def reservation_end(self, scope: Scope, reservation: str) -> datetime | None:
        return await self._inner.reservation_end(scope, reservation)

    async def schedule_sizes(
        self, scope: Scope, group: str, action: str, *, at: datetime, minimum: int, desired: int
    ) -> None:
        self._ask(self._owner(group), (AUTO_SCALING, "PutScheduledUpdateGroupAction"))
        await self._inner.schedule_sizes(scope, group, action, at=at, minimum=minimum, desired=desired)

    async def set_warm_pool(self, scope: Scope, name: str, pool: WarmPoolSettings | None) -> None:
        self._ask(self._owner(name), (AUTO_SCALING, "DeleteWarmPool" if pool is None else "PutWarmPool"))
        await self._inner.set_warm_pool(scope, name, pool)

    async def terminate_instance(self, scope: Scope, instance_id: str, *, decrement: bool = False) -> None:
        await self._inner.terminate_instance(scope, instance_id, decrement=decrement)

    async def reboot_instance(self, scope: Scope, instance_id: str) -> None:
        await self._inner.reboot_instance(scope, instance_id)

    async def delete_group(self, scope: Scope, name: str) -> None:
        self._ask(self._owner(name), (AUTO_SCALING, "DeleteAutoScalingGroup"))
        await self._inner.delete_group(scope, name)
