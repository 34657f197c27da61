"""Whose cordon a node has that a version update could not drain. Pure.

A try that fails leaves that node cordoned, as on live groups. The group remembers it, so that the next try,
however it ends, gives the node back, and leaves alone what its owner cordoned.
"""

from __future__ import annotations

from collections.abc import Collection

from nodeyard.model.rollout import Outcome, Rollout
from nodeyard.planner.membership import Member


def ours(left: Collection[str], memory: Rollout) -> tuple[str, ...]:
    """Return the instances whose nodes this update or an earlier try cordoned."""
    return tuple(sorted({*left, *(turn.instance for turn in memory.turns if turn.cordoned)}))


def still(left: Collection[str], members: Collection[Member]) -> tuple[str, ...]:
    """Return those that are there and cordoned yet: whoever cordons a node later does it for himself."""
    staying = [each for each in members if not each.leaving]
    closed = {each.instance.id for each in staying if each.node is None or each.node.unschedulable}
    return tuple(each for each in left if each in closed)


def kept(
    left: Collection[str], memory: Rollout, outcome: Outcome, members: Collection[Member]
) -> tuple[str, ...]:
    """Return those that stay cordoned although the update gave back what it could: they were not drained."""
    names = {each.instance.id: each.node.name for each in members if each.node is not None}
    stuck = [each for each in ours(left, memory) if names.get(each) in outcome.resource_ids]
    return still(stuck, members)
