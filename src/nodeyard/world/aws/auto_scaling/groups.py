"""Auto Scaling groups made, described, changed and deleted; sentences are those of AWS."""

from __future__ import annotations

from typing import Any

from nodeyard.world.aws.auto_scaling import views
from nodeyard.world.aws.auto_scaling.calls import Call, Parameters, page, partition
from nodeyard.world.aws.auto_scaling.errors import Refused, invalid
from nodeyard.world.aws.auto_scaling.hooks import hook
from nodeyard.world.aws.auto_scaling.records import DELETING, Group, choice
from nodeyard.world.aws.auto_scaling.state import GroupState
from nodeyard.world.aws.auto_scaling.tags import tag


async def create_group(call: Call) -> dict[str, Any]:
    given = dict(call.parameters)
    name = given.pop("AutoScalingGroupName")
    key = (call.account, call.region, name)
    if key in call.engine.groups:
        raise Refused(
            "AlreadyExists",
            f"AutoScalingGroup by this name already exists - A group with the name {name} already exists",
        )
    hooks, tags = given.pop("LifecycleHookSpecificationList", []), given.pop("Tags", [])
    desired = given.get("DesiredCapacity")
    settings: Parameters = {
        "DefaultCooldown": 300,
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": 0,
        "TerminationPolicies": ["Default"],
        "NewInstancesProtectedFromScaleIn": False,
        "CapacityRebalance": False,
        "ServiceLinkedRoleARN": (
            f"arn:{partition(call.region)}:iam::{call.account}:role/aws-service-role/"
            "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
        ),
        **given,
        "DesiredCapacity": given["MinSize"] if desired is None else desired,
    }
    _check_sizes(settings)
    settings |= await _template_settings(call, settings)
    group = Group(
        account=call.account,
        region=call.region,
        name=name,
        arn=f"arn:{partition(call.region)}:autoscaling:{call.region}:{call.account}:autoScalingGroup:"
        f"{call.engine.ids.uuid()}:autoScalingGroupName/{name}",
        created_at=call.engine.clock.now(),
        settings=settings,
        zones=await _zones(call, settings),
        hooks={each["LifecycleHookName"]: hook(each) for each in hooks},
        tags={each["Key"]: tag(each) for each in tags},
        reason="a user request created an AutoScalingGroup changing the desired capacity from 0 to "
        f"{settings['DesiredCapacity']}",
    )
    if key in call.engine.groups:  # made by another request while this one looked around
        raise Refused(
            "AlreadyExists",
            f"AutoScalingGroup by this name already exists - A group with the name {name} already exists",
        )
    state = GroupState(group)
    call.engine.groups[key] = state
    return call.done(state)


def describe_groups(call: Call) -> dict[str, Any]:
    names = call.parameters.get("AutoScalingGroupNames")
    found = [s for s in call.groups() if not names or s.group.name in names]
    for each in call.parameters.get("Filters") or []:
        found = [s for s in found if _matches(s.group, each["Name"], each.get("Values") or [])]
    shown = page(call, found, "AutoScalingGroups")
    shown["AutoScalingGroups"] = [views.group(s) for s in shown["AutoScalingGroups"]]
    return shown


def _matches(group: Group, name: str, values: list[str]) -> bool:
    if name == "tag-key":
        return any(key in values for key in group.tags)
    if name == "tag-value":
        return any(each.value in values for each in group.tags.values())
    if name.startswith("tag:"):
        held = group.tags.get(name[4:])
        return held is not None and held.value in values
    raise Refused("ValidationError", f"Filter {name} is not supported: use tag-key, tag-value or tag:<key>")


async def update_group(call: Call) -> dict[str, Any]:
    state = call.state()
    given = {k: v for k, v in call.parameters.items() if k != "AutoScalingGroupName"}
    settings = {**state.group.settings, **given}
    if "MinSize" in given and "DesiredCapacity" not in given:
        settings["DesiredCapacity"] = max(settings["DesiredCapacity"], settings["MinSize"])
    if "MaxSize" in given and "DesiredCapacity" not in given:
        settings["DesiredCapacity"] = min(settings["DesiredCapacity"], settings["MaxSize"])
    _check_sizes(settings)
    if "MixedInstancesPolicy" in given:
        settings.pop("LaunchTemplate", None)
    elif "LaunchTemplate" in given:
        settings.pop("MixedInstancesPolicy", None)
    if "MixedInstancesPolicy" in given or "LaunchTemplate" in given:
        settings |= await _template_settings(call, settings)
    zones = await _zones(call, settings) if "VPCZoneIdentifier" in given else state.group.zones
    before, after = state.group.desired, settings["DesiredCapacity"]
    if before != after:
        _reason(state, before, after)
    state.change(settings=settings, zones=zones, retry_at=None)
    return call.done(state)


def delete_group(call: Call) -> dict[str, Any]:
    state = call.state()
    force = call.parameters.get("ForceDelete")
    if state.members and not force:
        raise Refused(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance "
            "request(s) still in the group.",
        )
    if not state.members and not state.launching:
        call.engine.forget(state.group.key)
        return {}
    state.change(status=DELETING, hooks={})
    state.set(MinSize=0, DesiredCapacity=0)
    _reason(state, len(state.members), 0)
    return call.done(state)


def set_desired(call: Call) -> dict[str, Any]:
    state, wanted = call.state(), call.parameters["DesiredCapacity"]
    group = state.group
    if wanted < group.minimum:
        invalid(
            f"New SetDesiredCapacity value {wanted} is below min value {group.minimum} "
            "for the AutoScalingGroup."
        )
    if wanted > group.maximum:
        invalid(
            f"New SetDesiredCapacity value {wanted} is above max value {group.maximum} "
            "for the AutoScalingGroup."
        )
    if wanted != group.desired:
        _reason(state, group.desired, wanted)
        state.set(DesiredCapacity=wanted)
    state.change(retry_at=None)
    return call.done(state)


def _reason(state: GroupState, before: int, after: int) -> None:
    what = f"changing the desired capacity from {before} to {after}"
    state.change(reason=f"a user request explicitly set group desired capacity {what}")


def _check_sizes(settings: Parameters) -> None:
    low, high, desired = settings["MinSize"], settings["MaxSize"], settings["DesiredCapacity"]
    if low < 0 or high < 0:
        invalid("Min and max bounds must be 0 or more")
    if low > high:
        invalid(f"Max bound, {high}, must be greater than or equal to min bound, {low}")
    if desired < low:
        invalid(
            f"Desired capacity:{desired} must be between the specified min size:{low} and max size:{high}"
        )
    if desired > high:
        invalid(
            f"Desired capacity:{desired} must be between the specified min size:{low} and max size:{high}"
        )


async def _template_settings(call: Call, settings: Parameters) -> Parameters:
    """Return the template settings with id, name and version as Auto Scaling describes them."""
    policy = settings.get("MixedInstancesPolicy")
    given = (
        policy["LaunchTemplate"]["LaunchTemplateSpecification"] if policy else settings.get("LaunchTemplate")
    )
    if not given:
        invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
            "MixedInstancesPolicy parameter. Launch configurations are not embedded here."
        )
    asked = choice(given)
    found = await call.engine.instances.template(call.account, call.region, asked)
    if found is None:
        what = asked.id or asked.name
        invalid(
            "You must use a valid fully-formed launch template. The specified launch template, "
            f"with template ID {what}, version {asked.version}, does not exist."
        )
    full = {"LaunchTemplateId": found.id, "LaunchTemplateName": found.name, "Version": asked.version}
    if not policy:
        return {"LaunchTemplate": full}
    distribution = {
        "OnDemandAllocationStrategy": "prioritized",
        "OnDemandBaseCapacity": 0,
        "OnDemandPercentageAboveBaseCapacity": 100,
        "SpotAllocationStrategy": "lowest-price",
        **(policy.get("InstancesDistribution") or {}),
    }
    template = {**policy["LaunchTemplate"], "LaunchTemplateSpecification": full}
    return {"MixedInstancesPolicy": {"LaunchTemplate": template, "InstancesDistribution": distribution}}


async def _zones(call: Call, settings: Parameters) -> dict[str, str]:
    named = [each.strip() for each in (settings.get("VPCZoneIdentifier") or "").split(",") if each.strip()]
    if not named:
        invalid("At least one Availability Zone or VPC Subnet is required.")
    found = await call.engine.instances.subnet_zones(call.account, call.region, named)
    missing = [each for each in named if each not in found]
    if missing:
        invalid(f"The subnet ID '{missing[0]}' does not exist")
    return {each: found[each] for each in named}
