"""Records out as the members of the service model. Pure; `query` leaves out what the model does not know."""

from __future__ import annotations

from typing import Any

from nodeyard.world.aws.autoscaling.records import Activity, Group, Hook, Member, Tag
from nodeyard.world.aws.autoscaling.state import GroupState
from nodeyard.world.aws.fleet import TemplateChoice

GROUP_METRICS = (
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupInServiceCapacity",
    "GroupPendingCapacity",
    "GroupStandbyCapacity",
    "GroupTerminatingCapacity",
    "GroupTotalCapacity",
    "GroupTotalInstances",
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
    "WarmPoolDesiredCapacity",
    "WarmPoolMinSize",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity",
    "WarmPoolWarmedCapacity",
)


def group(state: GroupState, *, instances: bool = True) -> dict[str, Any]:
    """Return a group as DescribeAutoScalingGroups shows it."""
    found = state.group
    shown: dict[str, Any] = {
        "LoadBalancerNames": [],
        "TargetGroupARNs": [],
        "TrafficSources": [],
        **found.settings,
        "AutoScalingGroupName": found.name,
        "AutoScalingGroupARN": found.arn,
        "AvailabilityZones": sorted(set(found.zones.values())),
        "VPCZoneIdentifier": ",".join(found.zones),
        "CreatedTime": found.created_at,
        "Status": found.status,
        "SuspendedProcesses": [
            {"ProcessName": name, "SuspensionReason": reason} for name, reason in found.suspended.items()
        ],
        "EnabledMetrics": [{"Metric": name, "Granularity": "1Minute"} for name in found.metrics],
        "Tags": [tag(found, one) for one in found.tags.values()],
        "Instances": [],
    }
    if found.policy:
        shown["MixedInstancesPolicy"] = _policy(found.policy)
    if instances:
        shown["Instances"] = [instance(one) for one in state.members.values()]
    return shown


def instance(member: Member) -> dict[str, Any]:
    """Return an instance as groups list it."""
    return {
        "InstanceId": member.id,
        "InstanceType": member.instance_type,
        "AvailabilityZone": member.zone,
        "LifecycleState": member.state,
        "HealthStatus": "Healthy" if member.healthy else "Unhealthy",
        "LaunchTemplate": template(member.template),
        "ProtectedFromScaleIn": member.protected,
    }


def instance_details(found: Group, member: Member) -> dict[str, Any]:
    """Return an instance as DescribeAutoScalingInstances shows it."""
    return {
        **instance(member),
        "AutoScalingGroupName": found.name,
        "HealthStatus": "HEALTHY" if member.healthy else "UNHEALTHY",
    }


def template(used: TemplateChoice | None) -> dict[str, str] | None:
    if used is None:
        return None
    return {"LaunchTemplateId": used.id, "LaunchTemplateName": used.name, "Version": used.version}


def activity(found: Group, one: Activity) -> dict[str, Any]:
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


def tag(found: Group, one: Tag) -> dict[str, Any]:
    return {
        "ResourceId": found.name,
        "ResourceType": "auto-scaling-group",
        "Key": one.key,
        "Value": one.value,
        "PropagateAtLaunch": one.propagate,
    }


def hook(found: Group, one: Hook) -> dict[str, Any]:
    return {
        "LifecycleHookName": one.name,
        "AutoScalingGroupName": found.name,
        "LifecycleTransition": one.transition,
        "HeartbeatTimeout": one.heartbeat_s,
        "GlobalTimeout": min(172_800, 100 * one.heartbeat_s),
        "DefaultResult": one.default_result,
        **one.notification,
    }


def _policy(policy: dict[str, Any]) -> dict[str, Any]:
    distribution = dict(policy.get("InstancesDistribution") or {})
    distribution.setdefault("OnDemandAllocationStrategy", "prioritized")
    distribution.setdefault("OnDemandBaseCapacity", 0)
    distribution.setdefault("OnDemandPercentageAboveBaseCapacity", 100)
    distribution.setdefault("SpotAllocationStrategy", "lowest-price")
    if distribution["SpotAllocationStrategy"] == "lowest-price":
        distribution.setdefault("SpotInstancePools", 2)
    return {**policy, "InstancesDistribution": distribution}
