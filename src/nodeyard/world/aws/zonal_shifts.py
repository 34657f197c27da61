"""Zonal shifts of ARC: started, extended, cancelled and listed for clusters that allow them.

Nothing here moves traffic. A shift is there to be asked about: node auto repair stops while one is active.
Source: ARC Zonal Shift API reference, 2022-10-30; its service model is that of the installed botocore.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from nodeyard.model.standstill import Standstill
from nodeyard.model.values import replace
from nodeyard.ports import Clock, Ids
from nodeyard.wire.decode import Decoder, Malformed, Request
from nodeyard.wire.encode import Encoder, Response
from nodeyard.wire.model import ServiceModel
from nodeyard.wire.route import Router
from nodeyard.world import files
from nodeyard.world.aws.moto_host import AwsRequest
from nodeyard.world.errors import WorldDataError

SERVICE = "arc-zonal-shift"
FILE = "zonal-shifts.json"
LONGEST = timedelta(days=3)
"""Source: ARC developer guide, zonal shift: expires after three days at most."""
_MODEL = "data/arc-zonal-shift/2022-10-30/service-2.json.gz"
_UNITS_S = {"m": 60, "h": 3600}

Allows = Callable[[str, str, str], Awaitable[bool]]
"""Whether the cluster of an account, Region and ARN is there and has zonal shift enabled."""
Zones = Callable[[str, str], Awaitable[Mapping[str, str]]]
"""Account and Region -> name of each zone by its id."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One zonal shift. `away_from` is the id of a zone. `cancelled` ends it before it expires."""

    id: str
    account: str
    region: str
    resource: str
    away_from: str
    start: datetime
    expiry: datetime
    comment: str
    cancelled: bool = False

    def status(self, now: datetime) -> str:
        if self.cancelled:
            return "CANCELED"
        return "ACTIVE" if now < self.expiry else "EXPIRED"


class _Refused(Exception):
    def __init__(self, code: str, message: str, **members: str) -> None:
        super().__init__(message)
        self.code, self.members = code, members


class ZonalShifts:
    """See the module. `path` None: nothing is kept."""

    def __init__(self, clock: Clock, ids: Ids, path: Path | None, zones: Zones) -> None:
        self._clock = clock
        self._ids = ids
        self._path = path
        self._zones = zones
        self._shifts: dict[str, Shift] = {}
        self.allows: Allows = _none
        """Set by who knows the clusters."""

    def load(self, stood: Standstill) -> None:
        """Read what was kept, with ends as far away as they were. Raises: WorldDataError."""
        if self._path is None or not self._path.exists():
            return
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=list[Shift])
        except (OSError, msgspec.MsgspecError) as error:
            raise WorldDataError(
                f"The zonal shifts in {self._path} cannot be read: {error}. "
                "Remove the file to begin with none."
            ) from error
        self._shifts = {each.id: replace(each, expiry=stood.limit(each.expiry)) for each in kept}

    async def answer(self, request: AwsRequest) -> Response:
        """Answer one request; `request.path` is as it was sent, labels still encoded."""
        router, decoder, encoder = _protocol()
        match = router.match(request.method, request.path)
        if match is None:
            return encoder.error("ValidationException", f"There is no operation {request.path}.")
        if match.operation.name not in _OPERATIONS:
            known = ", ".join(_OPERATIONS)
            text = f"The embedded AWS does not have {match.operation.name}; of ARC it has {known}."
            return encoder.error("ValidationException", text, {"reason": "MissingValue"})
        asked = decoder.decode(match, Request(request.query, request.headers, request.body))
        if isinstance(asked, Malformed):
            return encoder.error("ValidationException", asked.message, {"reason": "MissingValue"})
        target = request.target
        try:
            said = await _OPERATIONS[match.operation.name](self, target.account, target.region, asked)
        except _Refused as refused:
            return encoder.error(refused.code, str(refused), refused.members)
        return encoder.success(match.operation, said)

    # --- operations: account, Region and members in, members out ---

    async def _start(self, account: str, region: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        resource, away = asked["resourceIdentifier"], asked["awayFrom"]
        await self._managed(account, region, resource)
        zones = await self._zones(account, region)
        if away not in zones:
            known = ", ".join(f"{id} ({name})" for id, name in sorted(zones.items()))
            _invalid("InvalidAz", f"awayFrom takes the id of an Availability Zone of {region}: {known}.")
        active = self._active(account, region, resource)
        if active:
            text = f"Zonal shift {active[0].id} away from {active[0].away_from} is active: cancel it first."
            reason = "ZonalShiftAlreadyExists"
            raise _Refused("ConflictException", text, reason=reason, zonalShiftId=active[0].id)
        now = self._clock.now()
        made = Shift(
            self._ids.uuid(), account, region, resource, away, now, self._expiry(asked), asked["comment"]
        )
        return self._keep(made)

    async def _update(self, account: str, region: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        held = self._held(account, region, asked["zonalShiftId"])
        changed = replace(held, comment=asked.get("comment", held.comment))
        if "expiresIn" in asked:
            changed = replace(changed, expiry=self._expiry(asked))
        return self._keep(changed)

    async def _cancel(self, account: str, region: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        return self._keep(replace(self._held(account, region, asked["zonalShiftId"]), cancelled=True))

    async def _list(self, account: str, region: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        now, resource, status = self._clock.now(), asked.get("resourceIdentifier"), asked.get("status")
        found = [
            self._view(each) | {"shiftType": "ZONAL_SHIFT"}
            for each in self._shifts.values()
            if (each.account, each.region) == (account, region)
            and resource in (None, each.resource)
            and status in (None, each.status(now))
        ]
        return {"items": found}

    async def _managed_resource(self, account: str, region: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        resource = asked["resourceIdentifier"]
        await self._managed(account, region, resource)
        active = self._active(account, region, resource)
        away = {each.away_from for each in active}
        applied = {"appliedStatus": "APPLIED", "shiftType": "ZONAL_SHIFT"}
        return {
            "arn": resource,
            "name": resource.rpartition("/")[2],
            "appliedWeights": {
                id: 0.0 if id in away else 1.0 for id in sorted(await self._zones(account, region))
            },
            "zonalShifts": [self._view(each) | applied for each in active],
        }

    # --- what they share ---

    async def _managed(self, account: str, region: str, resource: str) -> None:
        if not await self.allows(account, region, resource):
            text = (
                f"{resource} is not a managed resource: there is no such cluster in {region}, or its zonal "
                "shift is not enabled; aws eks update-cluster-config --zonal-shift-config enabled=true does."
            )
            raise _Refused("ResourceNotFoundException", text)

    def _active(self, account: str, region: str, resource: str) -> list[Shift]:
        now, place = self._clock.now(), (account, region, resource)
        return [
            each
            for each in self._shifts.values()
            if (each.account, each.region, each.resource) == place and each.status(now) == "ACTIVE"
        ]

    def _held(self, account: str, region: str, id: str) -> Shift:
        held = self._shifts.get(id)
        if held is None or (held.account, held.region) != (account, region):
            raise _Refused("ResourceNotFoundException", f"There is no zonal shift {id}.")
        status = held.status(self._clock.now())
        if status != "ACTIVE":
            reason = "ZonalShiftStatusNotActive"
            raise _Refused("ConflictException", f"Zonal shift {id} is {status}.", reason=reason)
        return held

    def _expiry(self, asked: Mapping[str, Any]) -> datetime:
        text = asked["expiresIn"]
        seconds = int(text[:-1]) * _UNITS_S[text[-1]]
        if seconds > LONGEST.total_seconds():
            _invalid("InvalidExpiresIn", f"expiresIn is {text}: a zonal shift lasts three days at most.")
        return self._clock.after(seconds)

    def _keep(self, shift: Shift) -> dict[str, Any]:
        after = self._shifts | {shift.id: shift}
        if self._path is not None:
            try:
                files.write_whole(self._path, msgspec.json.encode(list(after.values())))
            except OSError as error:
                text = f"{self._path} cannot be written: {error.strerror}. Nothing was changed; ask again."
                raise _Refused("InternalServerException", text) from error
        self._shifts = after
        return self._view(shift)

    def _view(self, shift: Shift) -> dict[str, Any]:
        return {
            "zonalShiftId": shift.id,
            "resourceIdentifier": shift.resource,
            "awayFrom": shift.away_from,
            "startTime": shift.start,
            "expiryTime": shift.expiry,
            "status": shift.status(self._clock.now()),
            "comment": shift.comment,
        }


_OPERATIONS: dict[str, Callable[[ZonalShifts, str, str, Mapping[str, Any]], Awaitable[dict[str, Any]]]] = {
    "StartZonalShift": ZonalShifts._start,
    "UpdateZonalShift": ZonalShifts._update,
    "CancelZonalShift": ZonalShifts._cancel,
    "ListZonalShifts": ZonalShifts._list,
    "GetManagedResource": ZonalShifts._managed_resource,
}


async def _none(account: str, region: str, resource: str) -> bool:
    return False


def _invalid(reason: str, text: str) -> NoReturn:
    raise _Refused("ValidationException", text, reason=reason)


@cache
def _protocol() -> tuple[Router, Decoder, Encoder]:
    packed = resources.files("botocore").joinpath(_MODEL).read_bytes()
    model = ServiceModel.from_document(json.loads(gzip.decompress(packed)))
    return Router(model), Decoder(model), Encoder(model)
