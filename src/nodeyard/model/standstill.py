"""The times in which the whole world stood still because its process did not run.

The composition root reads them at a start and hands them to everything that measures time by
instants it kept: what was left of a limit when the process ended is left when it starts again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """From the last sign of life of one process to the start of the next. Wall instants."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Standstill:
    """Every pause that is still remembered, the oldest first."""

    pauses: tuple[Pause, ...] = ()

    def limit(self, at: datetime) -> datetime:
        """Return where a limit lies after the last pause; one that was over before it stays."""
        if not self.pauses:
            return at
        last = self.pauses[-1]
        return at + (last.until - last.since) if at > last.since else at

    def begun(self, at: datetime) -> datetime:
        """Return where a beginning lies after the last pause, to be written over the one that was kept."""
        return Standstill(self.pauses[-1:]).start(at)

    def start(self, at: datetime) -> datetime:
        """Return where something would have begun to have lasted as long as it did, without the pauses.

        For beginnings that stay as they were written, such as those in Kubernetes objects.
        """
        for pause in self.pauses:
            if at < pause.until:
                at = min(at + (pause.until - pause.since), pause.until)
        return at


NONE = Standstill()
