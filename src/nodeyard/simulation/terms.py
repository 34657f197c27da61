"""What holds in a simulation where it is not the usual. A value."""

from __future__ import annotations

from dataclasses import dataclass, field

from nodeyard.model.limits import DRAIN_LIMIT_S, Quotas
from nodeyard.planner.rollout.policy import Dice
from nodeyard.world.machines.habits import USUAL, Habits


@dataclass(frozen=True, slots=True)
class Terms:
    """Quotas of the account, the limit of a drain in simulated seconds, and how machines boot."""

    quotas: Quotas = field(default_factory=Quotas)
    drain_limit_s: float = DRAIN_LIMIT_S
    habits: Habits = USUAL
    dice: Dice | None = None
    told: bool = False
    """The service looks seldom without a cause: it is told of everything here. Not to the second."""
