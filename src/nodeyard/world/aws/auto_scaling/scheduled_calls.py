"""Scheduled actions as callers make and see them. Recurring ones are not there.

Source: EC2 Auto Scaling API reference, PutScheduledUpdateGroupAction; User Guide, scheduled scaling.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.aws.auto_scaling.calls import Call, page, partition
from nodeyard.world.aws.auto_scaling.errors import Refused, invalid
from nodeyard.world.aws.auto_scaling.records import Group, Scheduled
from nodeyard.world.aws.auto_scaling.scheduled import SIZES


def put(call: Call) -> dict[str, Any]:
    """Make an action, or write over the one of its name."""
    state, given = call.state(), call.parameters
    if given.get("Recurrence"):
        why = "The embedded Auto Scaling has no recurring actions: give StartTime alone."
        raise Refused("UnsupportedOperation", why)
    at, sizes = given.get("StartTime") or given.get("Time"), {k: given[k] for k in SIZES if k in given}
    if at is None:
        invalid("Either Recurrence or StartTime must be specified")
    if at <= call.engine.clock.now():
        invalid("Given start time is in the past")
    if not sizes:
        invalid("At least one of MinSize, MaxSize or DesiredCapacity must be specified")
    name = given["ScheduledActionName"]
    state.change(scheduled={**state.group.scheduled, name: Scheduled(name, at, sizes)})
    return call.done(state)


def describe(call: Call) -> dict[str, Any]:
    """Return the actions that are still to come, the next one first."""
    group, names = call.parameters.get("AutoScalingGroupName"), call.parameters.get("ScheduledActionNames")
    found = [
        _shown(state.group, each)
        for state in ([call.state()] if group else call.groups())
        for each in state.group.scheduled.values()
        if not names or each.name in names
    ]
    found.sort(key=lambda each: (each["StartTime"], each["ScheduledActionName"]))
    return page(call, found, "ScheduledUpdateGroupActions")


def delete(call: Call) -> dict[str, Any]:
    """Take an action away."""
    state, name = call.state(), call.parameters["ScheduledActionName"]
    if name not in state.group.scheduled:
        invalid(f"Scheduled action name not found - {name}")
    state.change(scheduled={key: each for key, each in state.group.scheduled.items() if key != name})
    return call.done(state)


def _shown(group: Group, action: Scheduled) -> dict[str, Any]:
    arn = (
        f"arn:{partition(group.region)}:autoscaling:{group.region}:{group.account}:scheduledUpdateGroupAction"
    )
    place = f"autoScalingGroupName/{group.name}:scheduledActionName/{action.name}"
    return {
        "AutoScalingGroupName": group.name,
        "ScheduledActionName": action.name,
        "ScheduledActionARN": f"{arn}:{group.arn.split(':')[6]}:{place}",
        "StartTime": action.at,
        "Time": action.at,
        **action.sizes,
    }
