"""What Prometheus can ask for: counted as it happens, or looked up when it is asked for.

Names of clusters and node groups are no labels: a thousand groups make as many series as one.
The Prometheus client is loaded with the first question, so that a start does not wait for it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nodeyard.model.drain import Drain
from nodeyard.model.status import NodegroupStatus, UpdateStatus
from nodeyard.ports import Clock, Event, Store

_OUTCOMES = {f"Update{each}": each.value for each in UpdateStatus if each is not UpdateStatus.IN_PROGRESS}
LATENCY_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the latency histogram."""


@dataclass(slots=True)
class _Latencies:
    counts: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_S) + 1))
    total_s: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(LATENCY_S, seconds)] += 1
        self.total_s += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Return (upper bound, requests up to it), as Prometheus has them."""
        found, so_far = [], 0
        for bound, count in zip((*map(str, LATENCY_S), "+Inf"), self.counts, strict=True):
            so_far += count
            found.append((bound, float(so_far)))
        return found


@dataclass(frozen=True, slots=True)
class _Looked:
    """What is looked up when it is asked for."""

    groups: Mapping[str, int]
    drains: Mapping[str, int]
    lag_s: float
    failing: int
    parked: int


class Metrics:
    """The figures of one process. `failing` is key -> error of what fails at every try."""

    def __init__(self, store: Store, clock: Clock, failing: Callable[[], Mapping[str, str]]) -> None:
        self._store = store
        self._clock = clock
        self._failing = failing
        self._requests: Counter[tuple[str, str, str]] = Counter()
        self._latencies: dict[tuple[str, str], _Latencies] = {}
        self._updates: Counter[str] = Counter(dict.fromkeys(_OUTCOMES.values(), 0))
        self._events: Counter[str] = Counter()
        self._refusals = 0

    def request(self, service: str, operation: str, status: int, seconds: float) -> None:
        """Count an API request that was answered."""
        self._requests[service, operation, str(status)] += 1
        latencies = self._latencies.get((service, operation))
        if latencies is None:
            latencies = self._latencies[service, operation] = _Latencies()
        latencies.add(seconds)

    def event(self, event: Event) -> None:
        """Count an event that was written."""
        self._events[event.kind] += 1
        if event.kind in _OUTCOMES:
            self._updates[_OUTCOMES[event.kind]] += 1

    def eviction_refused(self) -> None:
        """Count an eviction that Kubernetes refused."""
        self._refusals += 1

    async def exposition(self) -> tuple[str, bytes]:
        """Look up what is not counted and return (content type, text). Raises: Unavailable."""
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Once(list(self._families(await self._look()))))
        return CONTENT_TYPE_LATEST, generate_latest(registry)

    async def _look(self) -> _Looked:
        groups = Counter({each.value: 0 for each in NodegroupStatus})
        drains = Counter(running=0, blocked=0)
        found, active = await self._store.overview()
        groups.update(each.status.value for each in found)
        running = [drain for each in found for drain in each.drains.values()]
        running += [turn for each in active if each.rollout is not None for turn in each.rollout.turns]
        drains.update(_state(each) for each in running if each.released is None)
        now = self._clock.now()
        due = await self._store.next_wake(now)
        late = 0.0 if due is None else (now - due).total_seconds()
        parked = len(await self._store.parked())
        return _Looked(groups, drains, max(0.0, late), len(self._failing()), parked)

    def _families(self, looked: _Looked) -> Iterator[Any]:
        from prometheus_client.core import HistogramMetricFamily

        by_request = ["service", "operation", "status"]
        yield _counted("api_requests", "API requests that were answered", by_request, self._requests)
        name = "nodeyard_api_request_seconds"
        latency = HistogramMetricFamily(name, "How long API requests took", labels=by_request[:2])
        for labels, each in self._latencies.items():
            latency.add_metric(list(labels), each.buckets(), each.total_s)
        yield latency
        yield _counted("updates", "Updates that ended", ["outcome"], self._updates)
        yield _counted("events", "Events that were written", ["kind"], self._events)
        yield _counted("eviction_refusals", "Evictions that Kubernetes refused", [], {(): self._refusals})
        yield _measured("nodegroups", "Node groups", ["status"], looked.groups)
        yield _measured("drains", "Nodes that are being drained", ["state"], looked.drains)
        late = "How long the most overdue operation has been waiting to run"
        yield _measured("reconcile_lag_seconds", late, [], {(): looked.lag_s})
        failing = "Operations that fail by a bug or by what no waiting mends"
        yield _measured("reconcile_failing", failing, [], {(): looked.failing})
        parked = "Operations that are parked: they hit bugs until a person decides"
        yield _measured("reconcile_parked", parked, [], {(): looked.parked})


class _Once:
    """A collector of families that are there already."""

    def __init__(self, families: list[Any]) -> None:
        self._families = families

    def collect(self) -> list[Any]:
        return self._families


def _counted(name: str, help: str, labels: list[str], values: Mapping[Any, float]) -> Any:
    from prometheus_client.core import CounterMetricFamily

    return _filled(CounterMetricFamily(f"nodeyard_{name}", help, labels=labels), values)


def _measured(name: str, help: str, labels: list[str], values: Mapping[Any, float]) -> Any:
    from prometheus_client.core import GaugeMetricFamily

    return _filled(GaugeMetricFamily(f"nodeyard_{name}", help, labels=labels), values)


def _filled(family: Any, values: Mapping[Any, float]) -> Any:
    for labels, value in values.items():
        family.add_metric([labels] if isinstance(labels, str) else list(labels), value)
    return family


def _state(drain: Drain) -> str:
    return "blocked" if drain.blockers else "running"
