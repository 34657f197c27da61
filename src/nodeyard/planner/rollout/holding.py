"""What others must not do while the update runs, and may do again afterwards. Pure.

Cluster Autoscaler must not remove new nodes: an empty new node is what it removes first, and without
it the update cannot go on. Auto Scaling must not balance zones: it would take running nodes away,
whatever their budgets say. Source: reference, Cluster Autoscaler and updates; Cluster Autoscaler FAQ;
user threads on zone rebalancing during updates.
"""

from __future__ import annotations

from nodeyard.planner.rollout.actions import (
    HELD_FOR,
    NO_SCALE_DOWN,
    Action,
    AllowScaleDown,
    HoldScaleDown,
    SuspendRebalance,
)
from nodeyard.planner.rollout.observation import View
from nodeyard.planner.rollout.policy import Policy

REBALANCE = "AZRebalance"


def to_hold(policy: Policy, view: View) -> tuple[Action, ...]:
    """Return a hold for all that has none; what people set themselves is left alone."""
    rebalance: tuple[Action, ...] = ()
    if view.memory.holds_rebalance and REBALANCE not in view.seen.group.suspended_processes:
        rebalance = (SuspendRebalance(True, "zones are not balanced while the update runs"),)
    return rebalance + tuple(
        HoldScaleDown(member.node, f"update {policy.update_id} needs the node")
        for member in view.new
        if member.node is not None and NO_SCALE_DOWN not in member.node.annotations
    )


def to_allow(policy: Policy, view: View) -> tuple[Action, ...]:
    """Return the end of every hold that an update put."""
    rebalance: tuple[Action, ...] = ()
    if view.memory.holds_rebalance and REBALANCE in view.seen.group.suspended_processes:
        rebalance = (SuspendRebalance(False, "zones are balanced again"),)
    return rebalance + tuple(
        AllowScaleDown(member.node, f"update {policy.update_id} is over")
        for member in view.staying
        if member.node is not None and HELD_FOR in member.node.annotations
    )
