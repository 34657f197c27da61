"""Node auto repair's memory: what is wrong with which node since when, and what is done about it.

Kept in the node group's record, written before anything is done. It holds what cannot be observed
again: when a missing node was missed first, whether a cordon is ours, and how far a repair is.

Source: EKS User Guide, *Detect node health issues and enable automatic node repair*.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nodeyard.model.drain import Drain
from nodeyard.model.standstill import Standstill
from nodeyard.model.values import replace


class RepairAction(StrEnum):
    """Source: EKS API model, NodeRepairConfigOverrides.repairAction."""

    REPLACE = "Replace"
    REBOOT = "Reboot"
    NO_ACTION = "NoAction"


@dataclass(frozen=True, slots=True)
class Ailment:
    """One thing that is wrong with one instance. `node` is empty while it has no Node object."""

    instance: str
    node: str
    condition: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Repair:
    """The repair of one instance, under way.

    `drain` is how its node is emptied before it is replaced. `limit` is when a reboot that did not
    help is given up. `done` is when the termination or the reboot was asked for; a crash right
    before it is written makes the same call a second time, which changes nothing.
    """

    instance: str
    node: str
    action: RepairAction
    because: str
    began: datetime
    drain: Drain | None = None
    limit: datetime | None = None
    done: datetime | None = None


@dataclass(frozen=True, slots=True)
class RepairMemory:
    """All that repair remembers of a group. `stopped` says why no repair begins, empty when one may."""

    ailments: tuple[Ailment, ...] = ()
    repairs: tuple[Repair, ...] = ()
    cordoned: tuple[str, ...] = ()
    """Instances whose nodes repair cordoned; those are given back when they recover."""
    stopped: str = ""

    def drain_of(self, instance: str) -> Drain | None:
        """Return the drain that an instance's replacement began, so that its limit is not begun again."""
        return next((each.drain for each in self.repairs if each.instance == instance), None)

    def resumed(self, standstill: Standstill) -> RepairMemory:
        """Return the memory with as much time before and behind everything as when the world stood still."""
        return replace(
            self,
            ailments=tuple(replace(a, since=standstill.begun(a.since)) for a in self.ailments),
            repairs=tuple(_resumed(each, standstill) for each in self.repairs),
        )


def _resumed(repair: Repair, standstill: Standstill) -> Repair:
    return replace(
        repair,
        began=standstill.begun(repair.began),
        drain=None if repair.drain is None else repair.drain.resumed(standstill),
        limit=None if repair.limit is None else standstill.limit(repair.limit),
        done=None if repair.done is None else standstill.begun(repair.done),
    )
