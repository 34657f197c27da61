"""Dirty keys and timed keys of one controller.

Used by every controller. Never runs anything: the loop takes keys out and gives them to the controller.
"""

from __future__ import annotations

import heapq
import itertools
from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime

from nodeyard.ports import Clock


class Queue:
    """A set of keys in order of arrival, with keys that become due later.

    `dirty` are the keys that `pop` gives, `timers` what becomes dirty later, the earliest first.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.dirty: OrderedDict[Hashable, None] = OrderedDict()
        self.timers: list[tuple[datetime, int, Hashable]] = []
        self._due: dict[Hashable, datetime] = {}
        self._order = itertools.count()

    def add(self, key: Hashable) -> None:
        """Make a key dirty now."""
        self.dirty[key] = None

    def at(self, key: Hashable, instant: datetime) -> None:
        """Make a key dirty at an instant, or earlier where it already waits for an earlier one."""
        known = self._due.get(key)
        if known is not None and known <= instant:
            return
        self._due[key] = instant
        heapq.heappush(self.timers, (instant, next(self._order), key))

    def after(self, key: Hashable, seconds: float) -> None:
        """Make a key dirty in simulated seconds."""
        self.at(key, self._clock.after(seconds))

    def pop(self) -> Hashable | None:
        """Take the oldest dirty key, None when all is done for now."""
        self._ripen()
        if not self.dirty:
            return None
        # Not a plain dict: that would step over all the keys taken before, at each one taken.
        return self.dirty.popitem(last=False)[0]

    def next(self) -> datetime | None:
        """Return when there is work: now, at a timer's instant, or never."""
        if self.dirty:
            return self._clock.now()
        while self.timers:
            instant, _, key = self.timers[0]
            if self._due.get(key) == instant:
                return instant
            heapq.heappop(self.timers)
        return None

    def _ripen(self) -> None:
        if not self.timers:
            return
        now = self._clock.now()
        while self.timers and self.timers[0][0] <= now:
            instant, _, key = heapq.heappop(self.timers)
            if self._due.get(key) == instant:
                del self._due[key]
                self.dirty[key] = None
