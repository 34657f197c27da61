"""Node auto repair of a settled group: observe, plan, remember, act.

Everything that is decided is in `planner.repair`. Never runs while the group is being updated or
deleted; what was under way then goes on afterwards, its limits as they were.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from nodeyard.flows.nodegroup import acting, draining
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.nodegroup import RepairConfig
from nodeyard.model.repair import Repair, RepairAction, RepairMemory
from nodeyard.model.values import replace
from nodeyard.planner import repair
from nodeyard.planner.membership import Member
from nodeyard.planner.repair import Observation, Plan, Policy, actions
from nodeyard.ports import Event, NotFound

_MANY_SECONDS = 100_000.0


async def run(visit: Visit, members: Sequence[Member]) -> datetime | None:
    """Do what repair has to do now; return when it wants to look again, None when it has nothing to do."""
    config = visit.group.repair_config or RepairConfig()
    if not config.enabled and repair.idle(visit.group.repair):
        return None
    clock = visit.hands.clock
    second = (clock.after(_MANY_SECONDS) - clock.now()) / _MANY_SECONDS
    pods = await acting.pods_of(visit, _being_emptied(visit.group.repair, members))
    seen = Observation(tuple(members), pods)
    policy = Policy(config, second=second, told=visit.hands.told)
    plan = repair.plan(policy, seen, visit.group.repair, clock.now())
    if repair.begins(plan, visit.group.repair) and (shifted := await _shifted(visit)):
        plan = repair.plan(policy, replace(seen, shifted=shifted), visit.group.repair, clock.now())
    await _remember(visit, plan)
    await _act(visit, plan)
    return clock.now() if plan.again else plan.look_again


async def _shifted(visit: Visit) -> tuple[str, ...]:
    """Return the zones that ARC moves the cluster away from; it is asked only before a repair begins."""
    if visit.cluster.connector is not None:
        return ()
    return await visit.hands.compute.shifted_zones(visit.group.scope, visit.cluster.arn)


def _being_emptied(memory: RepairMemory, members: Sequence[Member]) -> list[str]:
    replaced = {each.instance for each in memory.repairs if each.action is RepairAction.REPLACE}
    return [m.node.name for m in members if m.node is not None and m.instance.id in replaced]


async def _remember(visit: Visit, plan: Plan) -> None:
    """Write what the plan must not forget before anything of it is done."""
    events = [
        visit.event(note.kind, note.because, instance=note.instance, node=note.node) for note in plan.notes
    ]
    await _save(visit, plan.memory, events)


async def _save(visit: Visit, memory: RepairMemory, events: Sequence[Event]) -> None:
    if memory != visit.group.repair or events:
        await visit.save(replace(visit.group, repair=memory), *events)


async def _act(visit: Visit, plan: Plan) -> None:
    scope, compute = visit.group.scope, visit.hands.compute
    rebooted: set[str] = set()
    for action in plan.actions:
        visit.work.check()
        if isinstance(action, actions.Cordon):
            await _cordon(visit, action.node.name, True)
        elif isinstance(action, actions.Uncordon):
            await _cordon(visit, action.node.name, False)
        elif isinstance(action, actions.Terminate):
            await compute.terminate_instance(scope, action.instance)
        elif isinstance(action, actions.Reboot):
            await compute.reboot_instance(scope, action.instance)
            rebooted.add(action.instance)
    sweeps = [each for each in plan.actions if isinstance(each, actions.Sweep)]
    swept = await asyncio.gather(*(_sweep(visit, each, plan.memory) for each in sweeps))
    drained = {each.instance: each for each, _ in swept}
    now = visit.hands.clock.now()
    repairs = tuple(_after(each, drained, rebooted, now) for each in plan.memory.repairs)
    await _save(visit, replace(plan.memory, repairs=repairs), [event for _, some in swept for event in some])


async def _cordon(visit: Visit, node: str, value: bool) -> None:
    try:
        await visit.kubernetes.set_unschedulable(node, value)
    except NotFound:
        return  # the next look finds it missing


async def _sweep(
    visit: Visit, action: actions.Sweep, memory: RepairMemory
) -> tuple[Repair, tuple[Event, ...]]:
    held = next(each for each in memory.repairs if each.instance == action.instance)
    assert held.drain is not None, "only a replacement empties its node"
    drain, events = await draining.sweep(visit, action.node, held.drain, action.emptying)
    return replace(held, drain=drain), events


def _after(repair: Repair, drained: dict[str, Repair], rebooted: set[str], now: datetime) -> Repair:
    held = drained.get(repair.instance, repair)
    return replace(held, done=now) if held.instance in rebooted else held
