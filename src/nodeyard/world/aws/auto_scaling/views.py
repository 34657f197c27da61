"""Groups, instances, hooks and activities as Auto Scaling describes them. Pure."""

from __future__ import annotations

from typing import Any

from nodeyard.world.aws.auto_scaling.records import Activity, Group, Hook, Member
from nodeyard.world.aws.auto_scaling.state import GroupState

Shape = dict[str, Any]

_SHOWN = (
    "LaunchTemplate",
    "MixedInstancesPolicy",
    "MinSize",
    "MaxSize",
    "DesiredCapacity",
    "DefaultCooldown",
    "TargetGroupARNs",
    "HealthCheckType",
    "HealthCheckGracePeriod",
    "PlacementGroup",
    "VPCZoneIdentifier",
    "TerminationPolicies",
    "NewInstancesProtectedFromScaleIn",
    "MaxInstanceLifetime",
    "CapacityRebalance",
    "ServiceLinkedRoleARN",
    "Context",
    "DesiredCapacityType",
    "DefaultInstanceWarmup",
)


def group(state: GroupState) -> Shape:
    """Return a group with its instances."""
    found = state.group
    shown = {name: found.settings[name] for name in _SHOWN if found.settings.get(name) is not None}
    return shown | {
        "AutoScalingGroupName": found.name,
        "AutoScalingGroupARN": found.arn,
        "AvailabilityZones": list(dict.fromkeys(found.zones.values())),
        "LoadBalancerNames": found.settings.get("LoadBalancerNames") or [],
        "TargetGroupARNs": found.settings.get("TargetGroupARNs") or [],
        "Instances": [instance(each) for each in state.members.values() if not each.pooled],
        "WarmPoolConfiguration": found.warm_pool,
        "WarmPoolSize": None
        if found.warm_pool is None
        else sum(1 for each in state.members.values() if each.pooled),
        "CreatedTime": found.created_at,
        "SuspendedProcesses": [
            {"ProcessName": name, "SuspensionReason": reason} for name, reason in found.suspended.items()
        ],
        "EnabledMetrics": [{"Metric": each, "Granularity": "1Minute"} for each in found.metrics],
        "Status": found.status,
        "Tags": tags(found),
        "TrafficSources": [],
    }


def tags(found: Group) -> list[Shape]:
    return [
        {
            "ResourceId": found.name,
            "ResourceType": "auto-scaling-group",
            "Key": each.key,
            "Value": each.value,
            "PropagateAtLaunch": each.propagate,
        }
        for each in found.tags.values()
    ]


def instance(member: Member) -> Shape:
    """Return an instance as a group lists it."""
    shown: Shape = {
        "InstanceId": member.id,
        "InstanceType": member.instance_type,
        "AvailabilityZone": member.zone,
        "LifecycleState": member.state,
        "HealthStatus": "Healthy" if member.healthy else "Unhealthy",
        "ProtectedFromScaleIn": member.protected,
    }
    if member.template is not None:
        shown["LaunchTemplate"] = {
            "LaunchTemplateId": member.template.id,
            "LaunchTemplateName": member.template.name,
            "Version": member.template.version,
        }
    return shown


def hook(found: Group, one: Hook) -> Shape:
    return {
        "LifecycleHookName": one.name,
        "AutoScalingGroupName": found.name,
        "LifecycleTransition": one.transition,
        "HeartbeatTimeout": one.heartbeat_s,
        "GlobalTimeout": min(172_800, 100 * one.heartbeat_s),
        "DefaultResult": one.default_result,
        **one.notification,
    }


def activity(found: Group, one: Activity) -> Shape:
    return {
        "ActivityId": one.id,
        "AutoScalingGroupName": found.name,
        "AutoScalingGroupARN": found.arn,
        "Description": one.description,
        "Cause": one.cause,
        "StartTime": one.start,
        "EndTime": one.end,
        "StatusCode": one.status,
        "StatusMessage": one.message or None,
        "Progress": one.progress,
        "Details": one.details,
    }
