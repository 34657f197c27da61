"""Which phases an update has behind and before it, for those who watch it. Pure; called by `api` alone.

Source: EKS User Guide, *Understand each phase of node updates*.
"""

from __future__ import annotations

from enum import StrEnum

from nodeyard.model.rollout import Phase, Rollout


class State(StrEnum):
    DONE = "DONE"
    CURRENT = "CURRENT"
    AHEAD = "AHEAD"
    SKIPPED = "SKIPPED"
    STOPPED = "STOPPED"
    """Begun and given up: what was done of it stays done."""


_FULL = (Phase.SET_UP, Phase.SCALE_UP, Phase.UPGRADE, Phase.SCALE_DOWN)


def way(memory: Rollout, *, over: bool) -> list[tuple[Phase, State]]:
    """Return the phases of an update in order, each with its state; one that stops leaves phases out."""
    path = [each for each in _FULL if each is not Phase.SCALE_UP or memory.strategy != "MINIMAL"]
    if memory.phase in path:
        place = path.index(memory.phase)
        ended = State.DONE if memory.phase is path[-1] else State.STOPPED
        rest = State.SKIPPED if over else State.AHEAD
        here = ended if over else State.CURRENT
        states = [State.DONE] * place + [here] + [rest] * (len(path) - place - 1)
        return list(zip(path, states, strict=True))
    reached = {Phase.SET_UP: True, Phase.SCALE_UP: memory.surge > 0, Phase.UPGRADE: _drained(memory)}
    begun = [each for each in path if reached.get(each)]
    states = [State.DONE if each in begun else State.SKIPPED for each in path]
    states[path.index(begun[-1])] = State.STOPPED
    back = (memory.phase, State.DONE if over else State.CURRENT)
    return [*zip(path, states, strict=True), back]


def _drained(memory: Rollout) -> bool:
    return (memory.phase is Phase.RETREAT and memory.nodes_total > 0) or memory.nodes_done > 0
