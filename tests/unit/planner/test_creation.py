"""When a new group is ACTIVE."""

from datetime import UTC, datetime, timedelta

import pytest

from nodeyard.model.values import replace
from nodeyard.planner import creation
from nodeyard.planner.creation import Stage
from tests.nouns import a_nodegroup

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("capacity_type", "desired", "stage"),
    [
        ("ON_DEMAND", 2, Stage.WAIT),
        ("SPOT", 2, Stage.WAIT),
        ("ON_DEMAND", 0, Stage.ACTIVE),
        # Its reservation may begin in weeks, and EKS does not look whether its nodes join.
        ("CAPACITY_BLOCK", 2, Stage.ACTIVE),
    ],
)
def test_a_group_without_nodes_is_active_where_none_are_awaited(
    capacity_type: str, desired: int, stage: Stage
) -> None:
    group = a_nodegroup(capacity_type=capacity_type)
    group = replace(group, scaling=replace(group.scaling, desired=desired))
    verdict = creation.judge(
        creation.awaited(group), (), (), group="asg", deadline=NOW + timedelta(minutes=20), now=NOW
    )
    assert verdict.stage is stage
