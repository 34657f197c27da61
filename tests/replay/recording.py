"""Records of operations in flight, as a version of this program wrote them, and their way on.

A recording is what the store held at one instant of a scenario: a cluster, its node groups, their updates,
in the JSON of the database. `key` says which instant: the status of the group, the type of its update and
the phase of its rollout. A later program plays the same scenario up to that instant, finds the recorded
documents in its store instead of its own, starts anew, and has to come to the same end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from nodeyard.flows.hands import Hands
from nodeyard.model.cluster import Cluster
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.update import Update
from nodeyard.ports import Changes, Lease
from nodeyard.simulation import Simulation
from nodeyard.simulation.simulation import CLUSTER
from tests.chaos.scenarios import Scenario, end_state

FOLDER = Path(__file__).parent / "recordings"


class Recording(msgspec.Struct):
    """One instant. Documents are raw JSON, exactly as they are kept."""

    scenario: str
    key: tuple[str, str, str]
    cluster: msgspec.Raw
    nodegroups: list[msgspec.Raw]
    updates: list[msgspec.Raw]


def key_of(simulation: Simulation) -> tuple[str, str, str]:
    """Return at which instant of a scenario a simulation is."""
    group = simulation.store.nodegroup_now(simulation.scope, CLUSTER, "blue")
    if group is None:
        return "", "", ""
    if group.active_update is None:
        return group.status.value, "", ""
    update = simulation.store.update_now(group.scope, CLUSTER, group.name, group.active_update)
    assert update is not None
    phase = update.rollout.phase.value if update.rollout is not None else ""
    return group.status.value, update.type, phase


def record(scenario: Scenario) -> list[Recording]:
    """Play a scenario and return the first instant of each key."""
    found: dict[tuple[str, str, str], Recording] = {}

    def look(simulation: Simulation) -> bool:
        key = key_of(simulation)
        if key[0] and key not in found:
            found[key] = _taken(scenario.name, key, simulation)
        return False

    _played(scenario, look)
    return list(found.values())


def replay(recording: Recording, scenario: Scenario) -> dict[str, Any]:
    """Play the scenario, go on from the recorded documents at their instant, return how it ended.

    Raises: msgspec.ValidationError for documents that cannot be read, AssertionError when the instant
    never comes.
    """
    begun, documents = False, _decoded(recording)

    def look(simulation: Simulation) -> bool:
        nonlocal begun
        if begun or key_of(simulation) != recording.key:
            return False
        begun = True
        _put(documents, simulation)
        simulation.restart()
        return True

    end = _played(scenario, look)
    assert begun, f"{scenario.name} never comes to {recording.key}"
    return end


def undisturbed(scenario: Scenario) -> dict[str, Any]:
    """Return how a scenario ends by itself."""
    return _played(scenario, lambda _simulation: False)


class _Looking:
    """A store that lets somebody look right after every write; whoever wrote is ended if that says so."""

    def __init__(self, store: Any, look: Callable[[], bool]) -> None:
        self._store = store
        self._look = look

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, changes: Changes, *, lease: Lease | None = None) -> None:
        await self._store.commit(changes, lease=lease)
        if self._look():
            raise asyncio.CancelledError


def _played(scenario: Scenario, look: Callable[[Simulation], bool]) -> dict[str, Any]:
    playing: list[Simulation] = []

    def around(hands: Hands) -> Hands:
        looking: Any = _Looking(hands.store, lambda: bool(playing) and look(playing[0]))
        return replace(hands, store=looking)

    with Simulation(1, around=around) as simulation:
        simulation.create_cluster()
        scenario.prepare(simulation)
        playing.append(simulation)
        scenario.act(simulation)
        return end_state(simulation)


def _taken(name: str, key: tuple[str, str, str], simulation: Simulation) -> Recording:
    groups = simulation.nodegroups()
    named = [
        simulation.store.update_now(group.scope, CLUSTER, group.name, group.active_update or "")
        for group in groups
    ]
    updates = [update for update in named if update is not None]
    raw = [
        [msgspec.Raw(msgspec.json.encode(each)) for each in some]
        for some in ([simulation.cluster()], groups, updates)
    ]
    return Recording(name, key, raw[0][0], raw[1], raw[2])


def _decoded(recording: Recording) -> tuple[Cluster, list[Nodegroup], list[Update]]:
    return (
        msgspec.json.decode(recording.cluster, type=Cluster),
        [msgspec.json.decode(each, type=Nodegroup) for each in recording.nodegroups],
        [msgspec.json.decode(each, type=Update) for each in recording.updates],
    )


def _put(documents: tuple[Cluster, list[Nodegroup], list[Update]], simulation: Simulation) -> None:
    """Let the store hold the recorded documents; each is written over what it holds of the same name."""
    cluster, groups, updates = documents
    store = simulation.store
    put: list[Cluster | Nodegroup | Update] = [replace(cluster, revision=simulation.cluster().revision)]
    for group in groups:
        put.append(replace(group, revision=simulation.nodegroup(group.name).revision))
    for update in updates:
        held = store.update_now(update.scope, update.cluster, update.nodegroup, update.id)
        put.append(replace(update, revision=held.revision if held is not None else 0))
    # Whoever commits waits for nothing in this store, so the write is whole before anything else runs.
    writing = store.commit(Changes(put=tuple(put)))
    try:
        writing.send(None)
    except StopIteration:
        return
    raise AssertionError("the store waited")
