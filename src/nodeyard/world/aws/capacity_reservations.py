"""Capacity reservations, which moto does not have: made, described and cancelled; they hold nothing back.

One with an end stands for a Capacity Block, which EC2 sells by offers. Put into moto by `moto_corrections`.
Source: EC2 API reference, CreateCapacityReservation, DescribeCapacityReservations.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.utils import random_resource_id

_GIVEN = (
    "InstanceType",
    "InstancePlatform",
    "AvailabilityZone",
    "InstanceMatchCriteria",
    "EbsOptimized",
    "Tenancy",
)


def create(self: Any) -> ActionResult:
    """CreateCapacityReservation. Bounds: an end lies ahead."""
    end, count = _instant(self._get_param("EndDate")), int(self._get_param("InstanceCount") or 0)
    now = _wall()
    kind = self._get_param("EndDateType") or ("limited" if end else "unlimited")
    if count < 1:
        raise EC2ClientError("InvalidParameterValue", "InstanceCount must be 1 or more.")
    if (kind == "limited") != (end is not None):
        why = "EndDate and EndDateType limited belong together."
        raise EC2ClientError("InvalidParameterCombination", why)
    if end is not None and end <= now:
        raise EC2ClientError("InvalidParameterValue", "EndDate must be in the future.")
    self.error_on_dryrun()
    id = f"cr-{random_resource_id(17)}"
    made = {name: value for name in _GIVEN if (value := self._get_param(name)) is not None}
    made |= {
        "CapacityReservationId": id,
        "CapacityReservationArn": f"arn:{self.partition}:ec2:{self.region}:{self.current_account}:"
        f"capacity-reservation/{id}",
        "OwnerId": self.current_account,
        "ReservationType": "default",
        "TotalInstanceCount": count,
        "AvailableInstanceCount": count,
        "EndDateType": kind,
        "StartDate": now,
        "CreateDate": now,
        "State": "active",
    }
    made |= {} if end is None else {"EndDate": end}
    _held(self)[id] = made
    return ActionResult({"CapacityReservation": made})


def describe(self: Any) -> ActionResult:
    """DescribeCapacityReservations, by ids or all."""
    held, ids = _held(self), self._get_param("CapacityReservationIds") or []
    for id in ids:
        _known(held, id)
    found = [_now(each) for id, each in held.items() if not ids or id in ids]
    return ActionResult({"CapacityReservations": found})


def cancel(self: Any) -> ActionResult:
    """CancelCapacityReservation."""
    _known(_held(self), self._get_param("CapacityReservationId"))["State"] = "cancelled"
    return ActionResult({"Return": True})


def _now(reservation: dict[str, Any]) -> dict[str, Any]:
    end = reservation.get("EndDate")
    over = reservation["State"] == "active" and end is not None and end <= _wall()
    return {**reservation, "State": "expired"} if over else reservation


def _known(held: dict[str, dict[str, Any]], id: str) -> dict[str, Any]:
    if id not in held:
        text = f"The specified capacity reservation {id} does not exist."
        raise EC2ClientError("InvalidCapacityReservationId.NotFound", text)
    return held[id]


def _held(self: Any) -> dict[str, dict[str, Any]]:
    """Return the reservations of a backend by id; they are kept with it."""
    found: dict[str, dict[str, Any]] = self.ec2_backend.__dict__.setdefault("capacity_reservations", {})
    return found


def _wall() -> datetime:
    """Return what moto takes for now."""
    now: datetime = utcnow()
    return now.replace(tzinfo=UTC)


def _instant(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)
    found = datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
