"""Do nodes come, and do they leave? Source: reference, health issue codes; texts as live groups show them."""

from __future__ import annotations

from datetime import datetime

from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.limits import DRAIN_LIMIT_S
from nodeyard.model.status import NodegroupStatus
from nodeyard.planner import launch_failures
from nodeyard.planner.health.facts import Facts
from nodeyard.planner.membership import LAUNCHING, Member

JOIN_S = 300
"""A node joins within a minute or two; of one that needs longer people hear before the deadline (ours)."""
EVICTION_S = 300
"""How long pods may refuse to leave before it is a matter of health (ours)."""
TERMINATION_S = DRAIN_LIMIT_S + 300
"""A drain takes its limit at most; EC2 ends an instance within seconds after it."""
PODS_NAMED = 3


def launches(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    """Read failed scaling activities while nodes are missing: a full group needs none of them."""
    staying = [member for member in facts.members if not member.leaving]
    if facts.found is None or len(staying) >= facts.found.desired:
        return ()
    return launch_failures.issues(facts.activities, facts.found.name)


def join(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    """Report instances that do not become Ready nodes in the time that it takes."""
    late = [
        member
        for member in facts.members
        if _is_coming(facts, member) and _waits_s(facts, member, now) > JOIN_S
    ]
    return join_failures(late)


def join_failures(late: list[Member]) -> tuple[Issue, ...]:
    """Return what EKS says of instances that are no nodes, and of nodes that are not Ready."""
    absent = tuple(each.instance.id for each in late if each.node is None)
    unhealthy = tuple(each.instance.id for each in late if each.node is not None)
    code = IssueCode.NODE_CREATION_FAILURE
    issues: tuple[Issue, ...] = ()
    if absent:
        issues += (Issue(code, "Instances failed to join the kubernetes cluster", absent),)
    if unhealthy:
        issues += (Issue(code, "Unhealthy nodes in the kubernetes cluster", unhealthy),)
    return issues


def _is_coming(facts: Facts, member: Member) -> bool:
    creating = facts.group.status is NodegroupStatus.CREATING
    awaited = creating or member.instance.lifecycle_state in LAUNCHING
    return awaited and not member.ready and not member.leaving


def _waits_s(facts: Facts, member: Member, now: datetime) -> float:
    since = member.node.created_at if member.node else facts.began(member.instance.id)
    return 0.0 if since is None else facts.age_s(since, now)


def evictions(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    """Report drains that pods hold up, by node, while it is happening."""
    held = [each for each in facts.drains if each.blockers and facts.age_s(each.began, now) > EVICTION_S]
    if not held:
        return ()
    nodes = tuple(sorted(each.node for each in held))
    pods = sorted({blocker.pod for each in held for blocker in each.blockers})
    more = f" and {len(pods) - PODS_NAMED} more" if len(pods) > PODS_NAMED else ""
    text = (
        f"Pods cannot be evicted from nodes that are being drained: {', '.join(pods[:PODS_NAMED])}{more}. "
        "The events of the node group say what holds each of them."
    )
    return (Issue(IssueCode.POD_EVICTION_FAILURE, text, nodes),)


def _leaves_s(facts: Facts, member: Member, now: datetime) -> float:
    """Return how long an instance is leaving; a deletion that is tried again gives it the time anew."""
    since = facts.began(member.instance.id)
    if since is None:
        return 0.0
    if facts.group.status is NodegroupStatus.DELETING:
        since = max(since, facts.group.modified_at)
    return facts.age_s(since, now)


def terminations(facts: Facts, now: datetime) -> tuple[Issue, ...]:
    """Report instances that were asked to end, and stay."""
    stuck = tuple(
        member.instance.id
        for member in facts.members
        if member.instance.lifecycle_state == "Terminating:Proceed"
        and _leaves_s(facts, member, now) > TERMINATION_S
    )
    if not stuck:
        return ()
    text = (
        f"Instance {', '.join(stuck)} was asked to terminate and is still there. Look for termination "
        "protection or an EC2 problem and end it by hand."
    )
    if facts.group.status is not NodegroupStatus.DELETING:
        text += " The node group goes on by itself then."
    return (Issue(IssueCode.NODE_TERMINATION_FAILURE, text, stuck),)
