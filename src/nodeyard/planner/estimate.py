"""How long an update still takes, and on what that guess rests. Pure.

A guess is never better than what it rests on, so that is always said with it. Units: simulated seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.limits import LOAD_BALANCER_PAUSE_S, NODES_JOIN_LIMIT_S
from nodeyard.model.rollout import Phase, Rollout
from nodeyard.planner.words import span

START_S = 90.0
"""Ours: what an instance takes from launch to Ready, as long as nothing was measured."""
DRAIN_S = 30.0
"""Ours: one default grace period, for pods that leave when they are asked."""
TURN_S = DRAIN_S + LOAD_BALANCER_PAUSE_S + START_S
"""One node's turn: emptied, paused, terminated, and its successor Ready."""
ENDING_S = 30.0
LATE_S = 2 * START_S
"""Ours: new nodes that take longer do not come at the usual pace, and nobody knows when they do."""


OUT_OF_REACH = frozenset(
    {
        IssueCode.ACCESS_DENIED,
        IssueCode.AUTO_SCALING_GROUP_RATE_LIMIT_EXCEEDED,
        IssueCode.CLUSTER_UNREACHABLE,
        IssueCode.INTERNAL_FAILURE,
        IssueCode.IAM_THROTTLING,
    }
)
"""Issues under which an update does not see what there is, and so does nothing."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """`seconds` None: nobody can know. `basis` is the sentence that says why this number or none."""

    seconds: float | None
    basis: str


def remaining(
    memory: Rollout, size: int, now: datetime, second: timedelta, issues: Sequence[Issue] = ()
) -> Estimate:
    """Return what is left of an update of a group of this size with these health issues. Raises: nothing."""
    for issue in issues:
        if issue.code in OUT_OF_REACH:
            return Estimate(None, f"the update stands still: {issue.message}")
    held = _held(memory, now, second) or _late(memory, now, second)
    if held is not None:
        return held
    if memory.phase not in (Phase.SET_UP, Phase.SCALE_UP, Phase.UPGRADE):
        return Estimate(ENDING_S, f"giving sizes back is taken to last {ENDING_S:g} s")
    total = memory.nodes_total or size
    left = max(0, total - memory.nodes_done)
    in_phase = 0.0 if memory.phase_since is None else max(0.0, (now - memory.phase_since) / second)
    if memory.phase is Phase.UPGRADE and memory.nodes_done:
        return _measured(memory, left, in_phase)
    rounds = -(-left // max(1, memory.parallel))
    seconds = rounds * TURN_S + ENDING_S
    if memory.phase is Phase.UPGRADE:
        seconds -= min(in_phase, TURN_S)
    elif memory.strategy != "MINIMAL":
        seconds += max(0.0, START_S - (in_phase if memory.phase is Phase.SCALE_UP else 0.0))
    basis = (
        f"{left} nodes, {memory.parallel} at once, {TURN_S:g} s a turn: {DRAIN_S:g} s to drain, "
        f"{LOAD_BALANCER_PAUSE_S} s pause, {START_S:g} s for a new node; nothing was measured yet"
    )
    return Estimate(max(ENDING_S, seconds), basis)


def _late(memory: Rollout, now: datetime, second: timedelta) -> Estimate | None:
    """Return that nobody knows, when new nodes are awaited that do not become Ready."""
    if memory.join_limit is None:
        return None
    left = max(0.0, (memory.join_limit - now) / second)
    waited = NODES_JOIN_LIMIT_S - left
    if waited <= LATE_S:
        return None
    return Estimate(None, f"no new node became Ready for {span(waited)}; the update gives up in {span(left)}")


def _measured(memory: Rollout, left: int, in_phase: float) -> Estimate:
    if not left:
        return Estimate(ENDING_S, f"every node had its turn; the end is taken to last {ENDING_S:g} s")
    each = in_phase / memory.nodes_done
    done = "one node" if memory.nodes_done == 1 else f"{memory.nodes_done} nodes"
    basis = f"{left} to go at the pace of the {done} before: {each:.0f} s each"
    return Estimate(left * each + ENDING_S, basis)


def _held(memory: Rollout, now: datetime, second: timedelta) -> Estimate | None:
    """Return that nobody knows, when every node whose turn it is waits for somebody else."""
    waiting = [turn for turn in memory.turns if turn.emptied is None and turn.released is None]
    if not waiting or len(waiting) < len(memory.turns) or not all(turn.blockers for turn in waiting):
        return None
    limit = min(turn.limit for turn in waiting)
    left = max(0.0, (limit - now) / second)
    pods = sum(len(turn.blockers) for turn in waiting)
    who = "1 pod does not leave" if pods == 1 else f"{pods} pods do not leave"
    return Estimate(None, f"{who}; the drain gives up in {span(left)}")
