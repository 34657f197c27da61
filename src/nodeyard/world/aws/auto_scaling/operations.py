"""The operations of Auto Scaling: one function each, in `OPERATIONS` by its name in the service model.

They change records and wake the engine; the engine does the rest. Sentences are those of AWS,
because clients match them.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from nodeyard.world.aws.auto_scaling import views
from nodeyard.world.aws.auto_scaling.engine import Engine
from nodeyard.world.aws.auto_scaling.errors import Refused, invalid
from nodeyard.world.aws.auto_scaling.records import (
    DELETING,
    IN_SERVICE,
    STANDBY,
    Group,
    Hook,
    Member,
    Tag,
    choice,
)
from nodeyard.world.aws.auto_scaling.state import GroupState

Parameters = dict[str, Any]
PAGE = 100
PROCESSES = (
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
)
METRICS = (
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
)
HEARTBEAT_S = 3600
_HOOK_NOTIFICATION = ("NotificationTargetARN", "RoleARN", "NotificationMetadata")


@dataclass(frozen=True, slots=True)
class Call:
    """One request: who asks where, for what."""

    engine: Engine
    account: str
    region: str
    parameters: Parameters

    def state(self, name: str | None = None) -> GroupState:
        """Return the group that the request names. Raises: Refused."""
        wanted = name or self.parameters["AutoScalingGroupName"]
        found = self.engine.groups.get((self.account, self.region, wanted))
        if found is None:
            invalid(f"AutoScalingGroup name not found - AutoScalingGroup {wanted} not found")
        return found

    def member(self, id: str) -> tuple[GroupState, Member]:
        key = self.engine.group_of.get(id)
        if key is None or key[:2] != (self.account, self.region):
            invalid(f"Instance Id not found - No managed instance found for instance ID: {id}")
        state = self.engine.groups[key]
        return state, state.members[id]

    def groups(self) -> list[GroupState]:
        """Return the groups of the caller's account and Region by name."""
        mine = [s for k, s in self.engine.groups.items() if k[:2] == (self.account, self.region)]
        return sorted(mine, key=lambda each: each.group.name)

    def done(self, state: GroupState) -> dict[str, Any]:
        self.engine.write(state)
        self.engine.wake(state.group.key)
        return {}


def page(call: Call, items: list[Any], key: str) -> dict[str, Any]:
    token = call.parameters.get("NextToken")
    if token is not None and not token.isdigit():
        raise Refused("InvalidNextToken", "The NextToken value is not valid.")
    start, most = int(token or 0), call.parameters.get("MaxRecords") or PAGE
    shown: dict[str, Any] = {key: items[start : start + most]}
    if start + most < len(items):
        shown["NextToken"] = str(start + most)
    return shown


# --- groups ---


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
            f"arn:{_partition(call.region)}:iam::{call.account}:role/aws-service-role/"
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
        arn=f"arn:{_partition(call.region)}:autoscaling:{call.region}:{call.account}:autoScalingGroup:"
        f"{call.engine.ids.uuid()}:autoScalingGroupName/{name}",
        created_at=call.engine.clock.now(),
        settings=settings,
        zones=await _zones(call, settings),
        hooks={each["LifecycleHookName"]: _hook(each) for each in hooks},
        tags={each["Key"]: _tag(each) for each in tags},
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
        return any(tag.value in values for tag in group.tags.values())
    if name.startswith("tag:"):
        tag = group.tags.get(name[4:])
        return tag is not None and tag.value in values
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


# --- instances ---


def describe_instances(call: Call) -> dict[str, Any]:
    wanted = call.parameters.get("InstanceIds")
    found = [
        {
            **views.instance(member),
            "AutoScalingGroupName": state.group.name,
            "HealthStatus": "HEALTHY" if member.healthy else "UNHEALTHY",
        }
        for state in call.groups()
        for member in state.members.values()
        if not wanted or member.id in wanted
    ]
    return page(call, found, "AutoScalingInstances")


def describe_activities(call: Call) -> dict[str, Any]:
    name = call.parameters.get("AutoScalingGroupName")
    states = [call.state(name)] if name else call.groups()
    wanted = call.parameters.get("ActivityIds")
    found = [
        (state.group, each)
        for state in states
        for each in state.newest_activities(None)
        if not wanted or each.id in wanted
    ]
    shown = page(call, found, "Activities")
    shown["Activities"] = [views.activity(group, each) for group, each in shown["Activities"]]
    return shown


def terminate_instance(call: Call) -> dict[str, Any]:
    state, member = call.member(call.parameters["InstanceId"])
    if call.parameters["ShouldDecrementDesiredCapacity"]:
        if state.group.desired - 1 < state.group.minimum:
            invalid(
                "Currently, desiredSize equals minSize "
                f"({state.group.minimum}). Terminating instance without replacement will violate group's "
                "min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower "
                "group's min size."
            )
        state.set(DesiredCapacity=state.group.desired - 1)
    left = call.engine.leave(
        state, member, "an instance was taken out of service in response to a user request"
    )
    call.done(state)
    return {"Activity": views.activity(state.group, state.activities[left.activity])}


def set_protection(call: Call) -> dict[str, Any]:
    state = call.state()
    for id in call.parameters["InstanceIds"]:
        if id not in state.members:
            invalid(f"The instance {id} is not part of Auto Scaling group {state.group.name}.")
    for id in call.parameters["InstanceIds"]:
        state.put(replace(state.members[id], protected=call.parameters["ProtectedFromScaleIn"]))
    return call.done(state)


def set_health(call: Call) -> dict[str, Any]:
    state, member = call.member(call.parameters["InstanceId"])
    healthy = call.parameters["HealthStatus"].lower() == "healthy"
    state.put(replace(member, healthy=healthy, unhealthy_because="" if healthy else "a user health-check"))
    return call.done(state)


def enter_standby(call: Call) -> dict[str, Any]:
    return _standby(
        call, IN_SERVICE, STANDBY, "moving to", -1 if call.parameters["ShouldDecrementDesiredCapacity"] else 0
    )


def exit_standby(call: Call) -> dict[str, Any]:
    return _standby(
        call, STANDBY, IN_SERVICE, "moving out of", len(call.parameters.get("InstanceIds") or []) and 1
    )


def _standby(call: Call, before: str, after: str, words: str, step: int) -> dict[str, Any]:
    state = call.state()
    activities = []
    for id in call.parameters.get("InstanceIds") or []:
        member = state.members.get(id)
        if member is None or member.state != before:
            invalid(f"The instance {id} is not in {before}.")
        state.set(DesiredCapacity=state.group.desired + step)
        log = call.engine.log(
            state, f"{words.capitalize()} Standby: {id}", f"instance {id} was {words} standby"
        )
        state.log(replace(log, status="Successful", progress=100, end=log.start))
        state.put(replace(member, state=after))
        activities.append(views.activity(state.group, state.activities[log.id]))
    call.done(state)
    return {"Activities": activities}


def detach(call: Call) -> dict[str, Any]:
    state = call.state()
    activities = []
    for id in call.parameters.get("InstanceIds") or []:
        if id not in state.members:
            invalid(f"The instance {id} is not part of Auto Scaling group {state.group.name}.")
        if call.parameters["ShouldDecrementDesiredCapacity"]:
            state.set(DesiredCapacity=max(state.group.minimum, state.group.desired - 1))
        log = call.engine.log(
            state, f"Detaching EC2 instance: {id}", "instances were detached by a user request"
        )
        state.log(replace(log, status="Successful", progress=100, end=log.start))
        state.remove(id)
        call.engine.group_of.pop(id, None)
        activities.append(views.activity(state.group, state.activities[log.id]))
    call.done(state)
    return {"Activities": activities}


# --- hooks ---


def put_hook(call: Call) -> dict[str, Any]:
    state, given = call.state(), call.parameters
    held = state.group.hooks.get(given["LifecycleHookName"])
    if held is None and "LifecycleTransition" not in given:
        invalid("A valid LifecycleTransition must be specified when creating a lifecycle hook.")
    merged = {**(views.hook(state.group, held) if held else {}), **given}
    state.change(hooks={**state.group.hooks, given["LifecycleHookName"]: _hook(merged)})
    return call.done(state)


def describe_hooks(call: Call) -> dict[str, Any]:
    state, names = call.state(), call.parameters.get("LifecycleHookNames")
    hooks = [h for h in state.group.hooks.values() if not names or h.name in names]
    return {"LifecycleHooks": [views.hook(state.group, each) for each in hooks]}


def delete_hook(call: Call) -> dict[str, Any]:
    state, name = call.state(), call.parameters["LifecycleHookName"]
    if name not in state.group.hooks:
        invalid(f"No Lifecycle Hook found with name: {name}")
    state.change(hooks={key: hook for key, hook in state.group.hooks.items() if key != name})
    for member in list(state.members.values()):
        if any(wait.hook == name for wait in member.waits):
            call.engine.finish_hook(state, member, name, "CONTINUE")
    return call.done(state)


def complete_action(call: Call) -> dict[str, Any]:
    state, member = _waiting(call)
    result = call.parameters["LifecycleActionResult"].upper()
    if result not in ("CONTINUE", "ABANDON"):
        invalid(f"Invalid LifecycleActionResult {result}: send CONTINUE or ABANDON.")
    call.engine.finish_hook(state, member, call.parameters["LifecycleHookName"], result)
    return call.done(state)


def heartbeat(call: Call) -> dict[str, Any]:
    state, member = _waiting(call)
    name = call.parameters["LifecycleHookName"]
    after = call.engine.clock.after(state.group.hooks[name].heartbeat_s)
    waits = tuple(
        replace(wait, deadline=min(after, wait.limit)) if wait.hook == name else wait for wait in member.waits
    )
    state.put(replace(member, waits=waits))
    return call.done(state)


def _waiting(call: Call) -> tuple[GroupState, Member]:
    state, given = call.state(), call.parameters
    name, token, id = given["LifecycleHookName"], given.get("LifecycleActionToken"), given.get("InstanceId")
    if name not in state.group.hooks:
        invalid(f"No Lifecycle Hook found with name: {name}")
    able = [state.members[id]] if id in state.members else list(state.members.values()) if not id else []
    for member in able:
        if any(wait.hook == name and token in (None, wait.token) for wait in member.waits):
            return state, member
    what = f"instance ID {id}" if id else f"token {token}"
    raise Refused("ValidationError", f"No active Lifecycle Action found with {what}")


def _hook(given: Parameters) -> Hook:
    return Hook(
        name=given["LifecycleHookName"],
        transition=given["LifecycleTransition"],
        heartbeat_s=given.get("HeartbeatTimeout") or HEARTBEAT_S,
        default_result=given.get("DefaultResult") or "ABANDON",
        notification={name: given[name] for name in _HOOK_NOTIFICATION if given.get(name)},
    )


# --- processes, metrics, tags ---


def suspend(call: Call) -> dict[str, Any]:
    state, now = call.state(), call.engine.clock.now()
    named = _processes(call)
    reason = f"User suspended at {now:%Y-%m-%dT%H:%M:%SZ}"
    state.change(suspended={**dict.fromkeys(named, reason), **state.group.suspended})
    return call.done(state)


def resume(call: Call) -> dict[str, Any]:
    state, named = call.state(), _processes(call)
    state.change(suspended={k: v for k, v in state.group.suspended.items() if k not in named})
    return call.done(state)


def _processes(call: Call) -> list[str]:
    named = call.parameters.get("ScalingProcesses") or list(PROCESSES)
    unknown = [each for each in named if each not in PROCESSES]
    if unknown:
        invalid(f"{unknown[0]} is not a valid process: use one of {', '.join(PROCESSES)}")
    return list(named)


def enable_metrics(call: Call) -> dict[str, Any]:
    state = call.state()
    named = call.parameters.get("Metrics") or list(METRICS)
    state.change(metrics=tuple(dict.fromkeys((*state.group.metrics, *named))))
    return call.done(state)


def disable_metrics(call: Call) -> dict[str, Any]:
    state = call.state()
    named = call.parameters.get("Metrics") or list(METRICS)
    state.change(metrics=tuple(each for each in state.group.metrics if each not in named))
    return call.done(state)


def put_tags(call: Call) -> dict[str, Any]:
    for each in call.parameters["Tags"]:
        state = call.state(each.get("ResourceId"))
        state.change(tags={**state.group.tags, each["Key"]: _tag(each)})
        call.done(state)
    return {}


def delete_tags(call: Call) -> dict[str, Any]:
    for each in call.parameters["Tags"]:
        state = call.state(each.get("ResourceId"))
        state.change(tags={key: tag for key, tag in state.group.tags.items() if key != each["Key"]})
        call.done(state)
    return {}


def describe_tags(call: Call) -> dict[str, Any]:
    field = {"auto-scaling-group": "ResourceId", "key": "Key", "value": "Value"}
    found = [tag for state in call.groups() for tag in views.tags(state.group)]
    for each in call.parameters.get("Filters") or []:
        if each["Name"] == "propagate-at-launch":
            found = [tag for tag in found if str(tag["PropagateAtLaunch"]).lower() in each["Values"]]
        elif each["Name"] in field:
            found = [tag for tag in found if tag[field[each["Name"]]] in each["Values"]]
        else:
            invalid(
                f"Filter {each['Name']} is not supported: use auto-scaling-group, key, value or "
                "propagate-at-launch"
            )
    return page(call, found, "Tags")


def _tag(given: Parameters) -> Tag:
    return Tag(given["Key"], given.get("Value") or "", bool(given.get("PropagateAtLaunch")))


def _partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    return (
        "aws-iso" if region.startswith("us-iso-") else "aws-iso-b" if region.startswith("us-isob-") else "aws"
    )


OPERATIONS: dict[str, Callable[[Call], dict[str, Any] | Awaitable[dict[str, Any]]]] = {
    "CreateAutoScalingGroup": create_group,
    "DescribeAutoScalingGroups": describe_groups,
    "UpdateAutoScalingGroup": update_group,
    "DeleteAutoScalingGroup": delete_group,
    "SetDesiredCapacity": set_desired,
    "DescribeAutoScalingInstances": describe_instances,
    "DescribeScalingActivities": describe_activities,
    "TerminateInstanceInAutoScalingGroup": terminate_instance,
    "SetInstanceProtection": set_protection,
    "SetInstanceHealth": set_health,
    "EnterStandby": enter_standby,
    "ExitStandby": exit_standby,
    "DetachInstances": detach,
    "PutLifecycleHook": put_hook,
    "DescribeLifecycleHooks": describe_hooks,
    "DeleteLifecycleHook": delete_hook,
    "CompleteLifecycleAction": complete_action,
    "RecordLifecycleActionHeartbeat": heartbeat,
    "SuspendProcesses": suspend,
    "ResumeProcesses": resume,
    "EnableMetricsCollection": enable_metrics,
    "DisableMetricsCollection": disable_metrics,
    "CreateOrUpdateTags": put_tags,
    "DeleteTags": delete_tags,
    "DescribeTags": describe_tags,
    "DescribeScalingProcessTypes": lambda call: {"Processes": [{"ProcessName": each} for each in PROCESSES]},
    "DescribeMetricCollectionTypes": lambda call: {
        "Metrics": [{"Metric": each} for each in METRICS],
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
    "DescribeScheduledActions": lambda call: {"ScheduledUpdateGroupActions": []},
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
            "processes, metrics and tags are there.",
        )
    answer = work(call)
    return await answer if inspect.isawaitable(answer) else answer
