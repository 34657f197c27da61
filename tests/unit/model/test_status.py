"""The status tables hold together: every status has a row, every arrow leads somewhere."""

import pytest

from nodeyard.model import status
from nodeyard.model.status import NodegroupStatus


def test_every_status_has_a_row_and_every_arrow_ends_at_a_status() -> None:
    for table, kind in (
        (status.NODEGROUP_ARROWS, status.NodegroupStatus),
        (status.CLUSTER_ARROWS, status.ClusterStatus),
        (status.UPDATE_ARROWS, status.UpdateStatus),
    ):
        assert set(table) == set(kind)
        assert {after for arrows in table.values() for after in arrows} <= set(kind)


def test_a_failed_creation_can_only_be_deleted() -> None:
    assert status.NODEGROUP_ARROWS[NodegroupStatus.CREATE_FAILED] == {NodegroupStatus.DELETING}


def test_an_arrow_that_the_table_lacks_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="from DELETING to ACTIVE"):
        status.check_nodegroup(NodegroupStatus.DELETING, NodegroupStatus.ACTIVE)
