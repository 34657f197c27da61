"""Auto Scaling groups, for `AwsCompute`: made, read, resized, emptied and deleted here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from nodeyard.drivers.aws.calls import Calls
from nodeyard.drivers.aws.describing import Describing
from nodeyard.model.scope import Scope
from nodeyard.ports import Activity, AutoScalingGroup, Conflict, GroupRequest, NotFound, WarmPoolSettings
from nodeyard.translation import aws as translate
from nodeyard.translation import group_request

ACTIVITIES_MAX = 100
FILTER_VALUES_MAX = 200
"""Source: EC2 API reference, limits of filters."""
NOTICED = "marked-for-termination"


class Groups:
    """The Auto Scaling calls."""

    _calls: Calls
    _describing: Describing

    async def ensure_group(self, scope: Scope, request: GroupRequest) -> None:
        """Make the Auto Scaling group, its two hooks and metrics; repeat until all are there."""
        found = await self._described(scope, request.name)
        if found is None:
            await self._calls.until_seen(lambda: self._create(scope, request))
        elif found.get("Status"):
            raise Conflict(
                f"Auto Scaling group {request.name} is still there from before: {found['Status']}. "
                "Wait until it is gone."
            )
        have = {one["LifecycleHookName"] for one in await self._describing.hooks(scope, request.name)}
        for hook in group_request.hooks(request.hook_heartbeat_s):
            if hook["LifecycleHookName"] not in have:
                await self._autoscaling(
                    scope, "put_lifecycle_hook", AutoScalingGroupName=request.name, **hook
                )
        self._describing.forget(scope, request.name)
        await self._autoscaling(
            scope,
            "enable_metrics_collection",
            AutoScalingGroupName=request.name,
            Granularity=group_request.METRICS_GRANULARITY,
        )

    async def group(self, scope: Scope, name: str) -> AutoScalingGroup | None:
        found = await self._described(scope, name)
        if found is None:
            return None
        try:
            hooks = await self._describing.hooks(scope, name, held=True)
        except NotFound:
            return None  # gone between the two calls
        if not found.get("WarmPoolConfiguration"):
            return translate.group(found, hooks)
        try:
            warm = await self._calls.pages(
                scope, "autoscaling", "describe_warm_pool", "Instances", AutoScalingGroupName=name
            )
        except NotFound:
            return None
        return translate.group(found, hooks, warm)

    async def resize_group(
        self, scope: Scope, name: str, *, minimum: int, maximum: int, desired: int
    ) -> None:
        await self._autoscaling(
            scope,
            "update_auto_scaling_group",
            AutoScalingGroupName=name,
            MinSize=minimum,
            MaxSize=maximum,
            DesiredCapacity=desired,
        )

    async def set_warm_pool(self, scope: Scope, name: str, pool: WarmPoolSettings | None) -> None:
        """Give the group this warm pool; None: delete it with its instances. No pool to delete: success."""
        if pool is not None:
            asked = group_request.warm_pool(pool)
            await self._autoscaling(scope, "put_warm_pool", AutoScalingGroupName=name, **asked)
            return
        try:
            await self._autoscaling(scope, "delete_warm_pool", AutoScalingGroupName=name, ForceDelete=True)
        except NotFound:
            return

    async def suspend_process(self, scope: Scope, name: str, process: str, *, suspended: bool) -> None:
        operation = "suspend_processes" if suspended else "resume_processes"
        await self._autoscaling(scope, operation, AutoScalingGroupName=name, ScalingProcesses=[process])

    async def set_group_template_version(
        self, scope: Scope, name: str, template_id: str, version: str
    ) -> None:
        found = await self._described(scope, name)
        if found is None:
            raise NotFound(f"Auto Scaling group {name} does not exist in {scope.region}.")
        used = translate.template_of_group(found)
        if used.get("LaunchTemplateId") == template_id and used.get("Version") == version:
            return
        change = group_request.with_template(found, template_id, version)
        await self._calls.until_seen(
            lambda: self._autoscaling(scope, "update_auto_scaling_group", AutoScalingGroupName=name, **change)
        )

    async def activities(self, scope: Scope, name: str) -> tuple[Activity, ...]:
        """Return the newest scaling activities first, 100 at most."""
        try:
            found = await self._autoscaling(
                scope,
                "describe_scaling_activities",
                AutoScalingGroupName=name,
                MaxRecords=ACTIVITIES_MAX,
            )
        except NotFound:
            return ()
        activities = [translate.activity(one) for one in found.get("Activities") or ()]
        return tuple(sorted(activities, key=lambda one: one.start, reverse=True))

    async def complete_hook(
        self, scope: Scope, group: str, hook: str, instance_id: str, *, result: str
    ) -> None:
        """Complete a lifecycle action; no action pending is success."""
        try:
            await self._autoscaling(
                scope,
                "complete_lifecycle_action",
                AutoScalingGroupName=group,
                LifecycleHookName=hook,
                InstanceId=instance_id,
                LifecycleActionResult=result,
            )
        except NotFound:
            return

    async def interruptions(self, scope: Scope, ids: Sequence[str]) -> dict[str, datetime]:
        """Return Spot instance -> when EC2 gave its two-minute notice.

        Source: EC2 User Guide, Spot Instance request status: marked-for-termination.
        """
        noticed: dict[str, datetime] = {}
        for start in range(0, len(ids), FILTER_VALUES_MAX):
            filters = [
                {"Name": "instance-id", "Values": list(ids[start : start + FILTER_VALUES_MAX])},
                {"Name": "status-code", "Values": [NOTICED]},
            ]
            found = await self._calls.pages(
                scope, "ec2", "describe_spot_instance_requests", "SpotInstanceRequests", Filters=filters
            )
            noticed |= {one["InstanceId"]: one["Status"]["UpdateTime"] for one in found}
        return noticed

    async def terminate_instance(self, scope: Scope, instance_id: str, *, decrement: bool = False) -> None:
        """Terminate through Auto Scaling; `decrement` lowers the desired capacity by one with it."""
        try:
            await self._autoscaling(
                scope,
                "terminate_instance_in_auto_scaling_group",
                InstanceId=instance_id,
                ShouldDecrementDesiredCapacity=decrement,
            )
        except NotFound:
            return

    async def reboot_instance(self, scope: Scope, instance_id: str) -> None:
        """Reboot through EC2; an instance that is gone is success."""
        try:
            await self._calls.call(scope, "ec2", "reboot_instances", InstanceIds=[instance_id])
        except NotFound:
            return

    async def delete_group(self, scope: Scope, name: str) -> None:
        """Delete the group once it has no instances; `Conflict` while it still has."""
        found = await self._described(scope, name)
        if found is None:
            return
        left = len(found.get("Instances") or ())
        if left:
            raise Conflict(
                f"Auto Scaling group {name} still has {left} instance{'s' if left > 1 else ''}; "
                "it can be deleted once they are terminated."
            )
        if found.get("Status"):
            raise Conflict(f"Auto Scaling group {name} is not gone yet: {found['Status']}.")
        try:
            await self._autoscaling(
                scope, "delete_auto_scaling_group", AutoScalingGroupName=name, ForceDelete=False
            )
        except NotFound:
            return

    async def _create(self, scope: Scope, request: GroupRequest) -> None:
        try:
            await self._autoscaling(scope, "create_auto_scaling_group", **group_request.creation(request))
        except Conflict as error:
            # Another worker made it meanwhile; a group on its way out is a conflict to wait for.
            found = await self._described(scope, request.name)
            if found is None or found.get("Status"):
                raise error

    async def _described(self, scope: Scope, name: str) -> dict[str, Any] | None:
        return await self._describing.group(scope, name)

    async def _autoscaling(self, scope: Scope, operation: str, **parameters: Any) -> dict[str, Any]:
        return await self._calls.call(scope, "autoscaling", operation, **parameters)
