"""Groups of a Capacity Block scale down before EC2 takes their instances back. Pure; asked by the flows.

Source: EKS User Guide, managed node groups with Capacity Blocks for ML: EKS puts a scheduled action of this
name 40 minutes before the end, because EC2 begins to end instances 30 minutes before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

SCALE_DOWN = "Amazon EKS Node Group Capacity Scaledown Before Reservation End"
LEAD_S = 40 * 60.0
SOON_S = 60.0
"""How far ahead an action lies whose time is over already: Auto Scaling takes none in the past."""


def reservation_of(data: Mapping[str, Any]) -> str | None:
    """Return the id of the capacity reservation that launch template data name."""
    target = (data.get("CapacityReservationSpecification") or {}).get("CapacityReservationTarget") or {}
    found: str | None = target.get("CapacityReservationId")
    return found


def scale_down_at(end: datetime, now: datetime, lead: timedelta, soon: timedelta) -> datetime | None:
    """Return when a group begins to scale down, None where its block is over.

    Units: `lead` and `soon` are LEAD_S and SOON_S by the clock that `end` and `now` are read from.
    """
    return None if end <= now else max(end - lead, now + soon)
