"""`ports.Compute` on accounts in memory and the embedded Auto Scaling engine.

Does what the AWS driver does, and raises what it raises: refusals carry the codes of AWS and go
through the driver's own table. The contract tests of Compute run against both.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from nodeyard import catalog
from nodeyard.model.scope import Scope
from nodeyard.ports import (
    Activity,
    AutoScalingGroup,
    Conflict,
    Findings,
    GroupRequest,
    Needs,
    NotFound,
    Role,
    Subnet,
    TemplateRequest,
    TemplateVersion,
    WarmPoolSettings,
)
from nodeyard.translation import aws, aws_errors, group_request
from nodeyard.world.aws.auto_scaling import AutoScaling, views
from nodeyard.world.aws.auto_scaling.errors import Refused as GroupRefused
from nodeyard.world.aws.auto_scaling.state import GroupState
from nodeyard.world.aws.fleet import TemplateChoice
from nodeyard.world.aws.memory import inspection
from nodeyard.world.aws.memory.account import Accounts, Profile, Refused, Region, SecurityGroup
from nodeyard.world.aws.memory.capacity_blocks import CapacityBlocks
from nodeyard.world.aws.memory.shown import ShownInstances

ACTIVITIES_MAX = 100


@contextmanager
def _translated(operation: str) -> Iterator[None]:
    """Let refusals leave as port errors."""
    try:
        yield
    except (Refused, GroupRefused) as refused:
        raise aws_errors.of_code(refused.code, refused.message, operation) from refused


class MemoryCompute(CapacityBlocks):
    """See `ports.Compute`. Every call gives others one turn on the loop, as a call over the wire would."""

    def __init__(self, accounts: Accounts, groups: AutoScaling) -> None:
        self._accounts = accounts
        self._groups = groups
        self._instances = ShownInstances()
        """Group -> its instances as last shown, each with the record it was made from."""
        self._groups_shown: dict[tuple[Scope, str], tuple[GroupState, int, AutoScalingGroup]] = {}
        """Group -> what it was last shown as, with the state and the revision that this was made from."""

    async def _region(self, scope: Scope) -> Region:
        await asyncio.sleep(0)
        return self._accounts.region(scope)

    # --- networks ---

    async def subnets(self, scope: Scope, ids: Sequence[str]) -> tuple[Subnet, ...]:
        held = (await self._region(scope)).subnets
        return tuple(inspection.subnet(held[id]) for id in ids if id in held)

    async def inspect(self, scope: Scope, needs: Needs) -> Findings:
        return inspection.look(await self._region(scope), needs)

    async def adopt(self, scope: Scope, subnets: Sequence[str], role_arn: str | None) -> None:
        """Do nothing: whoever made the account made all that there is."""

    async def default_vpc(self, scope: Scope) -> str:
        vpc = (await self._region(scope)).vpc_id
        if vpc is None:
            raise NotFound(f"Region {scope.region} has no default VPC: name subnets of a VPC in the request.")
        return vpc

    async def ensure_security_group(
        self, scope: Scope, name: str, description: str, vpc_id: str, tags: dict[str, str]
    ) -> str:
        region = await self._region(scope)
        for held in region.security_groups.values():
            if (held.name, held.vpc_id) == (name, vpc_id):
                return held.id
        with _translated("CreateSecurityGroup"):
            if vpc_id not in {region.vpc_id, *(each.vpc_id for each in region.subnets.values())}:
                raise Refused("InvalidVpcID.NotFound", f"VpcID {vpc_id} does not exist.")
        made = SecurityGroup(region.new_id("sg"), name, vpc_id)
        region.security_groups[made.id] = made
        return made.id

    async def allow_ingress(
        self, scope: Scope, group_id: str, port: int, source_groups: Sequence[str]
    ) -> None:
        region = await self._region(scope)
        with _translated("AuthorizeSecurityGroupIngress"):
            for each in (group_id, *source_groups):
                if each not in region.security_groups:
                    raise Refused("InvalidGroup.NotFound", f"The security group '{each}' does not exist")
        held = region.security_groups[group_id]
        held.ingress.update((port, source) for source in source_groups or ("0.0.0.0/0",))

    async def delete_security_group(self, scope: Scope, group_id: str) -> None:
        region = await self._region(scope)
        if group_id not in region.security_groups:
            return
        named = any(
            source == group_id
            for other in region.security_groups.values()
            if other.id != group_id
            for _, source in other.ingress
        )
        with _translated("DeleteSecurityGroup"):
            if named or region.groups_in_use[group_id] > 0:
                raise Refused("DependencyViolation", f"resource {group_id} has a dependent object")
        del region.security_groups[group_id]

    # --- identities ---

    async def role(self, scope: Scope, arn: str) -> Role | None:
        return (await self._region(scope)).roles.get(arn)

    async def ensure_instance_profile(
        self, scope: Scope, name: str, role_arn: str, tags: dict[str, str]
    ) -> str:
        region = await self._region(scope)
        arn = f"arn:{scope.partition}:iam::{scope.account}:instance-profile/{name}"
        profile = region.profiles.setdefault(name, Profile(arn))
        role = role_arn.rsplit("/", 1)[-1]
        with _translated("AddRoleToInstanceProfile"):
            if not any(each.name == role for each in region.roles.values()):
                raise Refused("NoSuchEntity", f"The role with name {role} cannot be found.")
        profile.role = role
        return profile.arn

    async def delete_instance_profile(self, scope: Scope, name: str) -> None:
        (await self._region(scope)).profiles.pop(name, None)

    # --- templates and images ---

    async def template(
        self, scope: Scope, *, id: str | None, name: str | None, version: str | None
    ) -> TemplateVersion | None:
        region = await self._region(scope)
        found = region.template(TemplateChoice(id or "", name or "", version or ""))
        if found is None:
            return None
        template, number = found
        data, _ = template.versions[number - 1]
        return TemplateVersion(template.id, template.name, str(number), dict(data))

    async def offered_types(self, scope: Scope, types: Sequence[str]) -> frozenset[str]:
        region = await self._region(scope)
        return frozenset(each for each in types if region.offers(each))

    async def image_of_release(self, scope: Scope, parameter: str) -> str | None:
        await self._region(scope)
        return catalog.default().ssm_parameters(scope.region).get(parameter)

    async def ensure_template(self, scope: Scope, request: TemplateRequest) -> tuple[str, str]:
        region = await self._region(scope)
        found = region.template_named(request.name)
        if found is None:
            found = region.add_template(request.name, request.data, request.token)
        return found.id, str(found.default)

    async def add_template_version(
        self, scope: Scope, template_id: str, data: dict[str, Any], token: str
    ) -> str:
        held = (await self._region(scope)).templates.get(template_id)
        with _translated("CreateLaunchTemplateVersion"):
            if held is None:
                raise Refused(
                    "InvalidLaunchTemplateId.NotFound",
                    f"The specified launch template, with template ID {template_id}, does not exist.",
                )
        for number, (_, made_by) in enumerate(held.versions, 1):
            if made_by == token:
                return str(number)
        held.versions.append((data, token))
        return str(len(held.versions))

    async def delete_template(self, scope: Scope, name: str) -> None:
        region = await self._region(scope)
        found = region.template_named(name)
        if found is not None:
            del region.templates[found.id]

    # --- groups ---

    async def ensure_group(self, scope: Scope, request: GroupRequest) -> None:
        await self._region(scope)
        state = self._state(scope, request.name)
        if state is None:
            try:
                await self._ask(scope, "CreateAutoScalingGroup", group_request.creation(request))
            except Conflict:
                state = self._state(scope, request.name)
                if state is None or state.group.status:
                    raise
        elif state.group.status:
            raise Conflict(
                f"Auto Scaling group {request.name} is still there from before: {state.group.status}. "
                "Wait until it is gone."
            )
        named = {"AutoScalingGroupName": request.name}
        state = self._state(scope, request.name)
        for hook in group_request.hooks(request.hook_heartbeat_s):
            if state is not None and hook["LifecycleHookName"] not in state.group.hooks:
                await self._ask(scope, "PutLifecycleHook", {**named, **hook})
        metrics = {**named, "Granularity": group_request.METRICS_GRANULARITY}
        await self._ask(scope, "EnableMetricsCollection", metrics)

    async def group(self, scope: Scope, name: str) -> AutoScalingGroup | None:
        await self._region(scope)
        return self.group_now(scope, name)

    def group_now(self, scope: Scope, name: str) -> AutoScalingGroup | None:
        """Return a group as `group` does, without a turn of the loop."""
        state = self._state(scope, name)
        if state is None:
            return None
        before = self._groups_shown.get((scope, name))
        if before is not None and before[0] is state and before[1] == state.revision:
            return before[2]
        shown = self._show(scope, state)
        self._groups_shown[scope, name] = state, state.revision, shown
        return shown

    def _show(self, scope: Scope, state: GroupState) -> AutoScalingGroup:
        group, template = state.group, state.group.template
        return AutoScalingGroup(
            name=group.name,
            minimum=group.minimum,
            maximum=group.maximum,
            desired=group.desired,
            zones=tuple(dict.fromkeys(group.zones.values())),
            launch_template_id=template.id,
            launch_template_version=template.version,
            status=group.status,
            suspended_processes=tuple(group.suspended),
            hooks=tuple(sorted(group.hooks)),
            subnets=tuple(group.zones),
            **self._instances.of(scope, state),
        )

    async def resize_group(
        self, scope: Scope, name: str, *, minimum: int, maximum: int, desired: int
    ) -> None:
        sizes = {"MinSize": minimum, "MaxSize": maximum, "DesiredCapacity": desired}
        await self._ask(scope, "UpdateAutoScalingGroup", {"AutoScalingGroupName": name, **sizes})

    async def set_warm_pool(self, scope: Scope, name: str, pool: WarmPoolSettings | None) -> None:
        named: dict[str, Any] = {"AutoScalingGroupName": name}
        if pool is not None:
            await self._ask(scope, "PutWarmPool", named | group_request.warm_pool(pool))
            return
        try:
            await self._ask(scope, "DeleteWarmPool", named | {"ForceDelete": True})
        except NotFound:
            return

    async def suspend_process(self, scope: Scope, name: str, process: str, *, suspended: bool) -> None:
        operation = "SuspendProcesses" if suspended else "ResumeProcesses"
        await self._ask(scope, operation, {"AutoScalingGroupName": name, "ScalingProcesses": [process]})

    async def set_group_template_version(
        self, scope: Scope, name: str, template_id: str, version: str
    ) -> None:
        await self._region(scope)
        state = self._state(scope, name)
        if state is None:
            raise NotFound(f"Auto Scaling group {name} does not exist in {scope.region}.")
        used = state.group.template
        if (used.id, used.version) == (template_id, version):
            return
        change = group_request.with_template(views.group(state), template_id, version)
        await self._ask(scope, "UpdateAutoScalingGroup", {"AutoScalingGroupName": name, **change})

    async def activities(self, scope: Scope, name: str) -> tuple[Activity, ...]:
        await self._region(scope)
        state = self._state(scope, name)
        if state is None:
            return ()
        newest = itertools.islice(state.newest_activities(None), ACTIVITIES_MAX)
        found = [aws.activity(views.activity(state.group, each)) for each in newest]
        return tuple(sorted(found, key=lambda each: each.start, reverse=True))

    async def complete_hook(
        self, scope: Scope, group: str, hook: str, instance_id: str, *, result: str
    ) -> None:
        asked = {
            "AutoScalingGroupName": group,
            "LifecycleHookName": hook,
            "InstanceId": instance_id,
            "LifecycleActionResult": result,
        }
        try:
            await self._ask(scope, "CompleteLifecycleAction", asked)
        except NotFound:
            return

    async def interruptions(self, scope: Scope, ids: Sequence[str]) -> dict[str, datetime]:
        await asyncio.sleep(0)
        noticed = self._groups.noticed(scope.account, scope.region)
        return {id: at for id, at in noticed.items() if id in ids}

    async def shifted_zones(self, scope: Scope, cluster_arn: str) -> tuple[str, ...]:
        return tuple(sorted((await self._region(scope)).shifts.get(cluster_arn, ())))

    async def terminate_instance(self, scope: Scope, instance_id: str, *, decrement: bool = False) -> None:
        asked = {"InstanceId": instance_id, "ShouldDecrementDesiredCapacity": decrement}
        try:
            await self._ask(scope, "TerminateInstanceInAutoScalingGroup", asked)
        except NotFound:
            return

    async def reboot_instance(self, scope: Scope, instance_id: str) -> None:
        await asyncio.sleep(0)
        await self._groups.instances.reboot(scope.account, scope.region, [instance_id])

    async def delete_group(self, scope: Scope, name: str) -> None:
        await self._region(scope)
        if (state := self._state(scope, name)) is None:
            return
        if left := len(state.members):
            raise Conflict(
                f"Auto Scaling group {name} still has {left} instance{'s' if left > 1 else ''}; "
                "it can be deleted once they are terminated."
            )
        if state.group.status:
            raise Conflict(f"Auto Scaling group {name} is not gone yet: {state.group.status}.")
        await self._ask(scope, "DeleteAutoScalingGroup", {"AutoScalingGroupName": name, "ForceDelete": False})

    async def _ask(self, scope: Scope, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(0)
        with _translated(operation):
            return await self._groups.ask(scope.account, scope.region, operation, parameters)

    def _state(self, scope: Scope, name: str) -> GroupState | None:
        return self._groups.state(scope.account, scope.region, name)
