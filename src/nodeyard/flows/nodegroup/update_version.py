"""UPDATING by UpdateNodegroupVersion: observe, plan, remember, act, until the plan says it is over.

Everything that is decided is in `planner.rollout`. This flow gathers what the planner asks for,
writes the plan's memory before anything is done, and does exactly what the plan says.
"""

from __future__ import annotations

from datetime import datetime

from nodeyard.engine.runner import Next
from nodeyard.flows.nodegroup import acting, health, hooks, lane_events, pool, uncordoned
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.health import Issue
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.rollout import STOPS, Outcome, Phase, Rollout
from nodeyard.model.status import NodegroupStatus, UpdateStatus
from nodeyard.model.update import Update, UpdateError
from nodeyard.model.values import replace
from nodeyard.planner import launch_failures, launch_template, progress, rollout
from nodeyard.planner.membership import Member
from nodeyard.planner.rollout import Observation, Plan, Policy, View, cordons
from nodeyard.planner.rollout.plan import enter
from nodeyard.ports import AutoScalingGroup, Denied, Event, Invalid, LimitExceeded, NotFound, Pod

LOOK_AGAIN_S = 15.0
TOLD_LOOK_AGAIN_S = 600.0
"""The same where every change is told."""
STEADY_S = 60.0
ENDING = frozenset({Phase.SCALE_DOWN, Phase.ROLL_BACK, Phase.RETREAT})
_MANY_SECONDS = 100_000.0


async def run(visit: Visit, update: Update) -> Next:
    """Move one version update on by one plan."""
    memory = update.rollout
    assert memory is not None, "a version update has a memory"
    found, members = await visit.observe()
    if found is None:
        gone = f"Auto Scaling group {visit.group.auto_scaling_group_name} does not exist any more"
        return await _end(visit, update, memory, Outcome("Unknown", gone), None, ())
    try:
        return await _pass(visit, update, memory, found, members)
    except Denied as error:
        return await _stop(visit, found, Outcome("AccessDenied", error.message))
    except Invalid as error:
        return await _stop(visit, found, Outcome("Unknown", error.message))
    except (LimitExceeded, NotFound) as error:
        # Somebody may raise the quota or bring back what is gone; until then the issue says what to do.
        if not visit.out_of_patience(update):
            raise
        return await _stop(visit, found, Outcome("Unknown", error.message))


async def _pass(
    visit: Visit,
    update: Update,
    memory: Rollout,
    found: AutoScalingGroup,
    members: tuple[Member, ...],
) -> Next:
    await _follow_template(visit, memory, found)
    await uncordoned.forget(visit, members)
    drains_at = await hooks.answer(visit, members, _labels(visit.group, memory))
    await pool.keep(visit, found, resting=True)
    await health.look(visit, found, members, memory)
    observation = await _observe(visit, memory, found, members)
    plan = rollout.plan(_policy(visit, update), observation, memory, visit.hands.clock.now())
    plan = replace(plan, memory=plan.memory.having(moving=progress.moving(observation, plan.memory)))
    update = await _remember(visit, update, plan, observation)
    done = await acting.perform(visit, update.id, plan)
    after = done.memory(plan.memory)
    if after != plan.memory or done.events:
        update = await _write(visit, update, after, tuple(done.events))
    if plan.outcome is not None:
        left = cordons.kept(visit.group.left_cordoned, after, plan.outcome, members)
        return await _end(visit, update, after, plan.outcome, found, left)
    if plan.again:
        return Next(at=visit.hands.clock.now())
    return Next(at=_next_look(visit, plan, drains_at))


async def _follow_template(visit: Visit, memory: Rollout, found: AutoScalingGroup) -> None:
    """Note which of the update's template versions the Auto Scaling group launches.

    It may be the other one than the record says: an answer got lost, or a crash came before the record.
    """
    made, used = visit.group.resources, found.launch_template_version
    ours = (memory.template_version, memory.previous_template_version)
    if found.launch_template_id != made.launch_template_id or used is None or used not in ours:
        return
    if made.launch_template_version != used:
        await visit.save(replace(visit.group, resources=replace(made, launch_template_version=used)))


def _labels(group: Nodegroup, memory: Rollout) -> hooks.LabelsOf:
    """Label nodes of the new template version as the target, those of the version before as the record."""
    made: dict[bool, dict[str, str]] = {}

    def of(new: bool) -> dict[str, str]:
        if new not in made:
            made[new] = launch_template.server_side_labels(
                acting.as_target(group, memory.target) if new else group
            )
        return made[new]

    def labels(member: Member) -> dict[str, str]:
        version = member.instance.launch_template_version
        if memory.template_version is not None and version == memory.template_version:
            return of(True)
        if version in (None, memory.previous_template_version):
            return of(False)
        return {}

    return labels


async def _observe(
    visit: Visit, memory: Rollout, found: AutoScalingGroup, members: tuple[Member, ...]
) -> Observation:
    """Read the pods that matter now, and failed launches while nodes are missing."""
    seen = Observation(found, members, {})
    view = View(seen, memory)
    by_instance = {member.instance.id: member.node for member in members}
    nodes = {node.name for turn in memory.turns if (node := by_instance.get(turn.instance)) is not None}
    if memory.phase in ENDING:
        nodes |= {member.node.name for member in view.new if member.node is not None}
    pods: dict[str, tuple[Pod, ...]] = await acting.pods_of(visit, sorted(nodes))
    failures: tuple[Issue, ...] = ()
    if len(view.staying) < found.desired:
        activities = await visit.hands.compute.activities(visit.group.scope, found.name)
        failures = launch_failures.issues(activities, found.name)
    left = frozenset(visit.group.left_cordoned)
    return Observation(found, members, pods, failures, left, seen.known)


def _policy(visit: Visit, update: Update) -> Policy:
    clock = visit.hands.clock
    return Policy(
        update_id=update.id,
        nodegroup=visit.group.name,
        update_config=visit.group.update_config,
        force=update.force,
        cancelled=update.cancel_requested,
        drain_limit_s=visit.hands.drain_limit_s,
        second=(clock.after(_MANY_SECONDS) - clock.now()) / _MANY_SECONDS,
        dice=visit.hands.dice,
        told=visit.hands.told,
    )


async def _remember(visit: Visit, update: Update, plan: Plan, seen: Observation) -> Update:
    """Write what the plan must not forget before anything of it is done."""
    before = update.rollout
    assert before is not None
    events = [
        visit.event("UpdateStep", note, update=update.id, phase=plan.memory.phase) for note in plan.notes
    ]
    if plan.memory.phase is not before.phase:
        text = f"phase {plan.memory.phase} follows {before.phase}"
        events.append(visit.event("UpdatePhase", text, update=update.id, phase=plan.memory.phase))
    events += lane_events.of_moving(visit, update.id, seen, before, plan.memory)
    events += lane_events.of_new(visit, update.id, seen, before, plan.memory)
    if plan.memory == before and not events:
        return update
    return await _write(visit, update, plan.memory, tuple(events))


async def _write(visit: Visit, update: Update, memory: Rollout, events: tuple[Event, ...]) -> Update:
    assert update.rollout is not None
    lanes = lane_events.of_turns(visit, update.id, update.rollout, memory)
    after = replace(update, rollout=memory)
    await visit.save_update(after, *events, *lanes)
    return replace(after, revision=after.revision + 1)


def _next_look(visit: Visit, plan: Plan, drains_at: datetime | None) -> datetime:
    seldom = visit.hands.clock.after(TOLD_LOOK_AGAIN_S if visit.hands.told else LOOK_AGAIN_S)
    return min(at for at in (seldom, plan.look_again, drains_at) if at is not None)


async def _stop(visit: Visit, found: AutoScalingGroup, outcome: Outcome) -> Next:
    """Give back what the update took, then let it fail; where that is refused too, end as things are."""
    group = visit.group
    assert group.active_update is not None, "a group that is UPDATING names its update"
    update = await visit.hands.store.update(group.scope, group.cluster, group.name, group.active_update)
    assert update is not None and update.rollout is not None, "an update outlives the work on it"
    memory = update.rollout
    back = STOPS.get(memory.phase)
    if back is None:
        left = cordons.ours(group.left_cordoned, memory)
        return await _end(visit, update, memory, memory.outcome or outcome, found, left)
    now = visit.hands.clock.now()
    stopped = enter(replace(memory, outcome=outcome), back, now)
    event = visit.event("UpdatePhase", f"phase {back}: {outcome.message}", update=update.id, phase=back)
    await _write(visit, update, stopped, (event,))
    return Next(at=now)


async def _end(
    visit: Visit,
    update: Update,
    memory: Rollout,
    outcome: Outcome,
    found: AutoScalingGroup | None,
    left: tuple[str, ...],
) -> Next:
    """Write the end of the update and the group as it is now, in one transaction.

    `left` are the instances whose nodes stay cordoned by us.
    """
    now = visit.hands.clock.now()
    status = _status_of(outcome)
    group = visit.group
    if status is UpdateStatus.SUCCESSFUL:
        group = acting.as_target(group, memory.target)
    if found is not None and memory.before is not None:
        group = replace(group, scaling=memory.before)
    group = replace(group.moved_to(NodegroupStatus.ACTIVE, now), active_update=None, left_cordoned=left)
    errors = (UpdateError(outcome.code, outcome.message, outcome.resource_ids),) if outcome.code else ()
    ended = replace(
        update,
        status=status,
        errors=errors,
        finished_at=now,
        rollout=replace(memory, outcome=outcome, waits=(), turns=(), moving=()),
    )
    said = f"VersionUpdate {update.id}: {outcome.message}"
    visit.hands.health_due.pop(visit.work.key, None)
    await visit.save(group, visit.event(f"Update{status}", said, update=update.id), update=ended)
    return visit.again(1.0)


def _status_of(outcome: Outcome) -> UpdateStatus:
    if outcome.cancelled:
        return UpdateStatus.CANCELLED
    return UpdateStatus.FAILED if outcome.code else UpdateStatus.SUCCESSFUL
