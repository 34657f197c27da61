"""Findings of rehearsals as insights: status, words, resources, and when a status last changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from nodeyard.model.insight import InsightStatus
from nodeyard.model.rehearsal import Finding, Foreseen, Rehearsal
from nodeyard.planner import insights
from tests.nouns import NOON as NOW
from tests.nouns import a_cluster
from tests.nouns import a_nodegroup as a_group

GOOD = Rehearsal(NOW, "PASSES", 0.0, "would succeed: 3 nodes in about 4 min", 240.0, 250.0, 260.0, 10)
BLOCKED = replace(
    GOOD,
    verdict="FAILS",
    failing=1.0,
    sentence="would fail at node 1 of 3 with PodEvictionFailure",
    budgets=("shop/web",),
    blockers=(
        Foreseen("shop/web-1", "shop/web", "BudgetCanNeverBeMet", "it is held", "scale it", True),
        Foreseen("shop/web-2", "shop/web", "PodsNotReady", "it waits", "wait", False),
    ),
    outages=(Finding("OUTAGE", "Deployment", "shop/one", "Deployment shop/one is down for 9 s"),),
    homeless=(Finding("PENDING", "StatefulSet", "shop/db", "0/3 nodes are available"),),
    notes=(Finding("UNMANAGED", "Pod", "shop/alone", "pod shop/alone has no controller"),),
    ways_out=("scale Deployment shop/web to 4 replicas",),
)


def test_a_rehearsal_that_passes_gives_insights_that_pass() -> None:
    found = insights.of_group(a_cluster(), a_group(), GOOD, ())
    assert [each.status for each in found] == [InsightStatus.PASSING] * 4
    assert len({each.id for each in found}) == 4


def test_what_blocks_an_update_is_an_error_with_the_budget_the_pods_and_the_way_out() -> None:
    update, evictions, outages, placement = insights.of_group(a_cluster(), a_group(), BLOCKED, ())
    assert update.status is InsightStatus.ERROR and "scale Deployment shop/web" in update.recommendation
    assert [each.uri for each in evictions.resources] == [
        "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/web",
        "/api/v1/namespaces/shop/pods/web-1",
        "/api/v1/namespaces/shop/pods/web-2",
    ]
    assert evictions.reason == "2 pods cannot be evicted at once, 1 of them not at all."
    assert [each.uri for each in outages.resources] == [
        "/apis/apps/v1/namespaces/shop/deployments/one",
        "/api/v1/namespaces/shop/pods/alone",
    ]
    assert placement.status is InsightStatus.WARNING
    assert placement.resources[0].uri == "/apis/apps/v1/namespaces/shop/statefulsets/db"


def test_an_insight_keeps_its_id_and_tells_when_its_status_changed() -> None:
    first = insights.of_group(a_cluster(), a_group(), BLOCKED, ())
    later = replace(BLOCKED, at=NOW + timedelta(hours=1))
    same = insights.of_group(a_cluster(), a_group(), later, first)
    assert [each.id for each in same] == [each.id for each in first]
    assert {each.changed_at for each in same} == {NOW} and {each.refreshed_at for each in same} == {later.at}
    mended = insights.of_group(a_cluster(), a_group(), replace(GOOD, at=later.at), first)
    assert {each.changed_at for each in mended} == {later.at}


def test_a_group_that_cannot_be_rehearsed_has_one_insight_that_says_why() -> None:
    (found,) = insights.unknown(a_cluster(), a_group(), "it has no nodes", NOW, ())
    assert found.status is InsightStatus.UNKNOWN and "it has no nodes" in found.reason
