"""New nodes are kept from Cluster Autoscaler while the update runs, and given back afterwards. Pure.

An empty new node is what an autoscaler removes first, and without it the update cannot go on.
Source: reference, Cluster Autoscaler and updates; its FAQ for the annotation.
"""

from __future__ import annotations

from nodeyard.planner.rollout.actions import HELD_FOR, NO_SCALE_DOWN, Action, AllowScaleDown, HoldScaleDown
from nodeyard.planner.rollout.observation import View
from nodeyard.planner.rollout.policy import Policy


def to_hold(policy: Policy, view: View) -> tuple[Action, ...]:
    """Return a hold for every new node that has none; what people set themselves is left alone."""
    return tuple(
        HoldScaleDown(member.node, f"update {policy.update_id} needs the node")
        for member in view.new
        if member.node is not None and NO_SCALE_DOWN not in member.node.annotations
    )


def to_allow(policy: Policy, view: View) -> tuple[Action, ...]:
    """Return the end of every hold that an update put."""
    return tuple(
        AllowScaleDown(member.node, f"update {policy.update_id} is over")
        for member in view.staying
        if member.node is not None and HELD_FOR in member.node.annotations
    )
