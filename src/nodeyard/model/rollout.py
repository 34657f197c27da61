"""A version update's memory: what it is for, how far it is, whose turn it is.

Kept in the update's record and nowhere else. The planner reads it together with what it observes
and returns the next memory; it holds only what cannot be observed again (sizes from before,
deadlines, what was diagnosed).

Source: EKS User Guide, *Understand each phase of node updates*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from nodeyard.model.drain import Drain
from nodeyard.model.nodegroup import Scaling, TemplateRef
from nodeyard.model.standstill import Standstill
from nodeyard.model.values import replace


class Phase(StrEnum):
    SET_UP = "SetUp"
    SCALE_UP = "ScaleUp"
    UPGRADE = "Upgrade"
    SCALE_DOWN = "ScaleDown"
    ROLL_BACK = "RollBack"
    """New nodes did not join: back to the template and the sizes from before."""
    RETREAT = "Retreat"
    """Stopped in the middle: old nodes schedulable again, sizes as before, finished nodes kept."""


_P = Phase

PHASE_ARROWS: dict[Phase, frozenset[Phase]] = {
    _P.SET_UP: frozenset({_P.SCALE_UP, _P.UPGRADE, _P.SCALE_DOWN, _P.RETREAT}),
    _P.SCALE_UP: frozenset({_P.UPGRADE, _P.SCALE_DOWN, _P.ROLL_BACK}),
    _P.UPGRADE: frozenset({_P.SCALE_DOWN, _P.RETREAT, _P.ROLL_BACK}),
    _P.SCALE_DOWN: frozenset(),
    _P.ROLL_BACK: frozenset(),
    _P.RETREAT: frozenset(),
}
"""Phase -> phases that may follow. SCALE_DOWN, ROLL_BACK and RETREAT end the update."""

STOPS: dict[Phase, Phase] = {
    _P.SET_UP: _P.RETREAT,
    _P.SCALE_UP: _P.ROLL_BACK,
    _P.UPGRADE: _P.RETREAT,
}
"""Phase -> the phase that gives everything back when the update cannot go on."""


@dataclass(frozen=True, slots=True)
class Target:
    """What every node shall run in the end. `image_id` is the image of the release or template."""

    version: str
    release_version: str
    image_id: str
    launch_template: TemplateRef | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an update ends. `code` is an EKS error code, empty for success and for a cancellation."""

    code: str
    message: str
    resource_ids: tuple[str, ...] = ()
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Rollout:
    """The memory of one version update.

    `parallel` is how many nodes may be out at once. `before` are the sizes to restore. `desired` is
    the desired size once the actions of the last plan are done, `desired_was` before them: a value
    outside of the two was set by somebody else.
    """

    target: Target
    same_target: bool = False
    """The group's record named the target already when the update was accepted."""
    phase: Phase = Phase.SET_UP
    strategy: str = "DEFAULT"
    template_version: str | None = None
    previous_template_version: str | None = None
    before: Scaling | None = None
    desired: int | None = None
    desired_was: int | None = None
    parallel: int = 1
    holds_rebalance: bool = False
    """AZRebalance was on before: it is suspended while the update runs, and resumed at its end."""
    surge: int = 0
    """Nodes added above the desired size of before."""
    surge_limit: int = 0
    nodes_total: int = 0
    """Old nodes there were when the upgrade began."""
    nodes_done: int = 0
    """Old nodes whose termination was asked for."""
    joined: int = 0
    """New nodes that were Ready at the last look."""
    join_limit: datetime | None = None
    """When waiting for new nodes gives up; moves on with each that becomes Ready. None: none is awaited."""
    turns: tuple[Drain, ...] = ()
    """Old nodes that are being drained or whose termination was asked for and not seen yet."""
    moving: tuple[tuple[str, str], ...] = ()
    """Instances on their way in, or out without a turn, with the lane that was told of each."""
    waits: tuple[str, ...] = ()
    """What the last look waited for, a sentence each."""
    outcome: Outcome | None = None
    """Set once the update is on its way to fail or to be cancelled."""
    phase_since: datetime | None = None
    began: datetime | None = None
    """When the update was accepted, moved on by every time in which the world stood still."""

    def having(self, **members: Any) -> Rollout:
        """Return the memory with these members: itself where they are so already, as at most looks."""
        for name, value in members.items():
            if getattr(self, name) != value:
                return replace(self, **members)
        return self

    def resumed(self, standstill: Standstill) -> Rollout:
        """Return the memory with every limit as far away as it was when the world stood still."""
        return replace(
            self,
            join_limit=None if self.join_limit is None else standstill.limit(self.join_limit),
            phase_since=None if self.phase_since is None else standstill.begun(self.phase_since),
            began=None if self.began is None else standstill.begun(self.began),
            turns=tuple(turn.resumed(standstill) for turn in self.turns),
        )
