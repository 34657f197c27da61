"""What a million objects do to a rehearsal: one sentence, or an answer; and the memory that it takes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.bench.figures import Figure, Figures
from tests.unit.rehearse.clusters import TAKEN, Cluster, three_nodes

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

MILLION = 1_000_000
MEMORY_BAR_GIB = 2.0


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended: its code, what it said, and what it took. Units: processor seconds, GiB."""

    code: int
    said: str
    seconds: float
    memory: float


def test_a_snapshot_of_a_million_pods_is_refused_in_one_sentence(tmp_path: Path, figures: Figures) -> None:
    file = tmp_path / "cluster.json.zst"
    with file.open("wb") as out, zstandard.ZstdCompressor(level=1).stream_writer(out) as writer:
        for part in _snapshot(_cluster(), MILLION):
            writer.write(part.encode())
    ended = _rehearsed(file, tmp_path)
    assert ended.code == 2
    assert "holds more than the 500,000 objects that a rehearsal takes" in ended.said
    assert ended.said.count("\n") == 1, ended.said
    _add(figures, "a snapshot of a million pods, refused", ended)


def test_a_million_events_beside_a_cluster_do_not_keep_it_from_a_rehearsal(
    tmp_path: Path, figures: Figures
) -> None:
    file = tmp_path / "kubectl.json"
    with file.open("w", encoding="utf-8") as out:
        out.writelines(_kubectl(_cluster(), MILLION))
    ended = _rehearsed(file, tmp_path)
    assert ended.code == 0 and ended.said.startswith("PASSES"), ended.said
    _add(figures, "kubectl's JSON with a million events, rehearsed", ended)


def _cluster() -> Cluster:
    cluster = three_nodes()
    cluster.deployment("web", list(cluster.nodes))
    return cluster


def _snapshot(cluster: Cluster, pods: int) -> Iterator[str]:
    """Yield a snapshot in pieces, with that many more pods."""
    taken = cluster.snapshot()
    head = {"format": "nodeyard-snapshot", "version": 1, "takenAt": TAKEN.isoformat()}
    rest = {name: items for name, items in taken.objects.items() if name != "pods"}
    first = json.dumps(taken.of("pods")[0])
    yield f'{json.dumps(head)[:-1]}, "objects": {json.dumps(rest)[:-1]}, "pods": [{first}'
    yield from _more(taken.of("pods")[0], pods)
    yield "]}}"


def _kubectl(cluster: Cluster, events: int) -> Iterator[str]:
    """Yield an answer of kubectl in pieces, with that many events."""
    about = {"kind": "Pod", "namespace": "default", "name": "web-1"}
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "default"}}
    event |= {"involvedObject": about, "reason": "Pulled", "message": "Container image already present " * 4}
    yield '{"kind": "List", "items": [' + ",".join(json.dumps(each) for each in cluster.objects)
    yield from _more(event, events)
    yield "]}"


def _more(like: dict[str, Any], count: int) -> Iterator[str]:
    name = "name-to-be-replaced"
    metadata = {**like["metadata"], "name": name, "uid": name}
    before, _, rest = json.dumps({**like, "metadata": metadata}).partition(name)
    middle, _, after = rest.partition(name)
    for number in range(count):
        yield f",{before}more-{number}{middle}more-{number}{after}"


def _rehearsed(file: Path, folder: Path) -> Ended:
    """Rehearse once, in a process whose memory is its own."""
    command = [sys.executable, "-m", "nodeyard.cli", "rehearse", "--snapshot", str(file)]
    command += ["--group", "blue", "--runs", "1", "--no-ways-out"]
    log = folder / "said"
    with log.open("wb") as out:
        again = [(os.POSIX_SPAWN_DUP2, out.fileno(), number) for number in (1, 2)]
        pid = os.posix_spawn(sys.executable, command, os.environ, file_actions=again)
        _, status, used = os.wait4(pid, 0)
    seconds = used.ru_utime + used.ru_stime
    return Ended(os.waitstatus_to_exitcode(status), log.read_text(), seconds, used.ru_maxrss / 1024**2)


def _add(figures: Figures, what: str, ended: Ended) -> None:
    figures.add(Figure(what, ended.seconds, "s", "processor time"))
    figures.add(Figure(f"{what}: memory", ended.memory, "GiB", "at its peak", bar=MEMORY_BAR_GIB))
