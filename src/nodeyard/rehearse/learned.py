"""How long things take in the cluster of a snapshot: learned where it shows, a range where it does not. Pure.

Start of a pod: PodScheduled -> Ready, of pods that were never restarted. Stop of a pod: from the event
Killing to the event Scheduled of the next pod of that name, which only StatefulSets tell. Boot of a
node: its creation -> Ready; what comes before the Node exists only AWS can tell, and is a range otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nodeyard.rehearse.snapshot import Snapshot

Obj = dict[str, Any]
Root = tuple[str, str, str]
"""Kind, namespace and name of the workload that a pod belongs to."""

START_S = (5.0, 60.0)
"""Scheduled -> Ready where no pod tells."""
STOP_LEAST_S = 1.0
LAUNCH_S = (20.0, 60.0)
"""Launch of an instance -> its Node exists, where nobody tells; observed on EC2 Linux instances."""
JOIN_S = (10.0, 60.0)
"""Node exists -> Ready where no node tells."""
OUTLIER_S = 3600.0
"""Longer spans are no start-up: the condition changed again long after it."""
SINGLE = 0.25
"""How far around a single observation the range goes."""
GRACE_S = 30.0


@dataclass(frozen=True, slots=True)
class Range:
    """From the least to the most; `seen` is how many observations stand behind it, 0 for an assumption."""

    least: float
    most: float
    seen: int = 0

    def text(self) -> str:
        return f"{self.least:.1f}..{self.most:.1f}"


@dataclass(frozen=True, slots=True)
class Times:
    """Everything that is known of durations. Units: seconds."""

    starts: dict[Root, Range]
    stops: dict[Root, Range]
    joins: Range
    launches: Range

    def start(self, root: Root) -> Range:
        return self.starts.get(root, Range(*START_S))

    def stop(self, root: Root, grace_s: float) -> Range:
        """Return how long pods of a workload take to stop; at most their grace."""
        known = self.stops.get(root)
        if known is not None:
            return Range(min(known.least, grace_s), min(known.most, grace_s), known.seen)
        return Range(min(STOP_LEAST_S, grace_s), grace_s)


def learn(snapshot: Snapshot, roots: dict[str, Root]) -> Times:
    """Return what the snapshot tells. `roots`: uid of a pod -> its workload."""
    starts: dict[Root, list[float]] = defaultdict(list)
    for pod in snapshot.of("pods"):
        took = _between(pod, "PodScheduled", "Ready")
        restarted = any(each.get("restartCount") for each in pod["status"].get("containerStatuses") or ())
        if took is not None and not restarted:
            starts[roots[pod["metadata"]["uid"]]].append(took * snapshot.speed)
    joins = [took * snapshot.speed for node in snapshot.of("nodes") if (took := _join(node)) is not None]
    launches = [took * snapshot.speed for node in snapshot.of("nodes") if (took := _launch(snapshot, node))]
    return Times(
        {root: _range(seen) for root, seen in starts.items()},
        {root: _range(seen) for root, seen in _stops(snapshot, roots).items()},
        _range(joins) if joins else Range(*JOIN_S),
        _range(launches) if launches else Range(*LAUNCH_S),
    )


def at(text: Any) -> datetime | None:
    """Return an instant of a Kubernetes object, None for what is none."""
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def condition(obj: Obj, kind: str) -> Obj:
    """Return a condition, empty where there is none."""
    listed = (obj.get("status") or {}).get("conditions") or ()
    return next((each for each in listed if each.get("type") == kind), {})


def _between(obj: Obj, first: str, last: str) -> float | None:
    one, other = condition(obj, first), condition(obj, last)
    if one.get("status") != "True" or other.get("status") != "True":
        return None
    return _span(at(one.get("lastTransitionTime")), at(other.get("lastTransitionTime")))


def _join(node: Obj) -> float | None:
    ready = condition(node, "Ready")
    if ready.get("status") != "True":
        return None
    return _span(at(node["metadata"].get("creationTimestamp")), at(ready.get("lastTransitionTime")))


def _launch(snapshot: Snapshot, node: Obj) -> float | None:
    instance = str((node.get("spec") or {}).get("providerID") or "").rpartition("/")[2]
    return _span(snapshot.launched.get(instance), at(node["metadata"].get("creationTimestamp")))


def _span(start: datetime | None, end: datetime | None) -> float | None:
    if start is None or end is None:
        return None
    took = (end - start).total_seconds()
    return took if 0 <= took <= OUTLIER_S else None


def _stops(snapshot: Snapshot, roots: dict[str, Root]) -> dict[Root, list[float]]:
    by_name = {
        (pod["metadata"].get("namespace", ""), pod["metadata"]["name"]): roots[pod["metadata"]["uid"]]
        for pod in snapshot.of("pods")
    }
    told: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
    for event in snapshot.of("events"):
        about, when = event.get("involvedObject") or {}, at(event.get("firstTimestamp"))
        place = (str(about.get("namespace", "")), str(about.get("name", "")))
        if about.get("kind") == "Pod" and when is not None and place in by_name:
            told[place].append((when, str(event.get("reason"))))
    found: dict[Root, list[float]] = defaultdict(list)
    for place, events in told.items():
        killed: datetime | None = None
        for when, reason in sorted(events):
            if reason == "Killing":
                killed = killed or when
            elif reason == "Scheduled" and killed is not None:
                found[by_name[place]].append((when - killed).total_seconds() * snapshot.speed)
                killed = None
    return found


def _range(seen: Iterable[float]) -> Range:
    """Return a range around observations, without the slowest tenth of many."""
    ordered = sorted(seen)
    if len(ordered) == 1:
        return Range(ordered[0] * (1 - SINGLE), ordered[0] * (1 + SINGLE), 1)
    return Range(ordered[0], ordered[int((len(ordered) - 1) * 0.9)], len(ordered))
