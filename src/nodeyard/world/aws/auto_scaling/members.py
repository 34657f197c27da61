"""Instances of groups: described, protected, terminated, set aside, detached; and scaling activities."""

from __future__ import annotations

from typing import Any

from nodeyard.model.values import replace
from nodeyard.world.aws.auto_scaling import views
from nodeyard.world.aws.auto_scaling.calls import Call, page
from nodeyard.world.aws.auto_scaling.errors import invalid
from nodeyard.world.aws.auto_scaling.records import GOING, IN_SERVICE, STANDBY


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
    if member.pooled:
        invalid(f"The instance {member.id} is in a warm pool: this operation cannot be called on it.")
    # An instance that is leaving is not counted any more: a repeat must not take a second place away.
    if call.parameters["ShouldDecrementDesiredCapacity"] and member.state not in GOING:
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
