"""The figures for Prometheus, read as Prometheus reads them."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from nodeyard.api.metrics import Metrics
from nodeyard.drivers.store import MemoryStore
from nodeyard.ports import Changes, Event
from tests.fakes import FakeClock
from tests.nouns import NOON, SCOPE, a_blocker, a_cluster, a_drain, a_nodegroup, a_rollout, an_update


async def figures(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    content_type, text = await metrics.exposition()
    assert content_type.startswith("text/plain")
    return {
        (sample.name.removeprefix("nodeyard_"), tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


async def test_requests_are_counted_by_status_and_measured() -> None:
    metrics = Metrics(MemoryStore(), FakeClock(), dict)
    metrics.request("EKS", "ListClusters", 200, 0.002)
    metrics.request("EKS", "ListClusters", 200, 0.3)
    metrics.request("EKS", "ListClusters", 403, 9.0)
    found = await figures(metrics)
    assert found["api_requests_total", ("ListClusters", "EKS", "200")] == 2
    assert found["api_requests_total", ("ListClusters", "EKS", "403")] == 1
    assert found["api_request_seconds_count", ("ListClusters", "EKS")] == 3
    assert found["api_request_seconds_sum", ("ListClusters", "EKS")] == 9.302
    assert found["api_request_seconds_bucket", ("0.5", "ListClusters", "EKS")] == 2
    assert found["api_request_seconds_bucket", ("+Inf", "ListClusters", "EKS")] == 3


async def test_updates_are_counted_by_their_end_from_the_first_question_on() -> None:
    metrics = Metrics(MemoryStore(), FakeClock(), dict)
    metrics.event(Event(SCOPE, "prod", "blue", NOON, "UpdateFailed", ""))
    found = await figures(metrics)
    assert found["updates_total", ("Failed",)] == 1
    assert found["updates_total", ("Successful",)] == found["updates_total", ("Cancelled",)] == 0
    assert found["events_total", ("UpdateFailed",)] == 1


async def test_groups_drains_lag_and_bugs_are_looked_up() -> None:
    store, clock = MemoryStore(), FakeClock()
    turns = (a_drain("i-1", blockers=(a_blocker(),)), a_drain("i-2"), a_drain("i-3", released=NOON))
    group = a_nodegroup(active_update="u-1", drains={"i-4": a_drain("i-4")})
    update = an_update(rollout=a_rollout(turns=turns))
    due = clock.now()
    await store.commit(Changes(put=(a_cluster(), group, update), wake=(("nodegroup/1/2/3/4", due),)))
    await store.commit(Changes(put=(a_nodegroup(name="green"),)))
    clock.advance(30)
    found = await figures(Metrics(store, clock, lambda: {"nodegroup/1/2/3/4": "KeyError"}))
    assert found["nodegroups", ("ACTIVE",)] == 2 and found["nodegroups", ("DEGRADED",)] == 0
    assert (found["drains", ("running",)], found["drains", ("blocked",)]) == (2, 1)
    assert found["reconcile_lag_seconds", ()] == 30
    assert found["reconcile_failing", ()] == 1


async def test_refused_evictions_are_counted() -> None:
    metrics = Metrics(MemoryStore(), FakeClock(), dict)
    metrics.eviction_refused()
    assert (await figures(metrics))["eviction_refusals_total", ()] == 1
