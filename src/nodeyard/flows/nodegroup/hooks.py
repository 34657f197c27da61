"""Answer the lifecycle hooks of a group: let Ready nodes in, drain leaving nodes out.

Every termination comes through here, whatever caused it: scale-in, rebalancing, an unhealthy
instance, a terminate call, deletion. A Spot instance that EC2 takes back is drained from the
two-minute notice on, best effort: it goes whether its hook is answered or not.

Source: EKS User Guide, managed node groups; the 15-minute limit and the completion with CONTINUE as
observed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nodeyard.flows.nodegroup import draining
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.flows.together import together
from nodeyard.model.drain import Drain
from nodeyard.model.limits import DELETE_DRAIN_LIMIT_S, DRAIN_LIMIT_S, SPOT_NOTICE_S
from nodeyard.model.status import NodegroupStatus
from nodeyard.model.values import replace
from nodeyard.planner import drain as drains
from nodeyard.planner import launch_template, node_patch
from nodeyard.planner.membership import Member
from nodeyard.planner.words import counted, span
from nodeyard.ports import (
    LAUNCH_HOOK,
    TERMINATE_HOOK,
    Event,
    Node,
    NotFound,
    PortError,
    Throttled,
    Unavailable,
)

WAITING = "Terminating:Wait"

LabelsOf = Callable[[Member], dict[str, str]]
"""The labels that must be put on a member's node after it joined."""


async def answer(
    visit: Visit, members: Sequence[Member], labels_of: LabelsOf | None = None
) -> datetime | None:
    """Answer every hook that can be answered now; return when to look at the others, None without any.

    Raises: Throttled, Unavailable when EC2 does not tell of Spot notices, after all else was done.
    """
    await _let_in(visit, members, labels_of or _labels_of_the_record(visit))
    untold: PortError | None = None
    try:
        noticed = await _noticed(visit, members)
    except (Throttled, Unavailable) as error:
        untold, noticed = error, _noticed_before(visit, members)
    leaving = [m for m in members if m.instance.lifecycle_state == WAITING or m.instance.id in noticed]
    await _remember(visit, leaving, noticed)
    again = await _let_out(visit, leaving)
    if untold is not None:
        raise untold
    return again


async def _let_out(visit: Visit, leaving: Sequence[Member]) -> datetime | None:
    """Drain what leaves and answer for what is empty; return when to look again, None without any."""
    if not leaving:
        return None
    left = await together((_emptied(visit, member) for member in leaving), at_once=None)
    # Before any instance goes: a crash between the two must not swallow why it went with pods on it.
    await _note(visit, left)
    let_out = [member for member, one in zip(leaving, left, strict=True) if one.drain is None]
    waiting = (m for m in let_out if m.instance.lifecycle_state == WAITING)
    await together((_complete(visit, TERMINATE_HOOK, member) for member in waiting), at_once=None)
    return min((one.again for one in left if one.again is not None), default=None)


async def _noticed(visit: Visit, members: Sequence[Member]) -> dict[str, datetime]:
    """Return the Spot instances that EC2 takes back, each with the time of its notice.

    Those too whose launch hook is not answered: pods come to a node as soon as it is Ready.
    """
    staying = [m.instance.id for m in members if not m.leaving]
    if visit.group.capacity_type != "SPOT" or not staying:
        return {}
    return await visit.hands.compute.interruptions(visit.group.scope, staying)


def _noticed_before(visit: Visit, members: Sequence[Member]) -> dict[str, datetime]:
    """Return the Spot instances that are drained already, because of an earlier notice."""
    known = visit.group.drains
    return {
        m.instance.id: known[m.instance.id].began for m in members if not m.leaving and m.instance.id in known
    }


def _labels_of_the_record(visit: Visit) -> LabelsOf:
    """Label what the group's own template launched; nodes of another version keep what they carry."""
    group = visit.group
    ours = group.resources.launch_template_version
    wanted = launch_template.server_side_labels(group)

    def labels(member: Member) -> dict[str, str]:
        version = member.instance.launch_template_version
        same = version is None or ours is None or version == ours
        return wanted if same else {}

    return labels


async def _let_in(visit: Visit, members: Sequence[Member], labels_of: LabelsOf) -> None:
    """Answer for all Ready nodes at once: a large group must not wait for one answer after the other."""
    welcomes = []
    for member in members:
        if member.node is None or not member.ready or member.leaving:
            continue
        missing = _missing(member.node, labels_of(member))
        if missing or member.instance.lifecycle_state == "Pending:Wait":
            welcomes.append(_welcome(visit, member, member.node, missing))
    await together(welcomes, at_once=None)


async def _welcome(visit: Visit, member: Member, node: Node, missing: dict[str, str | None]) -> None:
    if missing:
        visit.work.check()
        await visit.kubernetes.patch_node(node.name, labels=missing)
    if member.instance.lifecycle_state == "Pending:Wait":
        if node.unschedulable and visit.group.warm_pool is not None:
            visit.work.check()
            await visit.kubernetes.set_unschedulable(node.name, False)  # it comes back from the pool
        await _taint(visit, node)
        await _catch_up(visit, member, node)
        await _complete(visit, LAUNCH_HOOK, member)


def _missing(node: Node, wanted: dict[str, str]) -> dict[str, str | None]:
    """Return the labels that kubelet may not set itself; see the reserved label rule of admission."""
    return {key: value for key, value in wanted.items() if node.labels.get(key) != value}


async def _taint(visit: Visit, node: Node) -> None:
    """Put the group's taints on a node of a custom image, whose user data is its owner's.

    Only on the way into the group: a taint that somebody takes away later is not put back.
    Source: EKS User Guide, node taints on managed node groups, and launch template support.
    """
    if visit.group.ami_type != "CUSTOM":
        return
    taints = node_patch.with_taints(node, visit.group.taints)
    if taints is not None:
        visit.work.check()
        await visit.kubernetes.patch_node(node.name, taints=taints)


async def _catch_up(visit: Visit, member: Member, node: Node) -> None:
    """Change what config updates changed while this node booted from an older launch template version."""
    version = member.instance.launch_template_version
    if version in (None, visit.group.resources.launch_template_version):
        return
    group = visit.group
    updates = await visit.hands.store.updates(group.scope, group.cluster, group.name)
    patch = node_patch.of(node, node_patch.missed(node, group, updates, version))
    if patch is not None:
        visit.work.check()
        await visit.kubernetes.patch_node(node.name, labels=patch.labels, taints=patch.taints)


async def _complete(visit: Visit, hook: str, member: Member) -> None:
    visit.work.check()
    await visit.hands.compute.complete_hook(
        visit.group.scope,
        visit.group.auto_scaling_group_name,
        hook,
        member.instance.id,
        result="CONTINUE",
    )


async def _remember(visit: Visit, leaving: Sequence[Member], noticed: Mapping[str, datetime]) -> None:
    """Store each drain's limit before the first eviction, so that a crash does not restart it."""
    known = visit.group.drains
    wanted = {
        m.instance.id: known.get(m.instance.id) or _begun(visit, m, noticed.get(m.instance.id))
        for m in leaving
    }
    if wanted == known:
        return
    events = [
        _started(visit, drain, noticed=drain.instance in noticed)
        for drain in wanted.values()
        if drain.instance not in known
    ]
    await visit.save(replace(visit.group, drains=wanted), *events)


def _started(visit: Visit, drain: Drain, *, noticed: bool) -> Event:
    node = drain.node or "(never joined)"
    text = f"instance {drain.instance} is terminating; its node {node} is drained first"
    if noticed:
        text = (
            f"EC2 takes Spot instance {drain.instance} back at {drain.limit:%H:%M:%S}Z; its node {node} is "
            "drained until then, best effort"
        )
    return visit.event("DrainStarted", text, instance=drain.instance, node=drain.node)


def _begun(visit: Visit, member: Member, noticed_at: datetime | None) -> Drain:
    clock = visit.hands.clock
    limit = clock.after(_limit_s(visit))
    if noticed_at is not None:
        limit = min(limit, noticed_at + (clock.after(SPOT_NOTICE_S) - clock.now()))
    begun_by_repair = visit.group.repair.drain_of(member.instance.id)
    if begun_by_repair is not None:
        return begun_by_repair
    return Drain(
        instance=member.instance.id,
        node=member.node.name if member.node else "",
        zone=member.instance.zone,
        began=clock.now(),
        limit=limit,
    )


def _limit_s(visit: Visit) -> int:
    """Return how long a drain may take: less where the whole group goes and its pods with it."""
    deleting = visit.group.status is NodegroupStatus.DELETING
    return DELETE_DRAIN_LIMIT_S if deleting else DRAIN_LIMIT_S


@dataclass(frozen=True, slots=True)
class _Left:
    """A drain as it goes on and when to look at it again; without one the instance may go."""

    drain: Drain | None = None
    again: datetime | None = None
    events: tuple[Event, ...] = ()


async def _emptied(visit: Visit, member: Member) -> _Left:
    """Drain one node."""
    if member.node is None:
        return _Left()
    try:
        return await _drained(visit, member.node, visit.group.drains[member.instance.id])
    except NotFound:
        return _Left()  # the node object is gone, and its pods with it


async def _drained(visit: Visit, node: Node, drain: Drain) -> _Left:
    """Return the drain as it goes on, none once the node is empty or out of time."""
    visit.work.check()
    if not node.unschedulable:
        await visit.kubernetes.set_unschedulable(node.name, True)
    pods = await visit.kubernetes.pods_on(node.name)
    now = visit.hands.clock.now()
    emptying = drains.look(pods, node, now, drain)
    if not emptying.left:
        return _Left()
    if now >= drain.limit:
        return _Left(events=(_out_of_time(visit, node, drain, emptying),))
    again_s = drains.look_again_s(drain, emptying, told=visit.hands.told)
    after, events = await draining.sweep(visit, node, drain, emptying)
    return _Left(after, min(visit.hands.clock.after(again_s), drain.limit), events)


def _out_of_time(visit: Visit, node: Node, drain: Drain, emptying: drains.Emptying) -> Event:
    names = ", ".join(f"{pod.namespace}/{pod.name}" for pod in emptying.held)
    why = "; ".join(each.sentence for each in drain.blockers)
    clock = visit.hands.clock
    allowed_s = 60 * (drain.limit - drain.began) / (clock.after(60) - clock.now())
    left = counted(emptying.left, "pod")
    return visit.event(
        "DrainTimedOut",
        f"node {node.name} goes after {span(allowed_s)} with {left} left: {names}"
        + (f" ({why})" if why else ""),
        instance=drain.instance,
        node=node.name,
    )


async def _note(visit: Visit, left: Sequence[_Left]) -> None:
    """Store what the pass learned of the drains, when it learned anything."""
    after = visit.group.drains | {one.drain.instance: one.drain for one in left if one.drain is not None}
    events = [event for one in left for event in one.events]
    if after != visit.group.drains or events:
        await visit.save(replace(visit.group, drains=after), *events)
