"""Answer the lifecycle hooks of a group: let Ready nodes in, drain leaving nodes out.

Every termination comes through here, whatever caused it: scale-in, rebalancing, an unhealthy
instance, a terminate call, deletion. Source: EKS User Guide, managed node groups; the
15-minute limit and the completion with CONTINUE as observed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.limits import DRAIN_LIMIT_S
from nodeyard.planner import drain, launch_template
from nodeyard.planner.membership import Member
from nodeyard.ports import LAUNCH_HOOK, TERMINATE_HOOK, Blocked, Event, Node, NotFound

DRAIN_POLL_S = 5.0


async def answer(visit: Visit, members: Sequence[Member]) -> bool:
    """Answer every hook that can be answered now; return True while some must be asked again."""
    await _let_in(visit, members)
    leaving = [m for m in members if m.instance.lifecycle_state == "Terminating:Wait"]
    await _remember(visit, leaving)
    left = await asyncio.gather(*(_let_out(visit, member) for member in leaving))
    return not all(left)


async def _let_in(visit: Visit, members: Sequence[Member]) -> None:
    for member in members:
        if member.node is None or not member.ready or member.leaving:
            continue
        await _label(visit, member.node)
        if member.instance.lifecycle_state == "Pending:Wait":
            await _complete(visit, LAUNCH_HOOK, member)


async def _label(visit: Visit, node: Node) -> None:
    """Set what kubelet may not set itself; see the reserved label rule of admission."""
    wanted = launch_template.server_side_labels(visit.group)
    missing: dict[str, str | None] = {k: v for k, v in wanted.items() if node.labels.get(k) != v}
    if missing:
        await visit.kubernetes.patch_node(node.name, labels=missing)


async def _complete(visit: Visit, hook: str, member: Member) -> None:
    visit.work.check()
    await visit.hands.compute.complete_hook(
        visit.group.scope,
        visit.group.auto_scaling_group_name,
        hook,
        member.instance.id,
        result="CONTINUE",
    )


async def _remember(visit: Visit, leaving: Sequence[Member]) -> None:
    """Store each drain's limit before the first eviction, so that a crash does not restart it."""
    known = visit.group.drains
    limit = visit.hands.clock.after(DRAIN_LIMIT_S)
    wanted = {m.instance.id: known.get(m.instance.id, limit) for m in leaving}
    if wanted == known:
        return
    events = [
        visit.event(
            "DrainStarted",
            f"instance {m.instance.id} is terminating; its node is drained first",
            instance=m.instance.id,
            node=m.node.name if m.node else "",
        )
        for m in leaving
        if m.instance.id not in known
    ]
    await visit.save(replace(visit.group, drains=wanted), *events)


async def _let_out(visit: Visit, member: Member) -> bool:
    """Drain one node; complete its hook once it is empty or out of time. Return True when done."""
    if member.node is not None:
        limit = visit.group.drains[member.instance.id]
        if not await _drained(visit, member.node, limit):
            return False
    await _complete(visit, TERMINATE_HOOK, member)
    return True


async def _drained(visit: Visit, node: Node, limit: datetime) -> bool:
    kubernetes = visit.kubernetes
    visit.work.check()
    try:
        if not node.unschedulable:
            await kubernetes.set_unschedulable(node.name, True)
        pods = await kubernetes.pods_on(node.name)
    except NotFound:
        return True
    verdicts = [(pod, drain.judge(pod)) for pod in pods]
    held = [(pod, v) for pod, v in verdicts if v.outcome is not drain.Outcome.LEAVE]
    if not held or visit.hands.clock.now() >= limit:
        return True
    blocked: list[Event] = []
    for pod, verdict in held:
        if verdict.outcome is drain.Outcome.EVICT:
            answer = await kubernetes.evict(pod.namespace, pod.name, pod.uid)
            if isinstance(answer, Blocked):
                blocked.append(_refused(visit, node, f"{pod.namespace}/{pod.name}", answer))
    return False


def _refused(visit: Visit, node: Node, pod: str, answer: Blocked) -> Event:
    return visit.event(
        "EvictionBlocked",
        f"pod {pod} on {node.name} cannot be evicted: {answer.message}",
        node=node.name,
        pod=pod,
        budget=", ".join(answer.budgets),
    )
