"""CREATING: make what the group needs, let its nodes in, become ACTIVE or CREATE_FAILED."""

from __future__ import annotations

from nodeyard.engine.runner import Next
from nodeyard.flows.nodegroup import health, hooks, make, pool
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.limits import CREATE_DEADLINE_S
from nodeyard.model.status import NodegroupStatus
from nodeyard.model.values import replace
from nodeyard.planner import creation
from nodeyard.planner.creation import Judgement, Stage

LOOK_AGAIN_S = 15.0


async def run(visit: Visit) -> Next:
    await make.everything(visit)
    found, members = await visit.observe()
    await hooks.answer(visit, members)
    if found is not None:
        await pool.keep(visit, found)
    awaited = creation.awaited(visit.group)
    await health.look(visit, found, members, fresh=creation.is_complete(awaited, members))
    clock = visit.hands.clock
    verdict = creation.judge(
        awaited,
        members,
        visit.group.issues,
        group=visit.group.auto_scaling_group_name,
        deadline=visit.group.create_deadline or clock.after(CREATE_DEADLINE_S),
        now=clock.now(),
    )
    return await _conclude(visit, verdict)


async def _conclude(visit: Visit, verdict: Judgement) -> Next:
    group = visit.group
    now = visit.hands.clock.now()
    if verdict.stage is Stage.ACTIVE:
        active = group.moved_to(NodegroupStatus.ACTIVE, now)
        await visit.save(active, visit.event("NodegroupActive", verdict.because))
        return visit.again(LOOK_AGAIN_S)
    if verdict.stage is Stage.FAILED:
        failed = replace(group.moved_to(NodegroupStatus.CREATE_FAILED, now), issues=verdict.issues)
        await visit.save(failed, visit.event("NodegroupCreateFailed", verdict.because))
        return visit.again(LOOK_AGAIN_S)
    return visit.again(LOOK_AGAIN_S)
