"""Look after the health of a group: gather the facts, keep the issues in the record, move its status.

Called in every pass of every flow. The account is asked once in a while and not at every pass; a
pass between two looks costs nothing. What is wrong is decided in `planner.health`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from nodeyard.engine.runner import Next
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.health import Issue
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.rollout import Rollout
from nodeyard.model.status import NodegroupStatus
from nodeyard.model.values import replace
from nodeyard.planner import health
from nodeyard.planner.health import Facts, consequences, failures
from nodeyard.planner.membership import Member
from nodeyard.ports import AutoScalingGroup, Event, Findings, Needs

CALM_S = 60.0
"""Between two looks at a group that is well."""
TOLD_CALM_S = 600.0
"""The same where every change is told."""
WORRIED_S = 15.0
"""Between two looks at a group that is being made or has an issue: people wait for it."""
CALM_WALL_S = 10.0
WORRIED_WALL_S = 1.0
"""The same in wall seconds, which bound the calls to AWS where time runs fast."""
RETRY_S = 15.0

SETTLED = frozenset({NodegroupStatus.ACTIVE, NodegroupStatus.DEGRADED})
_ENDED = frozenset({NodegroupStatus.CREATE_FAILED, NodegroupStatus.DELETE_FAILED})
_MANY_SECONDS = 100_000.0


async def look(
    visit: Visit,
    found: AutoScalingGroup | None,
    members: Sequence[Member],
    rollout: Rollout | None = None,
    *,
    fresh: bool = False,
) -> float:
    """Check the group if it is time to, store what changed, and return seconds until the next look.

    `fresh`: it is time, because the group is about to settle.
    """
    clock = visit.hands.clock
    key, now = visit.work.key, clock.now()
    due = visit.hands.health_due.get(key)
    calm_s = TOLD_CALM_S if visit.hands.told else CALM_S
    if due is not None and now < due and not fresh:
        calm_s = CALM_S  # what brought us here is looked at then
        if visit.group.failing is not None:
            await _store(visit, _without_failing(visit.group), None)
    else:
        facts = await _gather(visit, found, tuple(members), rollout)
        await _store(visit, health.check(facts, clock.now()), None)
        visit.hands.health_due[key] = _next_look(visit)
    return WORRIED_S if visit.group.issues else calm_s


async def note_failure(visit: Visit, error: Exception) -> Next | None:
    """Store what an error of a pass means; return when to look again if the creation ended by it."""
    group = visit.group
    if group.status in _ENDED:
        return None
    issue = failures.of(error, group)
    if issue is None:
        return None
    others = tuple(each for each in _without_failing(group) if each.code is not issue.code)
    if group.status is not NodegroupStatus.CREATING or not _gives_up(visit, issue):
        await _store(visit, (*others, issue), issue)
        return None
    now = visit.hands.clock.now()
    failed = group.moved_to(NodegroupStatus.CREATE_FAILED, now)
    await visit.save(
        replace(failed, issues=(*others, issue), failing=None),
        visit.event("NodegroupCreateFailed", issue.message, code=issue.code),
    )
    return visit.again(RETRY_S)


def _gives_up(visit: Visit, issue: Issue) -> bool:
    deadline = visit.group.create_deadline
    late = deadline is not None and visit.hands.clock.now() >= deadline
    return late or consequences.ends_creation([issue])


def _without_failing(group: Nodegroup) -> tuple[Issue, ...]:
    return tuple(each for each in group.issues if each != group.failing)


def _next_look(visit: Visit) -> datetime:
    clock, group = visit.hands.clock, visit.group
    worried = bool(group.issues) or group.status is NodegroupStatus.CREATING
    wall = timedelta(seconds=WORRIED_WALL_S if worried else CALM_WALL_S)
    return max(clock.after(WORRIED_S if worried else CALM_S), clock.now() + wall)


async def _store(visit: Visit, issues: tuple[Issue, ...], failing: Issue | None) -> None:
    """Write the issues with an event for each that is new or gone, and the status that they mean."""
    before = visit.group
    if (issues, failing) == (before.issues, before.failing):
        after = before
    else:
        after = replace(before, issues=issues, failing=failing)
    status = consequences.settled_status(issues)
    if before.status in SETTLED and before.status is not status:
        after = after.moved_to(status, visit.hands.clock.now())
    if after == before:
        return
    await visit.save(after, *_events(visit, before, after))


def _events(visit: Visit, before: Nodegroup, after: Nodegroup) -> list[Event]:
    said = {(each.code, each.resource_ids) for each in before.issues}
    left = {each.code for each in after.issues}
    events = [
        visit.event("HealthIssue", each.message, code=each.code, resources=",".join(each.resource_ids))
        for each in after.issues
        if (each.code, each.resource_ids) not in said
    ]
    events += [
        visit.event("HealthIssueGone", f"{each.code} is over", code=each.code)
        for each in before.issues
        if each.code not in left
    ]
    if before.status is not after.status:
        codes = ", ".join(each.code for each in after.issues) or "every cause is gone"
        events.append(visit.event("NodegroupStatus", f"{after.status} follows {before.status}: {codes}"))
    return events


async def _gather(
    visit: Visit, found: AutoScalingGroup | None, members: tuple[Member, ...], rollout: Rollout | None
) -> Facts:
    group, clock = visit.group, visit.hands.clock
    restless = found is not None and (
        len([each for each in members if each.ready and not each.leaving]) < found.desired
        or any(each.leaving for each in members)
    )
    activities = await visit.hands.compute.activities(group.scope, found.name) if found and restless else ()
    turns = rollout.turns if rollout else ()
    network = visit.cluster.request.get("kubernetesNetworkConfig") or {}
    return Facts(
        group=group,
        found=found,
        members=members,
        findings=await _inspect(visit),
        activities=activities,
        drains=(*group.drains.values(), *(each for each in turns if each.instance not in group.drains)),
        template_versions=_versions(group, rollout),
        second=(clock.after(_MANY_SECONDS) - clock.now()) / _MANY_SECONDS,
        cluster_security_group=visit.cluster.security_group_id,
        ipv6=network.get("ipFamily") == "ipv6",
    )


async def _inspect(visit: Visit) -> Findings | None:
    group, made = visit.group, visit.group.resources
    if group.status is NodegroupStatus.DELETING:
        return None
    source = group.launch_template
    own = (made.launch_template_id, made.launch_template_version)
    groups = (visit.cluster.security_group_id, made.remote_access_security_group)
    needs = Needs(
        nodegroup=group.name,
        auto_scaling_group=group.auto_scaling_group_name,
        subnets=group.subnets,
        security_groups=tuple(each for each in groups if each is not None),
        role_arn=group.node_role,
        instance_types=group.instance_types or (),
        instance_profile=group.instance_profile_name if made.instance_profile else None,
        template=(own[0], own[1]) if own[0] and own[1] else None,
        source_template=(source.id, source.version) if source else None,
        image_id=group.image_id or None,
    )
    return await visit.hands.compute.inspect(group.scope, needs)


def _versions(group: Nodegroup, rollout: Rollout | None) -> frozenset[str]:
    """Return every template version that Nodeyard itself may have set."""
    known = [group.resources.launch_template_version]
    if rollout is not None:
        known += [rollout.template_version, rollout.previous_template_version]
    return frozenset(each for each in known if each is not None)
