"""A node on its way out: since when, until when, and what holds it. Kept in the record it belongs to.

A drain is stored before its first eviction, so that a crash never restarts its limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from nodeyard.model.standstill import Standstill
from nodeyard.model.values import replace


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason why a node is not empty yet, with the names in it and what would help.

    `pod` is `namespace/name`; `budget` is `namespace/name` of a PodDisruptionBudget, empty when
    none is in the way. `refusal` is what the API server said last, empty when it said nothing.
    `needs` and `healthy` are the pods that the budget needs and has; None without one budget.
    """

    code: str
    pod: str
    node: str
    sentence: str
    help: str
    since: datetime
    budget: str = ""
    refusal: str = ""
    tries: int = 1
    needs: int | None = None
    healthy: int | None = None


@dataclass(frozen=True, slots=True)
class Drain:
    """The drain of one instance's node. `node` is empty when the instance never joined.

    `limit` is when evicting gives up; `emptied` is when the last pod was gone; `released` is
    when the termination of the instance was asked for.
    """

    instance: str
    node: str
    began: datetime
    limit: datetime
    zone: str = ""
    emptied: datetime | None = None
    released: datetime | None = None
    blockers: tuple[Blocker, ...] = ()
    pods_left: int = 0
    """Pods that still had to leave at the last look."""
    cordoned: bool = False
    """The node was schedulable before this drain, or before an earlier one of ours: the cordon is ours."""
    warned: bool = False
    """What deserves a warning about its pods was said."""
    forced: bool = False
    """The limit passed and the pods that were left were deleted or terminated with the node."""

    def resumed(self, standstill: Standstill) -> Drain:
        """Return the drain with as much time behind and before it as when the world stood still."""
        return replace(
            self,
            began=standstill.begun(self.began),
            limit=standstill.limit(self.limit),
            emptied=None if self.emptied is None else standstill.begun(self.emptied),
            released=None if self.released is None else standstill.begun(self.released),
            blockers=tuple(replace(each, since=standstill.begun(each.since)) for each in self.blockers),
        )
