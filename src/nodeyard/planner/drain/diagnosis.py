"""Why a pod is still on a node that has to become empty: by name, with numbers, and what helps.

Asked after every pass in which an eviction was refused or a pod would not go. Pure: the flow
gathers the budgets and pods of the namespaces concerned, nothing else.
Source: Kubernetes documentation, disruption budgets and API-initiated eviction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from nodeyard.model import label_selector
from nodeyard.model.drain import Blocker
from nodeyard.model.values import replace
from nodeyard.planner.drain.emptying import Emptying
from nodeyard.planner.drain.verdict import named
from nodeyard.planner.words import counted, listed
from nodeyard.ports import Blocked, Budget, Node, Pod


@dataclass(frozen=True, slots=True)
class Refusal:
    """An eviction that the API server did not allow."""

    pod: Pod
    blocked: Blocked


@dataclass(frozen=True, slots=True)
class Facts:
    """Budgets and pods by namespace, as read right after the refusals."""

    budgets: Mapping[str, Sequence[Budget]]
    pods: Mapping[str, Sequence[Pod]]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a pod stays: a code, a sentence with the numbers, what helps, and the budgets concerned.

    `needs` and `healthy` are the numbers of pods of the budget, where there is one.
    """

    code: str
    sentence: str
    help: str
    budget: str = ""
    needs: int | None = None
    healthy: int | None = None


def explain(
    node: Node,
    emptying: Emptying,
    refusals: Sequence[Refusal],
    facts: Facts,
    *,
    before: Sequence[Blocker],
    limit: datetime,
    now: datetime,
) -> tuple[Blocker, ...]:
    """Return one blocker for each pod that does not leave, keeping since when it is so.

    A pod whose evictions are refused is held since the first refusal, for whatever reason it is refused now:
    while its replacements come and go the reason changes at every look.
    Bounds: `before` are the blockers of the last look; a pod that is gone has none.
    """
    known = {(each.pod, _held_by(each.code, each.refusal)): each for each in before}
    found: list[Blocker] = []
    for refusal in refusals:
        reason = _refused(refusal, facts)
        found.append(_blocker(refusal.pod, node, reason, known, now, refusal.blocked.message))
    for pod, verdict in emptying.waiting:
        reason_of_wait = _waiting(pod, verdict.reason, verdict.sentence, limit)
        if reason_of_wait is not None:
            found.append(_blocker(pod, node, reason_of_wait, known, now, ""))
    return tuple(sorted(found, key=lambda each: each.pod))


def unexplained(node: Node, emptying: Emptying, now: datetime) -> tuple[Blocker, ...]:
    """Return one blocker for each pod that is still there at the limit, although nothing refused its end."""
    said = {named(pod): verdict for pod, verdict in (*emptying.waiting, *emptying.warnings)}
    found = []
    for pod in emptying.held:
        verdict = said.get(named(pod))
        sentence = verdict.sentence if verdict else f"pod {named(pod)} is there although no budget holds it"
        code = verdict.reason if verdict else "StillThere"
        reason = Reason(code, sentence, _HELP.get(code, "see what its owner does, or update with force"))
        found.append(_blocker(pod, node, reason, {}, now, ""))
    return tuple(found)


def foreseen(
    pod: Pod, budgets: Sequence[Budget], covered: Mapping[tuple[str, str], Sequence[Pod]]
) -> Reason | None:
    """Return why an eviction asked for now would be refused; None: it would be allowed.

    Bounds: `budgets` are those that take the pod; `covered` are the pods of each by namespace and name.
    """
    if len(budgets) > 1:
        return _several(pod, budgets)
    if not budgets or budgets[0].allowed > 0:
        return None
    return _one_budget(pod, budgets[0], covered.get((budgets[0].namespace, budgets[0].name), ()))


_HELP = {
    "ToleratesEverything": "take the toleration of every taint from its owner, or scale that to zero",
    "Terminating": "wait for its end, or shorten its terminationGracePeriodSeconds",
}


def _blocker(
    pod: Pod,
    node: Node,
    reason: Reason,
    known: Mapping[tuple[str, str], Blocker],
    now: datetime,
    refusal: str,
) -> Blocker:
    earlier = known.get((named(pod), _held_by(reason.code, refusal)))
    return Blocker(
        code=reason.code,
        pod=named(pod),
        node=node.name,
        sentence=reason.sentence,
        help=reason.help,
        since=earlier.since if earlier else now,
        budget=reason.budget,
        refusal=refusal,
        tries=(earlier.tries + 1 if earlier else 1) if refusal else 0,
        needs=reason.needs,
        healthy=reason.healthy,
    )


def _held_by(code: str, refusal: str) -> str:
    """Return who holds a pod: the eviction API, or what the code names."""
    return "refused" if refusal else code


def _refused(refusal: Refusal, facts: Facts) -> Reason:
    pod = refusal.pod
    budgets = [
        budget
        for budget in facts.budgets.get(pod.namespace, ())
        if label_selector.matches(budget.selector, pod.labels)
    ]
    if len(budgets) > 1:
        return _several(pod, budgets)
    if not budgets:
        return Reason(
            "EvictionRefused",
            f"pod {named(pod)} cannot be evicted: {refusal.blocked.message}",
            "look for an admission webhook, or a budget that was deleted a moment ago; it is tried again",
        )
    return _one_budget(pod, budgets[0], facts.pods.get(pod.namespace, ()))


def _several(pod: Pod, budgets: Sequence[Budget]) -> Reason:
    names = " and ".join(sorted(_budget_name(each) for each in budgets))
    return Reason(
        "MultipleBudgets",
        f"pod {named(pod)} has {len(budgets)} PodDisruptionBudgets, {names}; "
        "the eviction API refuses such pods",
        "change the selectors so that one budget takes the pod, or delete the others",
        ", ".join(sorted(_budget_name(each) for each in budgets)),
    )


def _one_budget(pod: Pod, budget: Budget, pods: Sequence[Pod]) -> Reason:
    reason = _why_refused(pod, budget, pods)
    return replace(reason, needs=budget.needs, healthy=budget.healthy)


def _why_refused(pod: Pod, budget: Budget, pods: Sequence[Pod]) -> Reason:
    name = _budget_name(budget)
    counts = (
        f"PodDisruptionBudget {name} needs {counted(budget.needs, 'healthy pod')} and has {budget.healthy}"
    )
    covered = [each for each in pods if label_selector.matches(budget.selector, each.labels)]
    nowhere = [each for each in covered if each.unschedulable_because]
    unready = [
        each
        for each in covered
        if not each.ready and each.phase not in ("Succeeded", "Failed") and not each.unschedulable_because
    ]
    if budget.expected > 0 and budget.needs >= budget.expected:
        return Reason(
            "BudgetCanNeverBeMet",
            f"pod {named(pod)} cannot be evicted: {counts}; with {budget.demand} and "
            f"{counted(budget.expected, 'pod')} it never allows an eviction",
            _room(budget),
            name,
        )
    if nowhere:
        stuck = nowhere[0]
        return Reason(
            "ReplacementUnschedulable",
            f"pod {named(pod)} cannot be evicted: {counts}, because no node takes {_names(nowhere)}: "
            f"{stuck.unschedulable_because.removesuffix('.')}",
            "make room for the pending pod: larger or more nodes, or a selector, toleration or volume "
            "that fits them",
            name,
        )
    if unready:
        return Reason(
            "PodsNotReady",
            f"pod {named(pod)} cannot be evicted: {counts}, because {_names(unready)} "
            f"{'is' if len(unready) == 1 else 'are'} not Ready",
            f"make {_names(unready)} Ready, or set unhealthyPodEvictionPolicy: AlwaysAllow on the budget",
            name,
        )
    return Reason(
        "BudgetExhausted",
        f"pod {named(pod)} cannot be evicted yet: {counts}; evictions now and then are allowed",
        "wait for the pods that were evicted to become Ready elsewhere, or add a replica",
        name,
    )


def _room(budget: Budget) -> str:
    """Return the changes each of which lets one pod go at a time.

    Source: Kubernetes, disruption controller: percentages are rounded up, and `maxUnavailable` 0 allows
    nothing however many pods there are.
    """
    name, least = _budget_name(budget), budget.min_available
    if least is None:
        return f"set maxUnavailable of {name} to 1 or more; more replicas do not help"
    if not least.endswith("%"):
        replicas, lower = budget.needs + 1, max(budget.expected - 1, 0)
        return f"scale the workload to {replicas} replicas, or lower minAvailable of {name} to {lower}"
    spare = 100 - int(least.removesuffix("%"))
    instead = f"replace minAvailable {least} of {name} by maxUnavailable 1"
    if spare <= 0:
        return f"{instead}; more replicas do not help"
    replicas = -(-100 // spare)
    return f"scale the workload to {replicas} replicas, or {instead}"


def _waiting(pod: Pod, code: str, sentence: str, limit: datetime) -> Reason | None:
    if code == "StuckOnFinalizer":
        patch = '\'{"metadata":{"finalizers":null}}\''
        return Reason(
            code,
            sentence,
            "the controller that set the finalizer must remove it; by hand: "
            f"kubectl -n {pod.namespace} patch pod {pod.name} --type merge -p {patch}",
        )
    if pod.terminating_since is not None and pod.terminating_since > limit:
        return Reason(
            "GraceBeyondLimit",
            f"{sentence}, which ends after the limit of this drain",
            f"wait for its end, or end it now: kubectl -n {pod.namespace} delete pod {pod.name} "
            "--grace-period=0 --force; for the next time shorten its terminationGracePeriodSeconds",
        )
    return None


def _budget_name(budget: Budget) -> str:
    return f"{budget.namespace}/{budget.name}"


def _names(pods: Sequence[Pod]) -> str:
    return listed(sorted(named(each) for each in pods))
