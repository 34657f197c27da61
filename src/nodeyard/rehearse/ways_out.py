"""Find the smallest change with which a failing update passes, by rehearsing again with each.

Candidates come from what was in the way, the smallest first: a replica, a budget, a setting of the
update, a node. One that passes alone is a way out. Where none does, changes are put together, each
for what was in the way when the last one was in, until the update passes or nothing helps any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nodeyard.rehearse import summing
from nodeyard.rehearse.answer import WayOut
from nodeyard.rehearse.changes import Change, candidates, fatal_of
from nodeyard.rehearse.group import select
from nodeyard.rehearse.objects import prepare
from nodeyard.rehearse.plan import Request
from nodeyard.rehearse.play import Run, play
from nodeyard.rehearse.snapshot import Snapshot

SEEDS = 3
"""Runs that a change must pass."""
FOUND_MAX = 3
TOGETHER_MAX = 8
TRIED_MAX = 40


@dataclass(frozen=True, slots=True)
class Found:
    """The ways out, how many changes were tried, and what force would delete."""

    ways: tuple[WayOut, ...] = ()
    tried: int = 0
    killed: tuple[str, ...] = ()


NOTHING = Found()


class _Search:
    def __init__(self, snapshot: Snapshot, request: Request, seeds: Sequence[int]) -> None:
        self._start = snapshot, request
        self._seeds = seeds
        self.tried = 0

    def runs(self, changes: Sequence[Change]) -> list[Run]:
        """Rehearse with changes until a run fails; return the runs."""
        snapshot, request = self._start
        for each in changes:
            snapshot, request = each.make(snapshot, request)
        self.tried += 1
        prepared, group, runs = prepare(snapshot), select(snapshot, request.group), []
        for seed in self._seeds:
            runs.append(play(snapshot, prepared, group, replace(request, seed=seed)))
            if not runs[-1].succeeded:
                break
        return runs


def find(snapshot: Snapshot, request: Request, failed: Sequence[Run]) -> Found:
    """Return what helps. Bounds: `failed` has one run at least."""
    first = summing.median_run(failed)
    others = [each.seed for each in failed if each.seed != first.seed]
    seeds = [first.seed, *others[: SEEDS - 1]]
    search = _Search(snapshot, request, seeds)
    ways: list[WayOut] = []
    ways.extend(_alone(search, candidates(snapshot, request, first)))
    if not ways:
        together = _together(search, snapshot, request, first)
        ways.extend([together] if together is not None else [])
    killed: set[str] = set()
    if not request.force:
        for run in search.runs([Change("force", lambda s, r: (s, replace(r, force=True)))]):
            killed.update(run.seen.forced)
    return Found(tuple(ways), search.tried, tuple(sorted(killed)))


def _alone(search: _Search, changes: Iterator[Change]) -> Iterator[WayOut]:
    found = 0
    for each in changes:
        if found == FOUND_MAX or search.tried >= TRIED_MAX:
            return
        runs = search.runs([each])
        if all(run.succeeded for run in runs):
            found += 1
            yield _way((each,), runs)


def _together(search: _Search, snapshot: Snapshot, request: Request, run: Run) -> WayOut | None:
    taken: list[Change] = []
    while len(taken) < TOGETHER_MAX and search.tried < TRIED_MAX:
        better = None
        for each in candidates(snapshot, request, run):
            if each.text in [one.text for one in taken] or search.tried >= TRIED_MAX:
                continue
            runs = search.runs([*taken, each])
            if all(one.succeeded for one in runs):
                return _way((*taken, each), runs)
            if _gone_on(run, runs[-1]):
                better = each, runs[-1]
                break
        if better is None:
            return None
        taken.append(better[0])
        run = better[1]
    return None


def _gone_on(before: Run, after: Run) -> bool:
    """Tell whether an update comes further, or has something else in its way."""
    if after.nodes_done != before.nodes_done:
        return after.nodes_done > before.nodes_done
    return len(fatal_of(after)) < len(fatal_of(before))


def _way(changes: Sequence[Change], runs: Sequence[Run]) -> WayOut:
    return WayOut(tuple(each.text for each in changes), summing.length(runs).p50, len(runs))
