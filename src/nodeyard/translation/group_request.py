"""The Auto Scaling group as EKS makes it, spelled for the Auto Scaling API."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from nodeyard.ports import LAUNCH_HOOK, TERMINATE_HOOK, GroupRequest, WarmPoolSettings

HEALTH_CHECK_GRACE_S = 15
COOLDOWN_S = 300
TERMINATION_POLICIES = ("AllocationStrategy", "OldestLaunchTemplate", "OldestInstance")
METRICS_GRANULARITY = "1Minute"
NO_CEILING = -1


def creation(request: GroupRequest) -> dict[str, Any]:
    """Return the parameters of CreateAutoScalingGroup. Source: reference, objects created.

    The hooks are part of the same call, so that not even the first instance slips past them.
    """
    return {
        "AutoScalingGroupName": request.name,
        **launching(request),
        "MinSize": request.minimum,
        "MaxSize": request.maximum,
        "DesiredCapacity": request.desired,
        "VPCZoneIdentifier": ",".join(request.subnets),
        "CapacityRebalance": True,
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": HEALTH_CHECK_GRACE_S,
        "DefaultCooldown": COOLDOWN_S,
        "TerminationPolicies": list(TERMINATION_POLICIES),
        "NewInstancesProtectedFromScaleIn": False,
        "LifecycleHookSpecificationList": hooks(request.hook_heartbeat_s),
        "Tags": tags(request),
    }


def launching(request: GroupRequest) -> dict[str, Any]:
    """Return what instances are launched from: a mixed instances policy; for a Capacity Block a template.

    Source: EC2 Auto Scaling User Guide, Capacity Blocks: mixed instances groups cannot use them.
    """
    if request.capacity_block:
        return {"LaunchTemplate": _specification(request)}
    return {"MixedInstancesPolicy": _mixed_instances(request)}


def _specification(request: GroupRequest) -> dict[str, str]:
    return {"LaunchTemplateId": request.launch_template_id, "Version": request.launch_template_version}


def _mixed_instances(request: GroupRequest) -> dict[str, Any]:
    """Return the policy: an explicit template version, one override per instance type."""
    spot = request.spot_allocation is not None
    template: dict[str, Any] = {"LaunchTemplateSpecification": _specification(request)}
    if request.instance_types:
        template["Overrides"] = [{"InstanceType": one} for one in request.instance_types]
    distribution: dict[str, Any] = {
        "OnDemandAllocationStrategy": "prioritized",
        "OnDemandBaseCapacity": 0,
        "OnDemandPercentageAboveBaseCapacity": 0 if spot else 100,
    }
    if request.spot_allocation is not None:
        distribution["SpotAllocationStrategy"] = request.spot_allocation
    return {"LaunchTemplate": template, "InstancesDistribution": distribution}


def hooks(heartbeat_s: int) -> list[dict[str, Any]]:
    """Return the two lifecycle hooks of a managed group."""
    return [
        {
            "LifecycleHookName": name,
            "LifecycleTransition": f"autoscaling:{transition}",
            "HeartbeatTimeout": heartbeat_s,
            "DefaultResult": "CONTINUE",
        }
        for name, transition in (
            (LAUNCH_HOOK, "EC2_INSTANCE_LAUNCHING"),
            (TERMINATE_HOOK, "EC2_INSTANCE_TERMINATING"),
        )
    ]


def warm_pool(pool: WarmPoolSettings) -> dict[str, Any]:
    """Return the members of PutWarmPool, all of them: what is left out would keep its value.

    Source: EC2 Auto Scaling API reference, PutWarmPool: -1 takes the ceiling away.
    """
    return {
        "MinSize": pool.minimum,
        "MaxGroupPreparedCapacity": NO_CEILING if pool.ceiling is None else pool.ceiling,
        "PoolState": pool.state,
        "InstanceReusePolicy": {"ReuseOnScaleIn": pool.reuse},
    }


def tags(request: GroupRequest) -> list[dict[str, Any]]:
    return [
        {
            "ResourceId": request.name,
            "ResourceType": "auto-scaling-group",
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": True,
        }
        for key, value in sorted(request.tags.items())
    ]


def with_template(found: Mapping[str, Any], template_id: str, version: str) -> dict[str, Any]:
    """Return the update that moves a group, as described, to another template version.

    The policy is sent back whole: what Auto Scaling does with members left out of an update
    differs from member to member, and losing the overrides would change the instance types.
    """
    specification = {"LaunchTemplateId": template_id, "Version": version}
    policy = found.get("MixedInstancesPolicy")
    if not policy:
        return {"LaunchTemplate": specification}
    changed: dict[str, Any] = copy.deepcopy(dict(policy))
    changed.setdefault("LaunchTemplate", {})["LaunchTemplateSpecification"] = specification
    return {"MixedInstancesPolicy": changed}
