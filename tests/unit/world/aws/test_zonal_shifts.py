"""Zonal shifts of the embedded AWS: who may have one, for how long, and what stays of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from nodeyard.drivers.system import SeededIds, VirtualClock
from nodeyard.model import standstill
from nodeyard.wire.sigv4 import Target
from nodeyard.world.aws.moto_host import AwsRequest
from nodeyard.world.aws.zonal_shifts import FILE, SERVICE, ZonalShifts
from nodeyard.world.errors import WorldDataError

ARN = "arn:aws:eks:eu-west-1:111122223333:cluster/prod"
TARGET = Target(SERVICE, "eu-west-1", "111122223333")
ASKED = {"resourceIdentifier": ARN, "awayFrom": "euw1-az1", "expiresIn": "2h", "comment": "a flood"}

Ask = Callable[..., tuple[int, dict[str, Any]]]


async def _zones(account: str, region: str) -> dict[str, str]:
    return {"euw1-az1": "eu-west-1a", "euw1-az2": "eu-west-1b"}


async def _allowed(account: str, region: str, arn: str) -> bool:
    return arn == ARN


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def made(clock: VirtualClock, folder: Path) -> ZonalShifts:
    shifts = ZonalShifts(clock, SeededIds(1), folder / FILE, _zones)
    shifts.allows = _allowed
    shifts.load(standstill.NONE)
    return shifts


@pytest.fixture
def ask(clock: VirtualClock, tmp_path: Path) -> Ask:
    shifts = made(clock, tmp_path)

    def asked(method: str, path: str, query: str = "", **members: Any) -> tuple[int, dict[str, Any]]:
        body = json.dumps(members).encode() if members else b""
        answer = asyncio.run(shifts.answer(AwsRequest(TARGET, method, path, query, {}, body)))
        return answer.status, json.loads(answer.body)

    return asked


def start(ask: Ask, **other: Any) -> tuple[int, dict[str, Any]]:
    return ask("POST", "/zonalshifts", **(ASKED | other))


def resource(ask: Ask) -> dict[str, Any]:
    return ask("GET", f"/managedresources/{quote(ARN, safe='')}")[1]


def test_a_shift_lasts_until_it_expires(ask: Ask, clock: VirtualClock) -> None:
    status, shift = start(ask)
    assert (status, shift["status"], shift["awayFrom"]) == (201, "ACTIVE", "euw1-az1")
    assert resource(ask)["appliedWeights"] == {"euw1-az1": 0.0, "euw1-az2": 1.0}
    clock.loop.run_until(end=2 * 3600 - 1)
    assert [each["appliedStatus"] for each in resource(ask)["zonalShifts"]] == ["APPLIED"]
    clock.loop.run_until(end=2 * 3600)
    assert resource(ask)["zonalShifts"] == []
    assert [each["status"] for each in ask("GET", "/zonalshifts")[1]["items"]] == ["EXPIRED"]
    assert ask("GET", "/zonalshifts", "status=ACTIVE")[1]["items"] == []


def test_a_shift_that_cannot_be_kept_is_refused_and_is_not_there(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / f"{FILE}.draft").mkdir()  # nobody writes there, root neither
    status, refusal = start(ask)
    assert status == 500
    assert "cannot be written" in refusal["message"]
    assert resource(ask)["zonalShifts"] == []


def test_a_shift_can_be_extended_and_cancelled_once(ask: Ask, clock: VirtualClock) -> None:
    id = start(ask)[1]["zonalShiftId"]
    assert ask("PATCH", f"/zonalshifts/{id}", expiresIn="5h")[1]["comment"] == "a flood"
    clock.loop.run_until(end=4 * 3600)
    assert len(resource(ask)["zonalShifts"]) == 1
    assert ask("DELETE", f"/zonalshifts/{id}")[1]["status"] == "CANCELED"
    assert resource(ask)["zonalShifts"] == []
    status, refusal = ask("DELETE", f"/zonalshifts/{id}")
    assert (status, refusal["reason"]) == (409, "ZonalShiftStatusNotActive")


@pytest.mark.parametrize(
    ("member", "value", "status", "word"),
    [
        ("resourceIdentifier", ARN + "x", 404, "not enabled"),
        ("awayFrom", "eu-west-1a", 400, "euw1-az1 (eu-west-1a), euw1-az2"),
        ("expiresIn", "73h", 400, "three days"),
        ("expiresIn", "soon", 400, "expiresIn"),
    ],
)
def test_a_shift_that_cannot_be_is_refused_with_what_can(
    ask: Ask, member: str, value: str, status: int, word: str
) -> None:
    found, refusal = start(ask, **{member: value})
    assert found == status and word in refusal["message"]


def test_a_cluster_has_one_shift_at_a_time(ask: Ask) -> None:
    first = start(ask)[1]["zonalShiftId"]
    status, refusal = start(ask, awayFrom="euw1-az2")
    assert (status, refusal["reason"], refusal["zonalShiftId"]) == (409, "ZonalShiftAlreadyExists", first)


def test_a_shift_is_there_after_a_restart(ask: Ask, clock: VirtualClock, tmp_path: Path) -> None:
    id = start(ask)[1]["zonalShiftId"]
    request = AwsRequest(TARGET, "GET", "/zonalshifts", "", {}, b"")
    answer = asyncio.run(made(clock, tmp_path).answer(request))
    assert [each["zonalShiftId"] for each in json.loads(answer.body)["items"]] == [id]
    (tmp_path / FILE).write_text("{")
    with pytest.raises(WorldDataError, match="Remove the file to begin with none"):
        made(clock, tmp_path)


def test_what_the_embedded_arc_lacks_is_refused_by_name(ask: Ask) -> None:
    status, refusal = ask("GET", "/managedresources")
    assert status == 400 and "does not have ListManagedResources" in refusal["message"]
