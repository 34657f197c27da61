"""How one update is to be done: what the caller chose and the limits that hold. A value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from nodeyard.model.limits import (
    DRAIN_LIMIT_S,
    LOAD_BALANCER_PAUSE_S,
    NODES_JOIN_LIMIT_S,
    UNAVAILABLE_NODES_MAX,
)
from nodeyard.model.nodegroup import UpdateConfig


@dataclass(frozen=True, slots=True)
class Dice:
    """The dice of another update, for its rehearsal: nodes are taken in the order in which it takes them.

    `instances` is instance -> the one that it stands for.
    """

    update_id: str
    instances: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Policy:
    """`second` is how long a simulated second lasts on the clock that stamps everything.

    `update_id` seeds the order in which nodes are taken.
    """

    update_id: str
    nodegroup: str
    update_config: UpdateConfig
    force: bool = False
    cancelled: bool = False
    drain_limit_s: float = DRAIN_LIMIT_S
    pause_s: float = LOAD_BALANCER_PAUSE_S
    join_limit_s: float = NODES_JOIN_LIMIT_S
    second: timedelta = timedelta(seconds=1)
    dice: Dice | None = None
    told: bool = False
    """Every change is told, so that looks without a cause are seldom."""

    @property
    def minimal(self) -> bool:
        return self.update_config.update_strategy == "MINIMAL"

    def draw(self, instance: str) -> str:
        """Return what the place of an instance in the order is drawn from."""
        if self.dice is None:
            return f"{self.update_id}/{instance}"
        return f"{self.dice.update_id}/{self.dice.instances.get(instance, instance)}"

    def after(self, now: datetime, seconds: float) -> datetime:
        return now + self.second * seconds

    def parallel(self, size: int) -> int:
        """Return how many nodes of a group of this size may be out at once.

        Bounds: at least 1, at most 100; a percentage is rounded up.
        Source: EKS User Guide, update behaviour; the rounding is ours.
        """
        config = self.update_config
        if config.max_unavailable_percentage is not None:
            asked = -(-size * config.max_unavailable_percentage // 100)
        else:
            asked = config.max_unavailable or 1
        return max(1, min(asked, UNAVAILABLE_NODES_MAX))
