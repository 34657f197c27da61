"""The embedded EC2 tells of Spot interruption notices as EC2 does; botocore reads it."""

from __future__ import annotations

from typing import Any

import botocore.session
from botocore.parsers import create_parser

from nodeyard.world.aws import spot_requests
from tests.nouns import NOON, a_machine


def asked(**filters: list[str]) -> dict[str, list[str]]:
    """Return the parameters of a request with these filters, as they arrive."""
    parameters = {}
    for number, (name, values) in enumerate(filters.items(), 1):
        parameters[f"Filter.{number}.Name"] = [name.replace("_", "-")]
        for place, value in enumerate(values, 1):
            parameters[f"Filter.{number}.Value.{place}"] = [value]
    return parameters


def read(body: bytes) -> list[dict[str, Any]]:
    model = botocore.session.get_session().get_service_model("ec2")
    shape = model.operation_model("DescribeSpotInstanceRequests").output_shape
    parsed = create_parser("ec2").parse({"body": body, "headers": {}, "status_code": 200}, shape)
    found: list[dict[str, Any]] = parsed.get("SpotInstanceRequests", [])
    return found


MACHINES = [a_machine(f"i-0000000000000000{end}", lifecycle="spot") for end in "ab"]
IDS = [each.id for each in MACHINES]


def test_an_instance_under_notice_is_marked_for_termination() -> None:
    parameters = asked(instance_id=IDS)
    found = read(spot_requests.answer(parameters, MACHINES, {IDS[1]: NOON}, "r-1"))
    assert [(each["InstanceId"], each["Status"]["Code"]) for each in found] == [
        (IDS[0], "fulfilled"),
        (IDS[1], "marked-for-termination"),
    ]
    assert found[1]["Status"]["UpdateTime"] == NOON
    assert spot_requests.instance_ids(parameters) == set(IDS)


def test_filters_let_through_what_they_name() -> None:
    parameters = asked(instance_id=IDS, status_code=["marked-for-termination"])
    found = read(spot_requests.answer(parameters, MACHINES, {IDS[1]: NOON}, "r-1"))
    assert [each["InstanceId"] for each in found] == [IDS[1]]
    assert read(spot_requests.answer(parameters, MACHINES, {}, "r-1")) == []
