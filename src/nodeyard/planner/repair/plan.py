"""What repair observes and what it decides. Values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from nodeyard.model.limits import DRAIN_LIMIT_S, REBOOT_LIMIT_S
from nodeyard.model.nodegroup import RepairConfig
from nodeyard.model.repair import RepairMemory
from nodeyard.planner.membership import Member
from nodeyard.planner.repair.actions import Action
from nodeyard.ports import Pod


@dataclass(frozen=True, slots=True)
class Policy:
    """`second` is how long a simulated second lasts on the clock that stamps everything."""

    config: RepairConfig
    drain_limit_s: float = DRAIN_LIMIT_S
    reboot_limit_s: float = REBOOT_LIMIT_S
    second: timedelta = timedelta(seconds=1)
    told: bool = False
    """Every change is told, so that looks without a cause are seldom."""

    def after(self, instant: datetime, seconds: float) -> datetime:
        return instant + self.second * seconds

    def minutes(self, span: timedelta) -> int:
        """Return a span on the clock as whole simulated minutes."""
        return int(span / (self.second * 60))


@dataclass(frozen=True, slots=True)
class Observation:
    """Every instance of the group with its node; `pods` of each node that is being replaced.

    `shifted` are the ids of the zones that a zonal shift moves the cluster away from.
    """

    members: tuple[Member, ...]
    pods: Mapping[str, tuple[Pod, ...]]
    shifted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that has to happen first. `until` is when the planner wants to look again."""

    because: str
    until: datetime
    node: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to tell in the event log."""

    kind: str
    because: str
    instance: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """`memory` is written before any action is taken; `again` asks for another look right after."""

    memory: RepairMemory
    actions: tuple[Action, ...] = ()
    waits: tuple[Wait, ...] = ()
    notes: tuple[Note, ...] = ()
    again: bool = False

    @property
    def look_again(self) -> datetime | None:
        return min((wait.until for wait in self.waits), default=None)
