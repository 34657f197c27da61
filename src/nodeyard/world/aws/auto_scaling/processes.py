"""Processes and metrics of groups, switched on and off."""

from __future__ import annotations

from typing import Any

from nodeyard.world.aws.auto_scaling.calls import Call
from nodeyard.world.aws.auto_scaling.errors import invalid

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
    metrics = tuple(dict.fromkeys((*state.group.metrics, *named)))
    if metrics == state.group.metrics:
        return {}  # nobody must be told of nothing
    state.change(metrics=metrics)
    return call.done(state)


def disable_metrics(call: Call) -> dict[str, Any]:
    state = call.state()
    named = call.parameters.get("Metrics") or list(METRICS)
    state.change(metrics=tuple(each for each in state.group.metrics if each not in named))
    return call.done(state)
