"""A place where node groups fall ill and get well again: the simulated service with words for it."""

from __future__ import annotations

from typing import Any

from nodeyard.api import views
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.status import NodegroupStatus
from nodeyard.model.update import Update
from nodeyard.simulation import Simulation

GROUP = "blue"
MINUTE_S = 60.0
SOON_S = 3 * MINUTE_S
"""An issue is seen and gone within this: a look each minute, and one more after a repair."""


class Ward:
    """One cluster and the group `blue` in it."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.faults = simulation.faults

    # --- what is shown ---

    @property
    def group(self) -> Nodegroup:
        return self.simulation.nodegroup(GROUP)

    @property
    def status(self) -> NodegroupStatus:
        return self.group.status

    def issues(self) -> dict[str, dict[str, Any]]:
        """Return the issues that DescribeNodegroup shows, by code."""
        shown = views.nodegroup(self.group)["health"]["issues"]
        return {str(each["code"]): each for each in shown}

    # --- what is done ---

    def create(self, nodes: int = 2, *, active: bool = True, **members: Any) -> Nodegroup:
        self.simulation.create_nodegroup(GROUP, nodes, maximum=10, **members)
        return self.simulation.until_active(GROUP) if active else self.group

    def until_issue(self, code: str, *, within_s: float = SOON_S) -> dict[str, Any]:
        """Wait for an issue and return it as it is shown."""
        self.simulation.run_until(lambda: code in self.issues(), f"issue {code}", within_s=within_s)
        issue = self.issues()[code]
        assert issue["message"]
        return issue

    def until_well(self, code: str, *, within_s: float = SOON_S) -> None:
        """Wait until an issue is gone."""
        self.simulation.run_until(lambda: code not in self.issues(), f"no {code} any more", within_s=within_s)

    def until(self, status: NodegroupStatus, *, within_s: float = SOON_S) -> None:
        self.simulation.run_until(lambda: self.status is status, f"{GROUP} is {status}", within_s=within_s)

    def delete(self) -> None:
        """Delete the group and wait until nothing is left of it."""
        self.simulation.delete_nodegroup(GROUP)
        self.simulation.until_gone(GROUP, within_s=3600)
        assert self.simulation.region.templates.keys() <= self._foreign()

    def _foreign(self) -> set[str]:
        return {each.id for each in self.simulation.region.templates.values() if each.name[:4] != "eks-"}

    def ended(self, update: Update) -> Update:
        return self.simulation.until_ended(update)

    # --- whole stories ---

    def falls_ill(self, fault: str, code: str, *, degraded: bool, **scope: Any) -> dict[str, Any]:
        """See a settled group get an issue by a fault and lose it with the fault; return the issue."""
        assert self.issues() == {}
        id = self.faults.set(fault, **scope)
        issue = self.until_issue(code)
        assert self.status is (NodegroupStatus.DEGRADED if degraded else NodegroupStatus.ACTIVE)
        self.faults.clear(id)
        self.until_well(code)
        self.until(NodegroupStatus.ACTIVE)
        assert self.issues() == {}
        return issue

    def fails_to_be_made(self, fault: str, code: str, **members: Any) -> dict[str, Any]:
        """See a creation fail at once by a fault, and the group go; return the issue."""
        self.faults.set(fault, group=GROUP)
        self.create(active=False, **members)
        self.until(NodegroupStatus.CREATE_FAILED, within_s=SOON_S)
        issue = self.issues()[code]
        self.faults.clear(fault)
        self.delete()
        return issue

    def waits_to_be_made(self, fault: str, code: str, **members: Any) -> dict[str, Any]:
        """See a creation show its issue while it lasts, and succeed after it; return the issue."""
        self.faults.set(fault, **({"group": GROUP} if "group" in self._takes(fault) else {}))
        self.create(active=False, **members)
        issue = self.until_issue(code, within_s=10 * MINUTE_S)
        assert self.status is NodegroupStatus.CREATING
        self.faults.clear(fault)
        self.simulation.until_active(GROUP)
        self.until_well(code)
        return issue

    def _takes(self, fault: str) -> tuple[str, ...]:
        return next(each.takes for each in self.faults.menu() if each.name == fault)
