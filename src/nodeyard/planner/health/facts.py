"""What a health check looks at: the records, what was seen of the group, and what the account has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from nodeyard.model.drain import Drain
from nodeyard.model.health import Issue
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.planner.membership import Member
from nodeyard.ports import Activity, AutoScalingGroup, Findings


@dataclass(frozen=True, slots=True)
class Facts:
    """`findings` is None where the account was not asked, as for a group on its way out."""

    group: Nodegroup
    found: AutoScalingGroup | None
    members: tuple[Member, ...]
    findings: Findings | None
    activities: tuple[Activity, ...] = ()
    drains: tuple[Drain, ...] = ()
    template_versions: frozenset[str] = frozenset()
    """Versions that Nodeyard itself may have given to the Auto Scaling group."""
    second: timedelta = timedelta(seconds=1)
    """Wall time of one simulated second."""
    cluster_security_group: str | None = None
    ipv6: bool = False

    def age_s(self, since: datetime, now: datetime) -> float:
        """Return how many simulated seconds ago something was."""
        return (now - since) / self.second

    def began(self, instance: str) -> datetime | None:
        """Return when the newest scaling activity of an instance began."""
        named = (each.start for each in self.activities if instance in each.description)
        return max(named, default=None)


Check = Callable[[Facts, datetime], tuple[Issue, ...]]
"""One question about a group; the answer is empty where all is well or nothing can be said."""
