"""Is a new group there yet? Pure; called at every pass of the creation flow.

Source: EKS User Guide, create a managed node group; deadlines as observed on live groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nodeyard.model.health import Issue, IssueCode
from nodeyard.planner import launch_failures
from nodeyard.planner.membership import Member
from nodeyard.ports import Activity


class Stage(StrEnum):
    WAIT = "wait"
    ACTIVE = "active"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Judgement:
    stage: Stage
    issues: tuple[Issue, ...]
    because: str


def judge(
    desired: int,
    members: Sequence[Member],
    activities: Sequence[Activity],
    *,
    group: str,
    deadline: datetime,
    now: datetime,
) -> Judgement:
    """Decide whether the group is ACTIVE, still on its way, or has failed.

    Bounds: ACTIVE needs `desired` Ready nodes; a desired size of 0 is ACTIVE at once.
    """
    ready = [member for member in members if member.ready and not member.leaving]
    counted = f"{len(ready)} of {desired} nodes are Ready"
    if len(ready) >= desired:
        return Judgement(Stage.ACTIVE, (), counted)
    failures = launch_failures.issues(activities, group)
    if now < deadline:
        return Judgement(Stage.WAIT, failures, f"{counted}, {len(members)} instances launched")
    late = failures + _join_failures(members)
    fallback = Issue(
        IssueCode.ASG_INSTANCE_LAUNCH_FAILURES, f"No instance was launched: {counted}.", (group,)
    )
    return Judgement(Stage.FAILED, late or (fallback,), f"{counted} at the deadline")


def _join_failures(members: Sequence[Member]) -> tuple[Issue, ...]:
    absent = tuple(m.instance.id for m in members if m.node is None and not m.leaving)
    unhealthy = tuple(m.instance.id for m in members if m.node and not m.ready and not m.leaving)
    code = IssueCode.NODE_CREATION_FAILURE
    issues: tuple[Issue, ...] = ()
    if absent:
        issues += (Issue(code, "Instances failed to join the kubernetes cluster", absent),)
    if unhealthy:
        issues += (Issue(code, "Unhealthy nodes in the kubernetes cluster", unhealthy),)
    return issues
