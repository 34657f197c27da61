"""Insights of a cluster: start a refresh, tell how it goes, list and find what it found.

Source: EKS API reference, StartInsightsRefresh, DescribeInsightsRefresh, ListInsights, DescribeInsight.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import lookup
from nodeyard.model.insight import CATEGORY, Insight, Insights, RefreshStatus
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.scope import Scope
from nodeyard.model.values import replace
from nodeyard.ports import Changes, StaleRevision

LOST_AFTER = timedelta(hours=1)
"""A refresh that is still in progress after this was given up by somebody; another may begin."""
TRIES = 5
"""Other work writes the same record; a refresh that loses the race tries again."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is limited to; an empty tuple limits nothing."""

    categories: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()


async def start(hands: Hands, scope: Scope, cluster: str) -> Insights:
    """Have the insights of a cluster made anew; one refresh at a time, a second call joins it.

    Raises: RefusedError.
    """
    for _ in range(TRIES):
        found = await lookup.cluster(hands, scope, cluster)
        before, now = found.insights, hands.clock.now()
        running = before is not None and before.status is RefreshStatus.IN_PROGRESS
        if before is not None and running and now - before.started_at < LOST_AFTER:
            return before
        begun = Insights(
            RefreshStatus.IN_PROGRESS,
            "The version update of each node group is being rehearsed.",
            now,
            found=before.found if before is not None else (),
        )
        wake = ((keys.of_insights(scope, cluster), now),)
        try:
            await hands.store.commit(Changes(put=(replace(found, insights=begun),), wake=wake))
        except StaleRevision:
            continue
        return begun
    raise StaleRevision(f"cluster {cluster} keeps changing")


async def refresh(hands: Hands, scope: Scope, cluster: str) -> Insights:
    """Return the latest refresh. Raises: RefusedError where none was ever started."""
    found = await lookup.cluster(hands, scope, cluster)
    if found.insights is None:
        text = f"No insights refresh was found for cluster {cluster}: start one with StartInsightsRefresh."
        raise RefusedError(Refused("ResourceNotFoundException", text, {"clusterName": cluster}))
    return found.insights


async def listed(hands: Hands, scope: Scope, cluster: str, wanted: Filter) -> tuple[Insight, ...]:
    """Return the insights of a cluster that a filter lets through, by node group and name."""
    found = await lookup.cluster(hands, scope, cluster)
    if found.insights is None or (wanted.categories and CATEGORY not in wanted.categories):
        return ()
    return tuple(
        each
        for each in sorted(found.insights.found, key=lambda each: (each.nodegroup, each.name, each.id))
        if (not wanted.versions or each.version in wanted.versions)
        and (not wanted.statuses or each.status.value in wanted.statuses)
    )


async def one(hands: Hands, scope: Scope, cluster: str, id: str) -> Insight:
    """Return an insight by its id. Raises: RefusedError."""
    for each in await listed(hands, scope, cluster, Filter()):
        if each.id == id:
            return each
    text = f"No insight found with ID: {id}."
    raise RefusedError(Refused("ResourceNotFoundException", text, {"clusterName": cluster}))
