"""When the group of a Capacity Block begins to scale down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from nodeyard.planner.capacity_blocks import reservation_of, scale_down_at
from tests.nouns import NOON

LEAD, SOON = timedelta(minutes=40), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ends_in_min", "begins_in_min"), [(120, 80), (42, 2), (41, 1), (30, 1), (0.5, 1), (0, None), (-5, None)]
)
def test_it_begins_forty_minutes_before_the_end_or_as_soon_as_it_still_can(
    ends_in_min: float, begins_in_min: float | None
) -> None:
    at = scale_down_at(NOON + timedelta(minutes=ends_in_min), NOON, LEAD, SOON)
    assert at == (None if begins_in_min is None else NOON + timedelta(minutes=begins_in_min))


@pytest.mark.parametrize(
    ("data", "id"),
    [
        ({}, None),
        ({"CapacityReservationSpecification": {"CapacityReservationPreference": "open"}}, None),
        (
            {
                "CapacityReservationSpecification": {
                    "CapacityReservationTarget": {"CapacityReservationId": "cr-1"}
                }
            },
            "cr-1",
        ),
    ],
)
def test_the_reservation_is_the_one_that_the_template_names(data: dict[str, Any], id: str | None) -> None:
    assert reservation_of(data) == id
