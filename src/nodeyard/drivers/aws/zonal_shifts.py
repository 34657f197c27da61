"""Zonal shifts of ARC, for `AwsCompute`: which zones a cluster is moved away from."""

from __future__ import annotations

from nodeyard.drivers.aws.calls import Calls, member
from nodeyard.model.scope import Scope
from nodeyard.ports import NotFound

APPLIED = "APPLIED"


class ZonalShifts:
    """The calls to ARC."""

    _calls: Calls

    async def shifted_zones(self, scope: Scope, cluster_arn: str) -> tuple[str, ...]:
        """Return the ids of the zones that an active zonal shift or autoshift moves a cluster away from.

        Source: ARC Zonal Shift API reference, GetManagedResource; what ARC does not manage it does not find.
        """
        try:
            found = await self._calls.call(
                scope, "arc-zonal-shift", "get_managed_resource", resourceIdentifier=cluster_arn
            )
        except NotFound:
            return ()
        shifts = (*member(found, "zonalShifts", "GetManagedResource"), *(found.get("autoshifts") or ()))
        return tuple(sorted({each["awayFrom"] for each in shifts if each["appliedStatus"] == APPLIED}))
