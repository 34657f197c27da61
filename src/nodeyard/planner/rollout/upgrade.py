"""Upgrade: old nodes out, at most as many at once as the group allows, until none is left. Pure.

DEFAULT never has fewer nodes in service than the group's size: the surge covers for those that
are out. MINIMAL never has more than the group's size and may miss as many as may be out at once.
Source: EKS User Guide, update behaviour, upgrade phase and update strategies.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from nodeyard.model.drain import Drain
from nodeyard.model.rollout import Outcome, Phase, Rollout
from nodeyard.model.values import replace
from nodeyard.planner.membership import Member
from nodeyard.planner.rollout import sizes, turns, waiting
from nodeyard.planner.rollout.actions import Action, Mark
from nodeyard.planner.rollout.holding import to_hold
from nodeyard.planner.rollout.observation import View, takes_pods
from nodeyard.planner.rollout.plan import Plan, Wait, enter
from nodeyard.planner.rollout.policy import Policy
from nodeyard.planner.rollout.sizes import Departures
from nodeyard.planner.rollout.summary import summed_up
from nodeyard.planner.words import counted, listed


def plan(policy: Policy, view: View, now: datetime) -> Plan:
    """Move every turn on, begin as many as there is room for, see whether all is done."""
    memory, notes = sizes.follow(view.memory, view.seen.group)
    memory = waiting.progress(policy, view, memory, now, awaits=waiting.awaited(view))
    if policy.cancelled:
        done = f"{memory.nodes_done} of {memory.nodes_total} nodes were replaced"
        outcome = Outcome("", f"the update was cancelled; {done}", cancelled=True)
        return Plan(enter(replace(memory, outcome=outcome), Phase.RETREAT, now), again=True, notes=notes)
    moved = _move(policy, view, memory, now)
    if moved.failed:
        # Nothing of this look is done: what other turns were about to do must not be remembered as done.
        outcome = _not_drained(policy, view, moved.failed, memory)
        stopped = enter(replace(memory, outcome=outcome), Phase.RETREAT, now)
        return Plan(stopped, again=True, notes=(*notes, outcome.message))
    notes += moved.notes
    begun = _begin(policy, view, moved.memory, now)
    memory = moved.memory.having(turns=moved.memory.turns + begun)
    if not view.old and not memory.turns and not waiting.awaited(view):
        return Plan(enter(memory, Phase.SCALE_DOWN, now), again=True, notes=notes)
    actions = (*_marks(policy, view, begun), *to_hold(policy, view), *moved.actions)
    waits = moved.waits
    if not memory.turns:
        if waiting.late(memory, now):
            outcome = waiting.failed(policy, view)
            stopped = enter(replace(memory, outcome=outcome), Phase.ROLL_BACK, now)
            return Plan(stopped, again=True, notes=(*notes, outcome.message))
        waits += (waiting.for_nodes(view, memory, now, policy),)
    return Plan(memory, actions, waits, again=bool(begun), notes=(*notes, *_said(begun)))


@dataclass(frozen=True, slots=True)
class _Moved:
    memory: Rollout
    actions: tuple[Action, ...]
    waits: tuple[Wait, ...]
    notes: tuple[str, ...]
    failed: tuple[Drain, ...]


def _move(policy: Policy, view: View, memory: Rollout, now: datetime) -> _Moved:
    assert memory.before is not None
    group = view.seen.group
    departures = Departures(group.desired, len(view.old), memory.before.desired)
    steps = [turns.step(policy, view, turn, departures, now) for turn in memory.turns]
    released = sum(
        1
        for turn, step in zip(memory.turns, steps, strict=True)
        if turn.released is None and (step.turn is None or step.turn.released is not None)
    )
    after = memory.having(
        turns=tuple(step.turn for step in steps if step.turn is not None),
        nodes_done=memory.nodes_done + released,
        desired=departures.desired,
        desired_was=group.desired,
    )
    return _Moved(
        after,
        actions=tuple(action for step in steps for action in step.actions),
        waits=tuple(step.wait for step in steps if step.wait is not None),
        notes=tuple(step.note for step in steps if step.note),
        failed=tuple(step.turn for step in steps if step.failed and step.turn is not None),
    )


def _begin(policy: Policy, view: View, memory: Rollout, now: datetime) -> tuple[Drain, ...]:
    """Return the turns that begin now: nodes that take no pods first, then in an order of chance.

    A try that failed leaves its nodes cordoned. Were others drained before them, every further try that
    fails would leave more of them, until more than maxUnavailable were out of use.
    """
    assert memory.before is not None
    room = memory.parallel - sum(1 for turn in memory.turns if turn.released is None)
    if room <= 0:
        return ()
    floor = memory.before.desired - (memory.parallel if policy.minimal else 0)
    taken = {turn.instance for turn in memory.turns}
    in_service = view.available
    begun: list[Drain] = []
    for member in sorted(view.old, key=lambda each: _order(policy, each)):
        if len(begun) >= room:
            break
        if member.instance.id in taken:
            continue
        if takes_pods(member):
            if in_service - 1 < floor:
                break
            in_service -= 1
        begun.append(turns.begin(policy, view, member, now))
    return tuple(begun)


def _order(policy: Policy, member: Member) -> tuple[bool, str]:
    # Nodes are picked at random (EKS User Guide); the update's id makes the same dice fall again.
    return takes_pods(member), hashlib.sha256(policy.draw(member.instance.id).encode()).hexdigest()


def _marks(policy: Policy, view: View, begun: tuple[Drain, ...]) -> tuple[Action, ...]:
    """Keep pods and load balancers off old nodes: all of them, or with MINIMAL those that go now.

    A group without surge still needs its old nodes for the pods of the first one that goes.
    """
    whose = {turn.instance for turn in begun} if policy.minimal else {m.instance.id for m in view.old}
    because = f"new nodes run {view.memory.target.release_version}: this one is to be replaced"
    return tuple(
        Mark(member.node, because)
        for member in view.old
        if member.instance.id in whose and member.node is not None and not turns.is_marked(member.node)
    )


def _said(begun: tuple[Drain, ...]) -> tuple[str, ...]:
    return tuple(f"{turn.node or turn.instance} in {turn.zone} is to be drained" for turn in begun)


def _not_drained(policy: Policy, view: View, failed: tuple[Drain, ...], memory: Rollout) -> Outcome:
    """Return the failure of an update whose nodes do not become empty.

    The first words are those of live groups; then come the node, the pod, the budget and the last
    refusal, which EKS leaves out.
    """
    blockers = [blocker for turn in failed for blocker in turn.blockers]
    why = summed_up(blockers)
    last = next((each.refusal for each in reversed(blockers) if each.refusal), "")
    said = f". Last refusal: {last.rstrip('.')}" if last else ""
    left = ", ".join(f"{turn.node} has {counted(turn.pods_left, 'pod')} left" for turn in failed)
    closed = [turn.node for turn in failed if _is_cordoned(view, turn)]
    stay = f"; {listed(closed)} {'stays' if len(closed) == 1 else 'stay'} cordoned" if closed else ""
    message = (
        f"Reached max retries while trying to evict pods from nodes in node group {policy.nodegroup}: "
        f"{why or left}{said}. {memory.nodes_done} of {memory.nodes_total} nodes were replaced{stay}. "
        "Update again to go on from here."
    )
    return Outcome("PodEvictionFailure", message, tuple(turn.node for turn in failed))


def _is_cordoned(view: View, turn: Drain) -> bool:
    """Tell whether the node takes no pods; its owner may have uncordoned it since."""
    member = view.member(turn.instance)
    return member is not None and member.node is not None and member.node.unschedulable
