"""Repairs that are under way: emptied and replaced, or rebooted and healthy again. Pure.

A running repair goes on whatever the thresholds say. Source: EKS User Guide, node auto repair.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from nodeyard.model.drain import Drain
from nodeyard.model.repair import Repair, RepairAction
from nodeyard.model.values import replace
from nodeyard.planner import drain as drains
from nodeyard.planner.membership import Member
from nodeyard.planner.repair import actions
from nodeyard.planner.repair.plan import Note, Observation, Policy, Wait
from nodeyard.planner.words import counted
from nodeyard.ports import Node


@dataclass(slots=True)
class Progress:
    """What goes on, gathered repair by repair. `ill` are the instances that are unhealthy now."""

    policy: Policy
    seen: Observation
    ill: frozenset[str]
    now: datetime
    repairs: list[Repair] = field(default_factory=list)
    actions: list[actions.Action] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def go_on(
    policy: Policy, seen: Observation, running: tuple[Repair, ...], ill: frozenset[str], now: datetime
) -> Progress:
    """Move every running repair on by one step."""
    members = {member.instance.id: member for member in seen.members}
    progress = Progress(policy, seen, ill, now)
    for repair in running:
        member = members.get(repair.instance)
        if member is None:
            progress.notes.append(_ended(policy, repair, now))
        elif repair.action is RepairAction.REPLACE:
            _replace(progress, repair, member)
        else:
            _reboot(progress, repair, member)
    return progress


def begun(policy: Policy, member: Member, because: str, now: datetime) -> Repair:
    """Return the replacement of an instance, its drain limited from now on."""
    name = member.node.name if member.node else ""
    drain = Drain(
        instance=member.instance.id,
        node=name,
        zone=member.instance.zone,
        began=now,
        limit=policy.after(now, policy.drain_limit_s),
    )
    return Repair(member.instance.id, name, RepairAction.REPLACE, because, now, drain=drain)


def _ended(policy: Policy, repair: Repair, now: datetime) -> Note:
    took = policy.minutes(now - repair.began)
    if repair.done is None:
        text = f"instance {repair.instance} went before its repair was done"
        return Note("NodeRepairEnded", text, repair.instance, repair.node)
    text = (
        f"instance {repair.instance} is gone after {took} min and Auto Scaling replaces it: {repair.because}"
    )
    return Note("NodeReplaced", text, repair.instance, repair.node)


def _replace(progress: Progress, repair: Repair, member: Member) -> None:
    now = progress.now
    if member.leaving:
        progress.repairs.append(replace(repair, done=repair.done or now))
        return
    if repair.instance not in progress.ill and repair.done is None:
        text = f"node {repair.node or repair.instance} became healthy before it was replaced"
        progress.notes.append(Note("NodeRecovered", text, repair.instance, repair.node))
        return
    node, drain, because = member.node, repair.drain, repair.because
    assert drain is not None, "a replacement has a drain"
    if repair.done is None and node is not None:
        emptying = drains.look(progress.seen.pods.get(node.name, ()), node, now, drain)
        if emptying.left and now < drain.limit:
            _empty(progress, repair, node, emptying)
            return
        if emptying.left:
            because = _out_of_time(progress.policy, node, emptying)
    progress.repairs.append(replace(repair, done=repair.done or now))
    progress.actions.append(actions.Terminate(repair.instance, because))


def _empty(progress: Progress, repair: Repair, node: Node, emptying: drains.Emptying) -> None:
    assert repair.drain is not None
    policy, limit = progress.policy, repair.drain.limit
    because = (
        f"{counted(emptying.left, 'pod')} must leave node {node.name} before it is replaced, "
        f"until {limit:%H:%M:%S}Z"
    )
    progress.repairs.append(repair)
    progress.actions.append(actions.Sweep(repair.instance, node, emptying, because))
    again_s = drains.look_again_s(repair.drain, emptying, told=policy.told)
    progress.waits.append(Wait(because, min(limit, policy.after(progress.now, again_s)), node.name))


def _out_of_time(policy: Policy, node: Node, emptying: drains.Emptying) -> str:
    """Say what is left; the answer to the terminate hook tells it as an event, with the reasons."""
    names = ", ".join(f"{pod.namespace}/{pod.name}" for pod in emptying.held)
    minutes = int(policy.drain_limit_s // 60)
    return (
        f"node {node.name} is replaced after {minutes} min with {counted(emptying.left, 'pod')} left: {names}"
    )


def _reboot(progress: Progress, repair: Repair, member: Member) -> None:
    policy, now = progress.policy, progress.now
    if member.leaving:
        progress.repairs.append(repair)
        return
    if repair.done is None:
        progress.repairs.append(repair)
        progress.actions.append(actions.Reboot(repair.instance, repair.because))
        return
    limit = repair.limit or policy.after(repair.done, policy.reboot_limit_s)
    if repair.instance not in progress.ill:
        took = policy.minutes(now - repair.began)
        text = f"node {repair.node} is healthy {took} min after its reboot began: {repair.because}"
        progress.notes.append(Note("NodeRebooted", text, repair.instance, repair.node))
    elif now < limit:
        because = f"node {repair.node} was rebooted and has to be healthy until {limit:%H:%M:%S}Z"
        progress.repairs.append(replace(repair, limit=limit))
        progress.waits.append(Wait(because, limit, repair.node))
    else:
        minutes = int(policy.reboot_limit_s // 60)
        because = f"a reboot did not help within {minutes} min ({repair.because})"
        progress.repairs.append(begun(policy, member, because, now))
        text = f"node {repair.node} is replaced: {because}"
        progress.notes.append(Note("NodeRepairStarted", text, repair.instance, repair.node))
        progress.waits.append(Wait(text, now, repair.node))
