"""Is a new group there yet? Pure; called at every pass of the creation flow.

Source: EKS User Guide, create a managed node group; deadlines as observed on live groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.planner.health import consequences, nodes
from nodeyard.planner.membership import Member


class Stage(StrEnum):
    WAIT = "wait"
    ACTIVE = "active"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Judgement:
    stage: Stage
    issues: tuple[Issue, ...]
    because: str


def awaited(group: Nodegroup) -> int:
    """Return how many Ready nodes make a new group ACTIVE; none with a Capacity Block, which may begin later.

    Source: EKS User Guide, managed node groups with Capacity Blocks for ML.
    """
    return 0 if group.capacity_type == "CAPACITY_BLOCK" else group.scaling.desired


def is_complete(desired: int, members: Sequence[Member]) -> bool:
    """Return whether as many nodes are Ready as were asked for."""
    return len(_ready(members)) >= desired


def _ready(members: Sequence[Member]) -> list[Member]:
    return [member for member in members if member.ready and not member.leaving]


def judge(
    desired: int,
    members: Sequence[Member],
    issues: tuple[Issue, ...],
    *,
    group: str,
    deadline: datetime,
    now: datetime,
) -> Judgement:
    """Decide whether the group is ACTIVE, still on its way, or has failed.

    `issues` are those of the last look at the group's health. Bounds: ACTIVE needs `desired` Ready
    nodes; a desired size of 0 is ACTIVE at once.
    """
    ready = _ready(members)
    counted = f"{len(ready)} of {desired} nodes are Ready"
    if consequences.ends_creation(issues):
        return Judgement(Stage.FAILED, issues, f"{counted}: {issues[0].message}")
    if is_complete(desired, members):
        return Judgement(Stage.ACTIVE, (), counted)
    if now < deadline:
        return Judgement(Stage.WAIT, issues, f"{counted}, {len(members)} instances launched")
    late = issues
    if not any(each.code is IssueCode.NODE_CREATION_FAILURE for each in issues):
        late += nodes.join_failures([each for each in members if not each.ready and not each.leaving])
    fallback = Issue(
        IssueCode.ASG_INSTANCE_LAUNCH_FAILURES, f"No instance was launched: {counted}.", (group,)
    )
    return Judgement(Stage.FAILED, late or (fallback,), f"{counted} at the deadline")
