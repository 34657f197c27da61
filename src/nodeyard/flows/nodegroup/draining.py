"""The hands of a drain: evict what may go, find out why the rest does not.

Used by every drain there is: version updates, lifecycle hooks, repairs. What to evict and what a
refusal means is decided in `planner.drain`; nothing here chooses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.flows.together import together
from nodeyard.model.drain import Blocker, Drain
from nodeyard.model.values import replace
from nodeyard.planner import drain as drains
from nodeyard.planner.drain import Emptying, Facts, Refusal
from nodeyard.ports import Blocked, Budget, Event, Node, Pod


async def sweep(
    visit: Visit, node: Node, drain: Drain, emptying: Emptying
) -> tuple[Drain, tuple[Event, ...]]:
    """Evict every pod that may be asked to go; return the drain with its blockers, unsaved, and events."""
    refusals = await _evict(visit, emptying.evict)
    blockers = await _diagnose(visit, node, drain, emptying, refusals)
    events = [] if drain.warned else [_warning(visit, node, pod, v) for pod, v in emptying.warnings]
    events += [_blocked(visit, drain, each) for each in _news(drain.blockers, blockers)]
    return (
        replace(drain, pods_left=emptying.left, blockers=blockers, warned=True),
        tuple(events),
    )


async def _evict(visit: Visit, pods: Sequence[Pod]) -> list[Refusal]:
    async def one(pod: Pod) -> Refusal | None:
        visit.work.check()
        answer = await visit.kubernetes.evict(pod.namespace, pod.name, pod.uid)
        return Refusal(pod, answer) if isinstance(answer, Blocked) else None

    answers = await together(one(pod) for pod in pods)
    return [each for each in answers if each is not None]


async def _diagnose(
    visit: Visit, node: Node, drain: Drain, emptying: Emptying, refusals: Sequence[Refusal]
) -> tuple[Blocker, ...]:
    namespaces = sorted({refusal.pod.namespace for refusal in refusals})
    facts = await _facts(visit, namespaces)
    return drains.explain(
        node,
        emptying,
        refusals,
        facts,
        before=drain.blockers,
        limit=drain.limit,
        now=visit.hands.clock.now(),
    )


async def _facts(visit: Visit, namespaces: Sequence[str]) -> Facts:
    kubernetes = visit.kubernetes

    async def one(namespace: str) -> tuple[tuple[Budget, ...], tuple[Pod, ...]]:
        return await kubernetes.budgets(namespace), await kubernetes.pods_in(namespace)

    read = dict(zip(namespaces, await together(one(each) for each in namespaces), strict=True))
    return Facts(
        budgets={namespace: found[0] for namespace, found in read.items()},
        pods={namespace: found[1] for namespace, found in read.items()},
    )


def _news(before: Iterable[Blocker], after: Iterable[Blocker]) -> list[Blocker]:
    """Return the blockers that say something that was not said yet."""
    said = {(each.pod, each.sentence) for each in before}
    return [each for each in after if (each.pod, each.sentence) not in said]


def _warning(visit: Visit, node: Node, pod: Pod, verdict: drains.Verdict) -> Event:
    name = f"{pod.namespace}/{pod.name}"
    return visit.event("DrainWarning", verdict.sentence, node=node.name, pod=name, code=verdict.reason)


def _blocked(visit: Visit, drain: Drain, blocker: Blocker) -> Event:
    return visit.event(
        "EvictionBlocked",
        f"{blocker.sentence}. Help: {blocker.help}",
        instance=drain.instance,
        node=blocker.node,
        pod=blocker.pod,
        budget=blocker.budget,
        code=blocker.code,
    )
