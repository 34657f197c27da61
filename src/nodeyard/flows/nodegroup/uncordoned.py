"""Nodes that a failed update left cordoned and that somebody has uncordoned since, or that are gone.

Called by the flows of settled and of updating groups: a node that is cordoned after that is its owner's.
"""

from __future__ import annotations

from collections.abc import Sequence

from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.values import replace
from nodeyard.planner.membership import Member
from nodeyard.planner.rollout import cordons


async def forget(visit: Visit, members: Sequence[Member]) -> None:
    """Take those off the record whose cordon is not ours any more."""
    left = cordons.still(visit.group.left_cordoned, members)
    if left != visit.group.left_cordoned:
        await visit.save(replace(visit.group, left_cordoned=left))
