"""Node auto repair, decided step by step. Pure; `flows.nodegroup.repairing` observes and acts.

An unhealthy node is cordoned at once. After the wait of its condition it is replaced or rebooted,
as many at once as the configuration allows, and none while too many nodes are unhealthy. A node
that recovers is given back.

Source: EKS User Guide, *Detect node health issues and enable automatic node repair*.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from nodeyard.model.repair import Repair, RepairAction, RepairMemory
from nodeyard.planner.membership import Member
from nodeyard.planner.repair import actions, bounds, findings, progress
from nodeyard.planner.repair.findings import IN_SERVICE, Finding
from nodeyard.planner.repair.plan import Note, Observation, Plan, Policy, Wait
from nodeyard.planner.words import counted


def plan(policy: Policy, seen: Observation, memory: RepairMemory, now: datetime) -> Plan:
    """Return what repair does now. Raises: nothing; what is not due yet is a wait with a reason."""
    found = findings.find(policy, seen.members, memory.ailments, now) if policy.config.enabled else ()
    ill = frozenset(each.ailment.instance for each in found)
    running = memory.repairs if policy.config.enabled else _irrevocable(memory.repairs)
    going = progress.go_on(policy, seen, running, ill, now)
    started, stopped = _start(policy, seen, found, going.repairs, now)
    cordoned, cordons = _cordons(policy, seen.members, found, going.repairs, memory.cordoned, now)
    after = RepairMemory(
        ailments=tuple(each.ailment for each in found),
        repairs=(*going.repairs, *started),
        cordoned=cordoned,
        stopped=stopped,
    )
    return Plan(
        memory=after,
        actions=(*cordons, *going.actions),
        waits=(*going.waits, *_waits(policy, found, after, now)),
        notes=(*_news(policy, found, memory, after, now), *going.notes),
        again=bool(started) or any(wait.until <= now for wait in going.waits),
    )


def _irrevocable(repairs: Sequence[Repair]) -> tuple[Repair, ...]:
    """Return what goes on after repair was switched off: what was asked of AWS already."""
    return tuple(each for each in repairs if each.done is not None)


def _start(
    policy: Policy,
    seen: Observation,
    found: Sequence[Finding],
    running: Sequence[Repair],
    now: datetime,
) -> tuple[list[Repair], str]:
    """Return the repairs that begin now, and why none may."""
    by_id = {member.instance.id: member for member in seen.members}
    busy = {each.instance for each in running}
    staying = [member for member in seen.members if not member.leaving]
    unhealthy = len({each.ailment.instance for each in found} | {m.instance.id for m in staying} & busy)
    stopped = bounds.stopped(policy.config, unhealthy, len(staying), seen.shifted) if found else ""
    room = bounds.parallel(policy.config, unhealthy) - len(busy)
    started: list[Repair] = []
    for finding in found:
        id = finding.ailment.instance
        if stopped or room <= len(started) or finding.due > now:
            break
        if id in busy:
            continue
        busy.add(id)
        started.append(_begin(policy, by_id[id], finding, now))
    return started, stopped


def _begin(policy: Policy, member: Member, finding: Finding, now: datetime) -> Repair:
    because = finding.words(policy, now)
    if finding.treatment.action is RepairAction.REPLACE:
        return progress.begun(policy, member, because, now)
    return Repair(member.instance.id, finding.ailment.node, RepairAction.REBOOT, because, now)


def _cordons(
    policy: Policy,
    members: Sequence[Member],
    found: Sequence[Finding],
    running: Sequence[Repair],
    ours: Sequence[str],
    now: datetime,
) -> tuple[tuple[str, ...], list[actions.Action]]:
    """Return whose cordon is repair's, and the cordons to put and to take away."""
    why = {each.ailment.instance: each for each in reversed(found)}
    busy = {each.instance for each in running}
    kept: list[str] = []
    wanted: list[actions.Action] = []
    for member in members:
        id, node = member.instance.id, member.node
        if node is None or member.leaving or member.instance.lifecycle_state != IN_SERVICE:
            continue
        if id in why and not node.unschedulable:
            wanted.append(actions.Cordon(node, why[id].words(policy, now)))
            kept.append(id)
        elif id in why or id in busy:
            kept += [id] if id in ours else []
        elif id in ours and node.unschedulable:
            # Kept until the node is seen to be schedulable, so that a crash does not leave it cordoned.
            wanted.append(actions.Uncordon(node, f"node {node.name} is healthy again"))
            kept.append(id)
    return tuple(kept), wanted


def _waits(policy: Policy, found: Sequence[Finding], memory: RepairMemory, now: datetime) -> list[Wait]:
    busy = {each.instance for each in memory.repairs}
    waits = []
    for each in found:
        if each.ailment.instance not in busy and each.due > now:
            verb = "replaced" if each.treatment.action is RepairAction.REPLACE else "rebooted"
            because = f"{each.words(policy, now)}: to be {verb} at {each.due:%H:%M:%S}Z unless it recovers"
            waits.append(Wait(because, each.due, each.ailment.node))
    return waits


def _news(
    policy: Policy, found: Sequence[Finding], before: RepairMemory, after: RepairMemory, now: datetime
) -> list[Note]:
    """Return what is worth an event: new ailments, recoveries, repairs that begin, the threshold."""
    known = {(a.instance, a.condition, a.reason) for a in before.ailments}
    notes = []
    for each in found:
        ill = each.ailment
        if (ill.instance, ill.condition, ill.reason) not in known:
            notes.append(Note("NodeUnhealthy", each.words(policy, now), ill.instance, ill.node))
    had = {each.instance for each in before.repairs}
    for repair in after.repairs:
        if repair.instance not in had:
            verb = "replaced" if repair.action is RepairAction.REPLACE else "rebooted"
            unwell, mended = len({a.instance for a in after.ailments}), len(after.repairs)
            text = (
                f"{repair.node or repair.instance} is {verb}: {repair.because}; "
                f"{counted(unwell, 'node')} {'is' if unwell == 1 else 'are'} unhealthy and "
                f"{mended} {'is' if mended == 1 else 'are'} being repaired"
            )
            notes.append(Note("NodeRepairStarted", text, repair.instance, repair.node))
    if bool(after.stopped) != bool(before.stopped):
        notes.append(
            Note("NodeRepairsStopped", after.stopped)
            if after.stopped
            else Note("NodeRepairsResumed", "what stopped repairs is over: they may begin again")
        )
    return notes


def begins(plan: Plan, before: RepairMemory) -> bool:
    """Tell whether a plan begins a repair, or would begin one that something else stopped before."""
    had = {each.instance for each in before.repairs}
    return any(each.instance not in had for each in plan.memory.repairs) or bool(before.stopped)


def idle(memory: RepairMemory) -> bool:
    """Tell whether nothing is remembered that has to be brought to an end."""
    return memory == RepairMemory()


__all__ = ["Note", "Observation", "Plan", "Policy", "Wait", "actions", "begins", "idle", "plan"]
