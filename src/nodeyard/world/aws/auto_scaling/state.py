"""One group in memory with its instances and activities, and what of it is not written yet.

Used by the operations and the engine. Counts are kept as things change, so that a thousand
instances changing one by one cost a thousand steps and not a million.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nodeyard.model.standstill import Standstill
from nodeyard.model.values import replace
from nodeyard.world.aws.auto_scaling.records import GOING, Activity, Group, Member

ACTIVITIES_MAX = 5000
"""Scaling activities that a group remembers; the oldest are forgotten first."""


@dataclass(slots=True)
class Unwritten:
    """What changed since the last write. None as value: removed."""

    group: bool = False
    members: dict[str, Member | None] = field(default_factory=dict)
    activities: dict[str, Activity | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.group or bool(self.members) or bool(self.activities)


class GroupState:
    """A group and everything that belongs to it."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self.members: dict[str, Member] = {}
        self.activities: dict[str, Activity] = {}
        self.counted = 0
        self.going = 0
        self.zones: Counter[str] = Counter()
        """Zone -> instances that count."""
        self.unhealthy: set[str] = set()
        self.surplus: set[str] = set()
        """Instances that take the place of others and do not count yet."""
        self.warned: set[str] = set()
        """Spot instances that EC2 may take back, or does."""
        self.touched: dict[str, None] = {}
        """Instances to look at, in order."""
        self.ending: deque[str] = deque()
        """Instances that EC2 is to be asked to terminate."""
        self.stopping: dict[str, None] = {}
        """Instances of the warm pool that EC2 is to be asked to stop, in order."""
        self.launching = 0
        self.revision = 0
        """Moves with every change of the group and of its instances."""
        self.unwritten = Unwritten(group=True)

    @property
    def group(self) -> Group:
        return self._group

    def change(self, **members: Any) -> None:
        """Replace members of the group record."""
        self._group = replace(self._group, **members)
        self.revision += 1
        self.unwritten.group = True

    def set(self, **settings: Any) -> None:
        """Replace settings of the group, in AWS spelling."""
        self.change(settings={**self._group.settings, **settings})

    def put(self, member: Member) -> Member:
        """Add or replace an instance."""
        self._count(self.members.get(member.id), -1)
        self.members[member.id] = member
        self._count(member, 1)
        self.revision += 1
        self.unwritten.members[member.id] = member
        return member

    def remove(self, instance_id: str) -> None:
        """Forget an instance."""
        self._count(self.members.pop(instance_id, None), -1)
        self.touched.pop(instance_id, None)
        self.revision += 1
        self.unwritten.members[instance_id] = None

    def touch(self, instance_id: str) -> None:
        self.touched[instance_id] = None

    def log(self, activity: Activity) -> Activity:
        """Add or replace a scaling activity."""
        self.activities[activity.id] = activity
        self.unwritten.activities[activity.id] = activity
        if len(self.activities) > ACTIVITIES_MAX:
            oldest = next(iter(self.activities))
            del self.activities[oldest]
            self.unwritten.activities[oldest] = None
        return activity

    def newest_activities(self, before: int | None) -> Iterator[Activity]:
        """Yield activities newest first, from below a sequence number on."""
        newest = reversed(self.activities.values())
        if before is None:
            return newest
        return itertools.dropwhile(lambda one: one.sequence >= before, newest)

    def restore(self, members: list[Member], activities: list[Activity]) -> None:
        """Fill in what was read back; nothing of it is unwritten."""
        for member in members:
            self.members[member.id] = member
            self._count(member, 1)
        for activity in sorted(activities, key=lambda one: one.sequence):
            self.activities[activity.id] = activity
        self.unwritten = Unwritten()

    def resume(self, stood: Standstill) -> None:
        """Put every limit as far away as it was when the world stood still."""
        if self._group.retry_at is not None:
            self.change(retry_at=stood.limit(self._group.retry_at))
        if self._group.balance_at is not None:
            self.change(balance_at=stood.limit(self._group.balance_at))
        for member in list(self.members.values()):
            waits = tuple(
                replace(wait, deadline=stood.limit(wait.deadline), limit=stood.limit(wait.limit))
                for wait in member.waits
            )
            taken_at = None if member.taken_at is None else stood.limit(member.taken_at)
            if waits != member.waits or taken_at != member.taken_at:
                self.put(replace(member, waits=waits, taken_at=taken_at))

    def take_unwritten(self) -> Unwritten:
        unwritten, self.unwritten = self.unwritten, Unwritten()
        return unwritten

    def _count(self, member: Member | None, step: int) -> None:
        if member is None:
            return
        if member.counted:
            self.counted += step
            self.zones[member.zone] += step
        if member.state in GOING:
            self.going += step
        here = step > 0
        _keep(self.unhealthy, member.id, here and member.counted and not member.healthy)
        _keep(self.surplus, member.id, here and member.surplus and member.state not in GOING)
        _keep(self.warned, member.id, here and bool(member.recommended_at or member.taken_at))


def _keep(ids: set[str], id: str, present: bool) -> None:
    if present:
        ids.add(id)
    else:
        ids.discard(id)
