"""The plan: what an update does next, what it waits for, and what it must remember. Values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from nodeyard.model.rollout import PHASE_ARROWS, Outcome, Phase, Rollout
from nodeyard.model.values import replace
from nodeyard.planner.rollout.actions import Action


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that has to happen elsewhere first. `until` is when the planner wants to look again."""

    code: str
    because: str
    until: datetime | None = None
    node: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """`memory` is written before any action is taken; `again` asks for another look right after."""

    memory: Rollout
    actions: tuple[Action, ...] = ()
    waits: tuple[Wait, ...] = ()
    outcome: Outcome | None = None
    """Set when the update ends with this plan."""
    again: bool = False
    notes: tuple[str, ...] = field(default=())
    """What was decided, for the event log."""

    @property
    def look_again(self) -> datetime | None:
        return min((wait.until for wait in self.waits if wait.until is not None), default=None)


def enter(memory: Rollout, phase: Phase, now: datetime) -> Rollout:
    """Return the memory in another phase; an arrow the table lacks is a bug."""
    if phase is not memory.phase and phase not in PHASE_ARROWS[memory.phase]:
        raise AssertionError(f"an update cannot go from {memory.phase} to {phase}")
    return replace(memory, phase=phase, phase_since=now, waits=())


def remembering(plan: Plan) -> Plan:
    """Return the plan with its waits in its memory, for those who watch."""
    sentences = tuple(wait.because for wait in plan.waits)
    memory = plan.memory.having(waits=sentences)
    return plan if memory is plan.memory else replace(plan, memory=memory)
