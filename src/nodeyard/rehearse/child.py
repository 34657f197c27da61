"""A process that rehearses once: a job as one line on standard input, the answer on standard output.

Started by `app.rehearsing` so that no rehearsal takes the processor from the loop of a service. It is
less urgent than everything else, and ends when its time is over or its standard input is closed, which
a parent that dies does.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import datetime
from typing import Any

import msgspec

from nodeyard.model.rehearsal import Ask, Finding, Foreseen, Rehearsal
from nodeyard.rehearse import answer as a
from nodeyard.rehearse.group import select
from nodeyard.rehearse.plan import Request, usual_runs
from nodeyard.rehearse.rehearsal import rehearse
from nodeyard.rehearse.snapshot import Snapshot, SnapshotRefused

LABEL = "eks.amazonaws.com/nodegroup"
NICENESS = 5


class Job(msgspec.Struct, frozen=True):
    """What the process is given. Units: `within_s` is seconds of the wall."""

    ask: Ask
    taken_at: datetime
    objects: dict[str, list[dict[str, Any]]]
    lacking: dict[str, str]
    within_s: int


class Done(msgspec.Struct, frozen=True):
    """What it answers: a rehearsal, or one sentence on why there is none."""

    made: Rehearsal | None
    refused: str = ""


def main() -> None:
    """Rehearse what standard input says."""
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    os.nice(NICENESS)
    signal.alarm(job.within_s)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    answer = msgspec.json.encode(done(job))
    sys.stdout.buffer.write(answer)
    sys.stdout.flush()
    os._exit(0)  # the thread waits for ever


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


def done(job: Job) -> Done:
    """Return the outcome of a job."""
    ask = job.ask
    snapshot = Snapshot(
        job.taken_at,
        job.objects,
        lacking=job.lacking,
        speed=ask.speed,
        launched=ask.launched,
        zones=ask.zones,
    )
    name = f"{LABEL}={ask.nodegroup}"
    try:
        usual = usual_runs(select(snapshot, name).pods_of(snapshot))
        request = Request(
            name,
            ask.update_config,
            drain_limit_s=ask.drain_limit_s,
            force=ask.force,
            update_id=ask.update_id,
            runs=usual if ask.runs is None else min(ask.runs, usual),
        )
        return Done(kept(rehearse(snapshot, request, find_ways_out=ask.ways_out), job.taken_at))
    except SnapshotRefused as refused:
        return Done(None, refused.message)


def kept(answer: a.Answer, at: datetime) -> Rehearsal:
    """Return what a service keeps of an answer."""
    length = answer.length
    return Rehearsal(
        at,
        answer.verdict,
        answer.failing,
        answer.sentence,
        length.p50,
        length.p90,
        length.p99,
        answer.asked.runs,
        answer.failure.budgets if answer.failure is not None else (),
        tuple(
            Foreseen(each.pod, each.budget, each.code, each.because, each.help, each.fatal)
            for each in answer.blockers
        ),
        tuple(
            Finding("LASTING" if each.lasting else "OUTAGE", each.kind, each.workload, a.outage_text(each))
            for each in answer.outages
        ),
        tuple(
            Finding("LASTING" if each.lasting else "PENDING", each.kind, each.workload, each.because)
            for each in answer.homeless
        ),
        tuple(Finding(each.code, each.kind, each.name, each.sentence) for each in answer.notes),
        tuple(" and ".join(each.changes) for each in answer.ways_out),
        answer.lacking,
    )


if __name__ == "__main__":
    main()
