"""Lifecycle hooks and the actions that wait at them."""

from __future__ import annotations

from typing import Any

from nodeyard.model.values import replace
from nodeyard.world.aws.auto_scaling import views
from nodeyard.world.aws.auto_scaling.calls import Call, Parameters
from nodeyard.world.aws.auto_scaling.errors import Refused, invalid
from nodeyard.world.aws.auto_scaling.records import Hook, Member
from nodeyard.world.aws.auto_scaling.state import GroupState

HEARTBEAT_S = 3600
_HOOK_NOTIFICATION = ("NotificationTargetARN", "RoleARN", "NotificationMetadata")


def put_hook(call: Call) -> dict[str, Any]:
    state, given = call.state(), call.parameters
    held = state.group.hooks.get(given["LifecycleHookName"])
    if held is None and "LifecycleTransition" not in given:
        invalid("A valid LifecycleTransition must be specified when creating a lifecycle hook.")
    merged = {**(views.hook(state.group, held) if held else {}), **given}
    state.change(hooks={**state.group.hooks, given["LifecycleHookName"]: hook(merged)})
    return call.done(state)


def describe_hooks(call: Call) -> dict[str, Any]:
    state, names = call.state(), call.parameters.get("LifecycleHookNames")
    hooks = [h for h in state.group.hooks.values() if not names or h.name in names]
    return {"LifecycleHooks": [views.hook(state.group, each) for each in hooks]}


def delete_hook(call: Call) -> dict[str, Any]:
    state, name = call.state(), call.parameters["LifecycleHookName"]
    if name not in state.group.hooks:
        invalid(f"No Lifecycle Hook found with name: {name}")
    state.change(hooks={key: each for key, each in state.group.hooks.items() if key != name})
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


def hook(given: Parameters) -> Hook:
    return Hook(
        name=given["LifecycleHookName"],
        transition=given["LifecycleTransition"],
        heartbeat_s=given.get("HeartbeatTimeout") or HEARTBEAT_S,
        default_result=given.get("DefaultResult") or "ABANDON",
        notification={name: given[name] for name in _HOOK_NOTIFICATION if given.get(name)},
    )
