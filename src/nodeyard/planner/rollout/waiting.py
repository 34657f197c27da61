"""Waiting for new nodes: what is missing, for how long still, and when it is too long. Pure."""

from __future__ import annotations

from datetime import datetime

from nodeyard.model.rollout import Outcome, Rollout
from nodeyard.planner.membership import Member
from nodeyard.planner.rollout.observation import View
from nodeyard.planner.rollout.plan import Wait
from nodeyard.planner.rollout.policy import Policy
from nodeyard.planner.words import listed

LOOK_AGAIN_S = 30.0
"""How soon to look for new nodes when no hint comes."""
TOLD_LOOK_AGAIN_S = 300.0
"""The same where every change is told."""


def awaited(view: View) -> bool:
    """Tell whether new nodes are still to come or to become Ready."""
    return len(view.joined) < len(view.new) or len(view.staying) < view.seen.group.desired


def progress(policy: Policy, view: View, memory: Rollout, now: datetime, *, awaits: bool) -> Rollout:
    """Return the memory with the limit of a wait: begun, moved on by each node that joined, or ended."""
    joined = len(view.joined)
    if not awaits:
        return memory.having(joined=joined, join_limit=None)
    if memory.join_limit is not None and joined <= memory.joined:
        return memory.having(joined=joined)
    return memory.having(joined=joined, join_limit=policy.after(now, policy.join_limit_s))


def late(memory: Rollout, now: datetime) -> bool:
    return memory.join_limit is not None and now >= memory.join_limit


def for_nodes(view: View, memory: Rollout, now: datetime, policy: Policy) -> Wait:
    """Return the wait for new nodes, with what is known of those that are missing."""
    limit = memory.join_limit or policy.after(now, policy.join_limit_s)
    because = f"waiting for new nodes to be Ready, until {limit:%H:%M:%S}Z at most: {missing(view)}"
    again_s = TOLD_LOOK_AGAIN_S if policy.told else LOOK_AGAIN_S
    return Wait("NodesNotReady", because, min(limit, policy.after(now, again_s)))


def missing(view: View) -> str:
    """Say in words which new nodes are missing and why, as far as anybody knows."""
    joined = {member.instance.id for member in view.joined}
    unready = [member for member in view.new if member.instance.id not in joined]
    absent = view.seen.group.desired - len(view.staying)
    parts: list[str] = []
    if unready:
        parts.append(_listed(unready))
    if absent > 0:
        parts.append(f"{absent} not launched yet")
    if view.zones_to_cover and not unready and absent <= 0:
        parts.append(f"no new node in {', '.join(sorted(view.zones_to_cover))}")
    parts += [issue.message for issue in view.seen.launch_failures[:1]]
    return "; ".join(parts) or "all are there"


def _listed(members: list[Member]) -> str:
    said = [f"{member.instance.id} in {member.instance.zone} {_state(member)}" for member in members]
    return listed(said)


def _state(member: Member) -> str:
    if member.node is None:
        return f"has not joined ({member.instance.lifecycle_state})"
    ready = member.node.conditions.get("Ready")
    why = f": {ready.message}" if ready is not None and ready.message else ""
    return "is not labelled yet" if member.node.ready else f"is not Ready{why}"


def failed(policy: Policy, view: View) -> Outcome:
    """Return the failure of an update whose new nodes do not join. Text: observed on live groups."""
    joined = {member.instance.id for member in view.joined}
    ids = tuple(member.instance.id for member in view.new if member.instance.id not in joined)
    message = (
        "Couldn't proceed with upgrade process as new nodes are not joining node group "
        f"{policy.nodegroup}: {missing(view)}"
    )
    return Outcome("NodeCreationFailure", message, ids)
