"""Findings of a rehearsal as insights of the cluster, in EKS's own words: a few checks a node group.

Pure. Called by the refresh of insights.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime

from nodeyard.model.cluster import Cluster
from nodeyard.model.insight import Insight, InsightResource, InsightStatus
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.rehearsal import FAILS, PASSES, Finding, Foreseen, Rehearsal
from nodeyard.planner.words import counted, span

RESOURCES_MAX = 50
"""Resources of one insight; the reason tells how many there are in all."""
_PLURALS = {
    "Deployment": "/apis/apps/v1/namespaces/{0}/deployments/{1}",
    "ReplicaSet": "/apis/apps/v1/namespaces/{0}/replicasets/{1}",
    "StatefulSet": "/apis/apps/v1/namespaces/{0}/statefulsets/{1}",
    "DaemonSet": "/apis/apps/v1/namespaces/{0}/daemonsets/{1}",
    "Job": "/apis/batch/v1/namespaces/{0}/jobs/{1}",
    "CronJob": "/apis/batch/v1/namespaces/{0}/cronjobs/{1}",
    "Pod": "/api/v1/namespaces/{0}/pods/{1}",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{0}/poddisruptionbudgets/{1}",
}
UPDATE, EVICTIONS, OUTAGES, PLACEMENT = "update", "evictions", "outages", "placement"
_DESCRIPTIONS = {
    UPDATE: "Plays a version update of the node group on the cluster as it is and tells how it would end.",
    EVICTIONS: "Checks for pods that a drain cannot evict, and for the budgets that hold them.",
    OUTAGES: "Checks for workloads that lose all replicas while nodes are replaced, and for pods and data "
    "that a drain does not spare.",
    PLACEMENT: "Checks for pods that no node takes once they were evicted.",
}
_NAMES = {
    UPDATE: "Version update of node group {0}",
    EVICTIONS: "Evictions in node group {0}",
    OUTAGES: "Availability during an update of node group {0}",
    PLACEMENT: "Placement of evicted pods of node group {0}",
}


def of_group(
    cluster: Cluster, group: Nodegroup, made: Rehearsal, before: Sequence[Insight]
) -> tuple[Insight, ...]:
    """Return the insights of one node group. `before` are the earlier ones, for their last transition."""
    return tuple(
        _insight(cluster, group, check, made.at, before, found)
        for check, found in (
            (UPDATE, _update(group, made)),
            (EVICTIONS, _evictions(made)),
            (OUTAGES, _outages(made)),
            (PLACEMENT, _placement(made)),
        )
    )


def unknown(
    cluster: Cluster, group: Nodegroup, why: str, now: datetime, before: Sequence[Insight]
) -> tuple[Insight, ...]:
    """Return the insight of a node group whose update could not be rehearsed."""
    text = "Correct what the reason names, then refresh the insights again."
    found = InsightStatus.UNKNOWN, f"The update could not be rehearsed: {why}", text, ()
    return (_insight(cluster, group, UPDATE, now, before, found),)


_Found = tuple[InsightStatus, str, str, Sequence[InsightResource]]


def _insight(
    cluster: Cluster,
    group: Nodegroup,
    check: str,
    now: datetime,
    before: Sequence[Insight],
    found: _Found,
) -> Insight:
    status, reason, recommendation, resources = found
    id = str(uuid.uuid5(uuid.UUID(cluster.uuid), f"{group.uuid} {check}"))
    earlier = next((each for each in before if each.id == id), None)
    same = earlier is not None and earlier.status is status
    return Insight(
        id,
        _NAMES[check].format(group.name),
        group.name,
        cluster.version,
        status,
        reason,
        _DESCRIPTIONS[check],
        recommendation,
        now,
        earlier.changed_at if earlier is not None and same else now,
        tuple(resources[:RESOURCES_MAX]),
    )


def _update(group: Nodegroup, made: Rehearsal) -> _Found:
    status = {PASSES: InsightStatus.PASSING, FAILS: InsightStatus.ERROR}.get(
        made.verdict, InsightStatus.WARNING
    )
    reason = f"The update {made.sentence}."
    if made.verdict == PASSES:
        text = f"Nothing to do. Allow {span(made.p90)} for the update."
    elif made.ways_out:
        text = f"Any one of these lets it pass, each rehearsed: {'; '.join(made.ways_out)}."
    else:
        text = "No single change lets it pass; see the evictions of this node group for what holds pods."
    return status, reason, text, (InsightResource(status, reason, arn=group.arn),)


def _evictions(made: Rehearsal) -> _Found:
    if not made.blockers:
        return InsightStatus.PASSING, "Every pod of the group can be evicted.", "Nothing to do.", ()
    fatal = [each for each in made.blockers if each.fatal]
    status = InsightStatus.ERROR if fatal else InsightStatus.WARNING
    held = counted(len(made.blockers), "pod")
    reason = f"{held} cannot be evicted at once" + (f", {len(fatal)} of them not at all." if fatal else ".")
    helps = list(dict.fromkeys(each.help for each in (fatal or made.blockers) if each.help))
    text = "; ".join(helps[:5]) or "Wait until the pods are Ready elsewhere."
    return status, reason, text, tuple(_held(made.blockers))


def _held(blockers: Sequence[Foreseen]) -> Iterator[InsightResource]:
    said: set[str] = set()
    for each in blockers:
        status = InsightStatus.ERROR if each.fatal else InsightStatus.WARNING
        for budget in filter(None, each.budget.split(", ")):
            if budget not in said:
                said.add(budget)
                yield InsightResource(status, each.because, uri("PodDisruptionBudget", budget))
        yield InsightResource(status, each.because, uri("Pod", each.pod))


def _outages(made: Rehearsal) -> _Found:
    found = (*made.outages, *made.notes)
    if not found:
        text = "Every workload keeps a Ready replica, and no pod loses data."
        return InsightStatus.PASSING, text, "Nothing to do.", ()
    parts = [f"{counted(len(made.outages), 'workload')} lose all replicas for a time"] if made.outages else []
    parts += [f"{counted(len(made.notes), 'finding')} about pods that a drain does not spare"][
        : len(made.notes)
    ]
    text = "Run more than one replica, on volumes that outlive a node, under a controller."
    return InsightStatus.WARNING, f"{'; '.join(parts)}.", text, tuple(_listed(found, InsightStatus.WARNING))


def _placement(made: Rehearsal) -> _Found:
    if not made.homeless:
        return InsightStatus.PASSING, "Every evicted pod finds a node.", "Nothing to do.", ()
    lasting = any(each.code == "LASTING" for each in made.homeless)
    status = InsightStatus.ERROR if lasting else InsightStatus.WARNING
    reason = f"Pods of {counted(len(made.homeless), 'workload')} find no node" + (
        "." if lasting else " for a time."
    )
    text = "Add a node, lower requests, or relax the rule that the scheduler names."
    return status, reason, text, tuple(_listed(made.homeless, status))


def _listed(found: Sequence[Finding], status: InsightStatus) -> Iterator[InsightResource]:
    for each in found:
        yield InsightResource(status, each.sentence, uri(each.kind, each.name))


def uri(kind: str, name: str) -> str | None:
    """Return the URI of a Kubernetes object of a kind and `namespace/name`, None for kinds of others."""
    pattern = _PLURALS.get(kind)
    return None if pattern is None else pattern.format(*name.partition("/")[::2])
