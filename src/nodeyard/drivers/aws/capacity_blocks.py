"""Capacity reservations that end, for `AwsCompute`, and what Auto Scaling is to do before they do."""

from __future__ import annotations

from datetime import datetime, timedelta

from nodeyard.drivers.aws.calls import Calls, member
from nodeyard.model.scope import Scope
from nodeyard.ports import NotFound


class CapacityBlocks:
    """The calls about the end of capacity."""

    _calls: Calls

    async def reservation_end(self, scope: Scope, reservation: str) -> datetime | None:
        """Return when a capacity reservation ends; None where it has no end or is not there."""
        try:
            found = await self._calls.call(
                scope, "ec2", "describe_capacity_reservations", CapacityReservationIds=[reservation]
            )
        except NotFound:
            return None
        reservations = member(found, "CapacityReservations", "DescribeCapacityReservations")
        return next((each.get("EndDate") for each in reservations), None)

    async def schedule_sizes(
        self, scope: Scope, group: str, action: str, *, at: datetime, minimum: int, desired: int
    ) -> None:
        """Have Auto Scaling set sizes at an instant; an action of that name is written over."""
        await self._calls.call(
            scope,
            "autoscaling",
            "put_scheduled_update_group_action",
            AutoScalingGroupName=group,
            ScheduledActionName=action,
            StartTime=at.replace(microsecond=0) + timedelta(seconds=1),  # whole seconds go over the wire
            MinSize=minimum,
            DesiredCapacity=desired,
        )
