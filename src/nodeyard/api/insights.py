"""The insight operations of EKS: findings of rehearsals as UPGRADE_READINESS insights."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nodeyard.api.caller import Caller
from nodeyard.api.pages import page
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import insights
from nodeyard.model.insight import CATEGORY, Insight, InsightResource

Members = dict[str, Any]
Handler = Callable[[Caller, Members], Awaitable[Members]]


class Insights:
    """See the module."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def handlers(self) -> Mapping[str, Handler]:
        """Return operation name -> handler."""
        return {
            "ListInsights": self.list_insights,
            "DescribeInsight": self.describe_insight,
            "StartInsightsRefresh": self.start_insights_refresh,
            "DescribeInsightsRefresh": self.describe_insights_refresh,
        }

    async def list_insights(self, caller: Caller, members: Members) -> Members:
        given = members.get("filter") or {}
        names = ("categories", "kubernetesVersions", "statuses")
        wanted = insights.Filter(*(tuple(given.get(each) or ()) for each in names))
        found = await insights.listed(self._hands, caller.scope, members["clusterName"], wanted)
        return page(members, "insights", [_summary(each) for each in found], lambda each: str(each["id"]))

    async def describe_insight(self, caller: Caller, members: Members) -> Members:
        names = members["clusterName"], members["id"]
        return {"insight": _insight(await insights.one(self._hands, caller.scope, *names))}

    async def start_insights_refresh(self, caller: Caller, members: Members) -> Members:
        begun = await insights.start(self._hands, caller.scope, members["clusterName"])
        return {"message": begun.message, "status": begun.status.value}

    async def describe_insights_refresh(self, caller: Caller, members: Members) -> Members:
        found = await insights.refresh(self._hands, caller.scope, members["clusterName"])
        shape = {"message": found.message, "status": found.status.value, "startedAt": found.started_at}
        return shape if found.ended_at is None else shape | {"endedAt": found.ended_at}


def _status(of: Insight | InsightResource) -> Members:
    return {"status": of.status.value, "reason": of.reason}


def _summary(each: Insight) -> Members:
    return {
        "id": each.id,
        "name": each.name,
        "category": CATEGORY,
        "kubernetesVersion": each.version,
        "lastRefreshTime": each.refreshed_at,
        "lastTransitionTime": each.changed_at,
        "description": each.description,
        "insightStatus": _status(each),
    }


def _insight(each: Insight) -> Members:
    return _summary(each) | {
        "recommendation": each.recommendation,
        "additionalInfo": {"nodegroupName": each.nodegroup},
        "resources": [_resource(one) for one in each.resources],
        "categorySpecificSummary": {"deprecationDetails": [], "addonCompatibilityDetails": []},
    }


def _resource(each: InsightResource) -> Members:
    shape: Members = {"insightStatus": _status(each)}
    if each.uri is not None:
        shape["kubernetesResourceUri"] = each.uri
    if each.arn is not None:
        shape["arn"] = each.arn
    return shape
