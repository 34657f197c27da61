"""Which instance types Regions offer, those included that moto has no list of."""

from __future__ import annotations

import pytest

from tests.unit.world.aws.host import Aws


@pytest.mark.parametrize("region", ["cn-north-1", "eu-west-1"])
async def test_a_usual_type_is_offered_and_an_unknown_one_is_not(region: str) -> None:
    wanted = [{"Name": "instance-type", "Values": ["t3.medium", "z9.huge"]}]
    aws = Aws(None)
    found = await aws.call(
        "ec2", "describe_instance_type_offerings", region=region, LocationType="region", Filters=wanted
    )
    assert [one["InstanceType"] for one in found["InstanceTypeOfferings"]] == ["t3.medium"]
    zones = await aws.call(
        "ec2",
        "describe_instance_type_offerings",
        region=region,
        LocationType="availability-zone",
        Filters=wanted,
    )
    places = [one["Location"] for one in zones["InstanceTypeOfferings"]]
    assert len(places) > 1
    assert all(place.startswith(region) for place in places)
