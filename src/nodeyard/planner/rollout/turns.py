"""One old node's way out: cordon, evict, wait until empty, pause for load balancers, terminate. Pure.

Source: EKS User Guide, update behaviour, upgrade phase: 15 minutes to drain, 60 seconds after the
last pod, then Auto Scaling terminates the instance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from nodeyard.model.drain import Drain
from nodeyard.model.values import replace
from nodeyard.planner import drain as drains
from nodeyard.planner.membership import Member
from nodeyard.planner.rollout.actions import (
    LABEL_NO_LOAD_BALANCER,
    TAINT,
    Action,
    Cordon,
    ForcePod,
    Mark,
    Sweep,
    Terminate,
)
from nodeyard.planner.rollout.observation import View
from nodeyard.planner.rollout.plan import Wait
from nodeyard.planner.rollout.policy import Policy
from nodeyard.planner.rollout.sizes import Departures
from nodeyard.planner.words import counted, listed, span
from nodeyard.ports import Node


@dataclass(frozen=True, slots=True)
class Step:
    """`turn` None: the node is out of the way. `failed`: its limit passed and nothing is forced."""

    turn: Drain | None
    actions: tuple[Action, ...] = ()
    wait: Wait | None = None
    failed: bool = False
    note: str = ""


def is_marked(node: Node) -> bool:
    return TAINT in node.taints and node.labels.get(LABEL_NO_LOAD_BALANCER) == "true"


def begin(policy: Policy, view: View, member: Member, now: datetime) -> Drain:
    """Return the turn of an old node, its limit counted from now."""
    schedulable = member.node is not None and not member.node.unschedulable
    return Drain(
        instance=member.instance.id,
        node=member.node.name if member.node else "",
        zone=member.instance.zone,
        began=now,
        limit=policy.after(now, policy.drain_limit_s),
        cordoned=schedulable or member.instance.id in view.seen.left_cordoned,
    )


def step(policy: Policy, view: View, turn: Drain, departures: Departures, now: datetime) -> Step:
    """Return what one turn does now."""
    member = view.member(turn.instance)
    if member is None or member.leaving:
        return Step(None)
    if turn.released is not None:
        return _go(turn, departures, turn.released)
    if member.node is None:
        return _go(replace(turn, emptied=now), departures, now)
    pods = view.seen.pods.get(member.node.name)
    if pods is None:
        return Step(turn, wait=Wait("PodsNotRead", f"the pods of {member.node.name} are read first", now))
    emptying = drains.look(pods, member.node, now, turn)
    if emptying.left and not turn.forced:
        return _evicting(policy, member.node, turn, emptying, now)
    return _emptied(policy, member.node, replace(turn, pods_left=emptying.left), departures, now)


def _prepared(node: Node) -> tuple[Action, ...]:
    actions: tuple[Action, ...] = ()
    if not is_marked(node):
        actions += (Mark(node, f"{node.name} is being replaced"),)
    if not node.unschedulable:
        actions += (Cordon(node, f"{node.name} is to be drained"),)
    return actions


def _evicting(policy: Policy, node: Node, turn: Drain, emptying: drains.Emptying, now: datetime) -> Step:
    if turn.emptied is not None or turn.pods_left != emptying.left:
        turn = replace(turn, emptied=None, pods_left=emptying.left)
    if now >= turn.limit and not policy.force:
        blockers = turn.blockers or drains.unexplained(node, emptying, now)
        return Step(replace(turn, blockers=blockers), failed=True)
    if now >= turn.limit:
        because = f"forced: not evicted within {span(policy.drain_limit_s)}"
        forced = tuple(ForcePod(pod, because) for pod in emptying.evict)
        note = f"{node.name}: {counted(emptying.left, 'pod')} deleted with force: {_held(emptying)}"
        wait = _pause(policy, node, now)
        return Step(replace(turn, forced=True, emptied=now), forced, wait, note=note)
    because = f"{counted(emptying.left, 'pod')} must leave {node.name}"
    sweep = Sweep(turn.instance, node, emptying, because)
    again_s = drains.look_again_s(turn, emptying, told=policy.told)
    until = min(policy.after(now, again_s), turn.limit)
    left = span((turn.limit - now) / policy.second)
    held = turn.blockers[0].sentence if turn.blockers else f"{_held(emptying)} still there"
    wait = Wait("NodeNotEmpty", f"{node.name}: {held}; {left} left to drain", until, node.name)
    return Step(turn, (*_prepared(node), sweep), wait)


def _emptied(policy: Policy, node: Node, turn: Drain, departures: Departures, now: datetime) -> Step:
    if turn.emptied is None:
        empty = replace(turn, emptied=now, blockers=())
        took = span((now - turn.began) / policy.second)
        note = f"{node.name} is empty after {took}"
        return Step(empty, _prepared(node), _pause(policy, node, now), note=note)
    if now < policy.after(turn.emptied, policy.pause_s):
        return Step(turn, _prepared(node), _pause(policy, node, turn.emptied))
    return _go(turn, departures, now)


def _pause(policy: Policy, node: Node, emptied: datetime) -> Wait:
    until = policy.after(emptied, policy.pause_s)
    because = f"{node.name} is empty; load balancers get {policy.pause_s:g} s to notice"
    return Wait("LoadBalancerPause", because, until, node.name)


def _go(turn: Drain, departures: Departures, released: datetime) -> Step:
    down = departures.old_node_goes()
    what = "the surge is given back with it" if down else "Auto Scaling launches a new one in its place"
    because = f"{turn.node or turn.instance} is out of use; {what}"
    note = because if turn.released is None else ""
    return Step(replace(turn, released=released), (Terminate(turn.instance, down, because),), note=note)


def _held(emptying: drains.Emptying) -> str:
    return listed([f"{pod.namespace}/{pod.name}" for pod in emptying.held])
