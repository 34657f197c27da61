"""Which nodes are unhealthy, since when, and when something is to be done about each. Pure.

Source: EKS User Guide, node auto repair: conditions, waits, and Node objects that were deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nodeyard.model.repair import Ailment, RepairAction
from nodeyard.planner.membership import Member
from nodeyard.planner.repair import conditions
from nodeyard.planner.repair.conditions import Treatment
from nodeyard.planner.repair.plan import Policy

TURNS_ARE_CUT_TO = timedelta(seconds=2)
"""Kubernetes writes turns in whole seconds: one that young may be as old as this look."""

IN_SERVICE = "InService"
"""Instances that come or go are the business of their lifecycle hooks."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An ailment with its treatment. `due` is when the treatment may begin."""

    ailment: Ailment
    treatment: Treatment
    message: str
    due: datetime

    def words(self, policy: Policy, now: datetime) -> str:
        """Say what is wrong, with the numbers."""
        ill = self.ailment
        lasted = policy.minutes(now - ill.since)
        rule = "nodeRepairConfigOverrides" if self.treatment.override else "the default"
        time = f"for {lasted} min, {rule} is to wait {self.treatment.wait_mins}"
        if ill.condition == conditions.MISSING:
            return f"instance {ill.instance} has had no Node object {time}"
        said = f": {self.message}" if self.message else ""
        return f"{ill.condition} has been bad ({ill.reason}{said}) {time}"


def find(
    policy: Policy, members: Sequence[Member], known: Sequence[Ailment], now: datetime
) -> tuple[Finding, ...]:
    """Return everything that is wrong and has a treatment, the soonest due first."""
    before = {(each.instance, each.condition, each.reason): each.since for each in known}
    found = [
        finding
        for member in members
        if member.instance.lifecycle_state == IN_SERVICE
        for finding in _of(policy, member, before, now)
        if finding.treatment.action is not RepairAction.NO_ACTION
    ]
    # A new node cures everything that a reboot cures.
    found.sort(
        key=lambda each: (each.due, each.treatment.action is RepairAction.REBOOT, each.ailment.instance)
    )
    return tuple(found)


def _since(turned: datetime | None, kept: datetime | None, now: datetime) -> datetime:
    """Return since when a condition holds: its last turn, or the first look where it has none."""
    if kept is not None:
        # The later one: a condition that was good meanwhile counts from its last turn.
        return kept if turned is None else max(kept, min(turned, now))
    return now if turned is None or now - turned < TURNS_ARE_CUT_TO else turned


def _of(
    policy: Policy, member: Member, before: dict[tuple[str, str, str], datetime], now: datetime
) -> Iterator[Finding]:
    id, node = member.instance.id, member.node
    troubles = [(conditions.MISSING, "", "")] if node is None else list(conditions.troubles(node))
    for condition, reason, message in troubles:
        held = None if node is None else node.conditions[condition].since
        since = _since(held, before.get((id, condition, reason)), now)
        ailment = Ailment(id, node.name if node else "", condition, reason, since)
        treated = conditions.treatment(policy.config, condition, reason)
        due = policy.after(since, treated.wait_mins * 60)
        yield Finding(ailment, treated, message, due)
