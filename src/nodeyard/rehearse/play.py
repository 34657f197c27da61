"""One rehearsal of one update: a seed in, what happened out."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from nodeyard.model.status import UpdateStatus
from nodeyard.model.update import UpdateError
from nodeyard.rehearse.group import Group
from nodeyard.rehearse.objects import Prepared
from nodeyard.rehearse.plan import Request
from nodeyard.rehearse.snapshot import Snapshot
from nodeyard.rehearse.stage import Stage
from nodeyard.rehearse.watching import Held, Seen, Watcher

PATIENCE_S = 60 * 86_400.0
"""Simulated seconds that an update may take; far above what the limits of the service allow."""
AFTERWARDS_S = 900.0
"""How long is looked on after the end: what is down or pending then, stays so."""
NEW_POD = "a new pod of"
_POD = re.compile(r"[a-z0-9][a-z0-9.-]*/[a-z0-9.-]*[a-z0-9]")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Run:
    """How one rehearsal went. Units: seconds."""

    seed: int
    succeeded: bool
    seconds: float
    nodes_done: int
    nodes_total: int
    code: str
    because: str
    failed_nodes: tuple[str, ...]
    parallel: int
    seen: Seen
    moved: int = 0
    """Pods of the snapshot that were gone before the update began: the world was not at rest."""


def play(snapshot: Snapshot, prepared: Prepared, group: Group, request: Request) -> Run:
    """Rehearse once. Raises: SimulationFailed when the world breaks."""
    with _no_collection():
        stage = Stage(snapshot, prepared, group, request)
    try:
        return _played(stage, request)
    finally:
        stage.close()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep Python from looking for garbage while a stage is filled: nothing of it goes, all of it is new."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _played(stage: Stage, request: Request) -> Run:
    simulation = stage.simulation
    store = simulation.handle().store
    there = {each["metadata"]["uid"] for each in store.list("pods")}
    watcher = Watcher(stage)
    update = simulation.update_version(stage.name, force=request.force)
    watcher.update = update
    ended = simulation.until_ended(update, within_s=PATIENCE_S)
    took = watcher.elapsed()
    memory = ended.rollout
    assert memory is not None, "a version update has a memory"
    error = ended.errors[0] if ended.errors else UpdateError("", "")
    simulation.run_for(AFTERWARDS_S)
    watcher.stop()
    seen, plain = watcher.seen, _Plain(stage, watcher)
    nodes = tuple(stage.plain(each) for each in error.resource_ids)
    for key, held in seen.held.items():
        held.fatal = held.node in nodes and key in watcher.last
    seen.held = plain.all_held(seen.held)
    seen.forced = [plain.pod(each) for each in seen.forced]
    return Run(
        seed=request.seed,
        succeeded=ended.status is UpdateStatus.SUCCESSFUL,
        seconds=took,
        nodes_done=memory.nodes_done,
        nodes_total=memory.nodes_total,
        code=error.error_code,
        because=plain.text(error.error_message),
        failed_nodes=nodes,
        parallel=memory.parallel,
        seen=seen,
        moved=len(stage.pods.keys() - there),
    )


class _Plain:
    """Puts what a run says into names that people know: none of a pod or node that only this run has."""

    def __init__(self, stage: Stage, watcher: Watcher) -> None:
        self._stage = stage
        self._new = watcher.new_pods

    def pod(self, name: str) -> str:
        """Return a pod, or in its place whose new pod it is."""
        root = self._new.get(name)
        return name if root is None else f"{NEW_POD} {root[1]}/{root[2]}"

    def text(self, said: str) -> str:
        """Return a sentence in known names."""
        told = _POD.sub(lambda found: self.pod(found.group()), said).replace(f"pod {NEW_POD}", NEW_POD)
        told = _TOKEN.sub(lambda found: self._stage.plain(found.group()), told)
        return told.replace(f"node group {self._stage.name}:", f"node group {self._stage.group.name}:")

    def all_held(self, found: dict[tuple[str, str], Held]) -> dict[tuple[str, str], Held]:
        """Return what was in the way; of several new pods of a workload the gravest."""
        told: dict[tuple[str, str], Held] = {}
        for (pod, code), held in found.items():
            one, key = held.blocker, (self.pod(pod), code)
            sentence, help = self.text(one.sentence), self.text(one.help)
            held.blocker = replace(one, pod=key[0], sentence=sentence, help=help)
            other = told.get(key)
            if other is None or (held.fatal, held.seconds) > (other.fatal, other.seconds):
                told[key] = held
        return told
