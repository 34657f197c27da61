"""Rehearse a request: many runs of the production update, each with its own seed, and one answer.

Called by the command line and by benchmarks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from nodeyard import catalog
from nodeyard.rehearse import answer as a
from nodeyard.rehearse import summing, ways_out
from nodeyard.rehearse.group import Group, select, zone_of
from nodeyard.rehearse.objects import Prepared, prepare
from nodeyard.rehearse.plan import Request, checked
from nodeyard.rehearse.play import Run, play
from nodeyard.rehearse.snapshot import Snapshot
from nodeyard.rehearse.standing import notes

Progress = Callable[[int, int], None]
"""Told after every run: how many are done, how many there are."""


def rehearse(
    snapshot: Snapshot,
    request: Request,
    *,
    on_progress: Progress | None = None,
    find_ways_out: bool = True,
) -> a.Answer:
    """Return what would become of an update. Raises: SnapshotRefused."""
    checked(request)
    group = select(snapshot, request.group)
    prepared = prepare(snapshot)
    runs: list[Run] = []
    for seed in range(request.seed, request.seed + request.runs):
        runs.append(play(snapshot, prepared, group, replace(request, seed=seed)))
        if on_progress is not None:
            on_progress(len(runs), request.runs)
    failed = [each for each in runs if not each.succeeded]
    found = ways_out.find(snapshot, request, failed) if failed and find_ways_out else ways_out.NOTHING
    return _answer(snapshot, request, group, prepared, runs, found)


def _answer(
    snapshot: Snapshot,
    request: Request,
    group: Group,
    prepared: Prepared,
    runs: list[Run],
    found: ways_out.Found,
) -> a.Answer:
    failed = [each for each in runs if not each.succeeded]
    failing = len(failed) / len(runs)
    alike = failed if failing >= summing.FAILS_FROM else _good(runs)
    typical = summing.median_run(alike)
    return a.Answer(
        asked=summing.asked(request, group, runs[0].parallel),
        verdict=summing.verdict(failing),
        failing=round(failing, 3),
        sentence=summing.sentence(runs, failing),
        length=summing.length(alike),
        critical_path=summing.critical_path(typical),
        surge=summing.surge(runs, group),
        failure=summing.failure(failed) if failed else None,
        blockers=summing.blockers(runs),
        outages=summing.outages(runs),
        homeless=summing.homeless(runs),
        notes=notes(snapshot, group, prepared.roots),
        killed=tuple(sorted({pod for run in runs for pod in run.seen.forced} | set(found.killed))),
        ways_out=found.ways,
        tried=found.tried,
        timeline=summing.lives(typical),
        capacity=tuple((round(at, 1), count) for at, count in typical.seen.capacity),
        lacking=snapshot.facts_lacking(),
        assumed=(*_assumed(group, prepared, runs, request), *_zones_assumed(snapshot, group)),
    )


def _good(runs: list[Run]) -> list[Run]:
    return [each for each in runs if each.succeeded]


def _assumed(group: Group, prepared: Prepared, runs: list[Run], request: Request) -> Iterator[str]:
    """Yield what was taken for granted, a sentence each."""
    yield from prepared.assumed
    unknown = {root for root in prepared.roots.values() if root not in prepared.times.starts}
    if unknown:
        yield f"how long pods of {len(unknown)} workloads take to become Ready is unknown: 5 to 60 s"
    if not prepared.times.joins.seen:
        yield "how long nodes take to become Ready is unknown: 10 to 60 s after they exist"
    if not prepared.times.launches.seen:
        yield "from the launch of an instance to its node 20 to 60 s pass; no cluster tells it, AWS does"
    yield "pods stop within 1 s and their grace period where no StatefulSet was seen to restart one"
    if not group.type_is_known:
        like = group.nodes[0]["metadata"]["name"]
        yield f"the instance type of the group is not in the catalog: new nodes are like {like}"
    if group.version and catalog.default().version(group.version) is None:
        yield f"Kubernetes {group.version} is not in the catalog: played with another version's rules"
    if request.release is not None:
        yield f"what release {request.release} changes is not rehearsed, only that nodes are replaced"
    moved = max(each.moved for each in runs)
    if moved:
        yield f"{moved} pods were replaced before the update began: the snapshot was taken during a change"


def _zones_assumed(snapshot: Snapshot, group: Group) -> Iterator[str]:
    elsewhere = {zone_of(each) for each in snapshot.of("nodes")} - group.zones.keys()
    if elsewhere and not snapshot.zones:
        there = ", ".join(group.zones)
        yield f"new nodes come up in {there}, where the group has nodes; AWS knows whether it may have others"
