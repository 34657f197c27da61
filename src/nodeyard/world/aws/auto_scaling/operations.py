"""Every operation of the embedded Auto Scaling by its name in the service model.

They change records and wake the engine; the engine does the rest.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from nodeyard.world.aws.auto_scaling import (
    groups,
    hooks,
    members,
    processes,
    scheduled_calls,
    tags,
    warm_pool_calls,
)
from nodeyard.world.aws.auto_scaling.calls import Call
from nodeyard.world.aws.auto_scaling.errors import Refused

OPERATIONS: dict[str, Callable[[Call], dict[str, Any] | Awaitable[dict[str, Any]]]] = {
    "CreateAutoScalingGroup": groups.create_group,
    "DescribeAutoScalingGroups": groups.describe_groups,
    "UpdateAutoScalingGroup": groups.update_group,
    "DeleteAutoScalingGroup": groups.delete_group,
    "SetDesiredCapacity": groups.set_desired,
    "DescribeAutoScalingInstances": members.describe_instances,
    "DescribeScalingActivities": members.describe_activities,
    "TerminateInstanceInAutoScalingGroup": members.terminate_instance,
    "SetInstanceProtection": members.set_protection,
    "SetInstanceHealth": members.set_health,
    "EnterStandby": members.enter_standby,
    "ExitStandby": members.exit_standby,
    "DetachInstances": members.detach,
    "PutLifecycleHook": hooks.put_hook,
    "DescribeLifecycleHooks": hooks.describe_hooks,
    "DeleteLifecycleHook": hooks.delete_hook,
    "CompleteLifecycleAction": hooks.complete_action,
    "RecordLifecycleActionHeartbeat": hooks.heartbeat,
    "SuspendProcesses": processes.suspend,
    "ResumeProcesses": processes.resume,
    "EnableMetricsCollection": processes.enable_metrics,
    "DisableMetricsCollection": processes.disable_metrics,
    "CreateOrUpdateTags": tags.put_tags,
    "DeleteTags": tags.delete_tags,
    "DescribeTags": tags.describe_tags,
    "DescribeScalingProcessTypes": lambda call: {
        "Processes": [{"ProcessName": each} for each in processes.PROCESSES]
    },
    "DescribeMetricCollectionTypes": lambda call: {
        "Metrics": [{"Metric": each} for each in processes.METRICS],
        "Granularities": [{"Granularity": "1Minute"}],
    },
    "DescribeLifecycleHookTypes": lambda call: {
        "LifecycleHookTypes": ["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"]
    },
    "DescribeTerminationPolicyTypes": lambda call: {
        "TerminationPolicyTypes": [
            "Default",
            "OldestInstance",
            "NewestInstance",
            "OldestLaunchTemplate",
            "AllocationStrategy",
        ]
    },
    "DescribeAccountLimits": lambda call: {
        "MaxNumberOfAutoScalingGroups": 500,
        "NumberOfAutoScalingGroups": len(call.groups()),
    },
    "DescribePolicies": lambda call: {"ScalingPolicies": []},
    "PutScheduledUpdateGroupAction": scheduled_calls.put,
    "DescribeScheduledActions": scheduled_calls.describe,
    "DeleteScheduledAction": scheduled_calls.delete,
    "PutWarmPool": warm_pool_calls.put,
    "DescribeWarmPool": warm_pool_calls.describe,
    "DeleteWarmPool": warm_pool_calls.delete,
    "DescribeLaunchConfigurations": lambda call: {"LaunchConfigurations": []},
    "DescribeInstanceRefreshes": lambda call: {"InstanceRefreshes": []},
    "DescribeNotificationConfigurations": lambda call: {"NotificationConfigurations": []},
}


async def run(operation: str, call: Call) -> dict[str, Any]:
    """Run one operation. Raises: Refused."""
    work = OPERATIONS.get(operation)
    if work is None:
        raise Refused(
            "UnsupportedOperation",
            f"The embedded Auto Scaling does not have {operation}; groups, instances, lifecycle hooks, "
            "processes, scheduled actions, warm pools, metrics and tags are there.",
        )
    answer = work(call)
    return await answer if inspect.isawaitable(answer) else answer
