"""Capacity reservations that end, for `MemoryCompute`."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from nodeyard.model.scope import Scope
from nodeyard.world.aws.memory.account import Accounts


class CapacityBlocks:
    """See `ports.Compute`."""

    _accounts: Accounts

    async def reservation_end(self, scope: Scope, reservation: str) -> datetime | None:
        await asyncio.sleep(0)
        return self._accounts.region(scope).reservations.get(reservation)

    async def schedule_sizes(
        self, scope: Scope, group: str, action: str, *, at: datetime, minimum: int, desired: int
    ) -> None:
        named = {"AutoScalingGroupName": group, "ScheduledActionName": action}
        sizes = {"MinSize": minimum, "DesiredCapacity": desired}
        await self._ask(scope, "PutScheduledUpdateGroupAction", {**named, "StartTime": at, **sizes})

    async def _ask(self, scope: Scope, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Ask the embedded Auto Scaling; `MemoryCompute` does."""
        raise NotImplementedError
