"""Status machines as tables. The diagrams in the docs are drawn from them.

Source: EKS API model, NodegroupStatus, ClusterStatus and UpdateStatus; the
arrows follow the EKS User Guide and observed behaviour.
"""

from __future__ import annotations

from enum import StrEnum


class NodegroupStatus(StrEnum):
    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    UPDATING = "UPDATING"
    DELETING = "DELETING"
    CREATE_FAILED = "CREATE_FAILED"
    DELETE_FAILED = "DELETE_FAILED"
    DEGRADED = "DEGRADED"


class ClusterStatus(StrEnum):
    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    DELETING = "DELETING"
    FAILED = "FAILED"
    UPDATING = "UPDATING"
    PENDING = "PENDING"


class UpdateStatus(StrEnum):
    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    SUCCESSFUL = "Successful"


_N = NodegroupStatus

NODEGROUP_ARROWS: dict[NodegroupStatus, frozenset[NodegroupStatus]] = {
    _N.CREATING: frozenset({_N.ACTIVE, _N.CREATE_FAILED, _N.DELETING}),
    _N.ACTIVE: frozenset({_N.UPDATING, _N.DEGRADED, _N.DELETING}),
    _N.UPDATING: frozenset({_N.ACTIVE, _N.DEGRADED}),
    _N.DEGRADED: frozenset({_N.ACTIVE, _N.UPDATING, _N.DELETING}),
    _N.DELETING: frozenset({_N.DELETE_FAILED}),
    _N.CREATE_FAILED: frozenset({_N.DELETING}),
    _N.DELETE_FAILED: frozenset({_N.DELETING}),
}
"""Status -> statuses it may become. A group that is gone has no status."""

_C = ClusterStatus

CLUSTER_ARROWS: dict[ClusterStatus, frozenset[ClusterStatus]] = {
    _C.PENDING: frozenset({_C.CREATING, _C.ACTIVE, _C.DELETING}),
    _C.CREATING: frozenset({_C.ACTIVE, _C.FAILED, _C.DELETING}),
    _C.ACTIVE: frozenset({_C.UPDATING, _C.DELETING}),
    _C.UPDATING: frozenset({_C.ACTIVE}),
    _C.FAILED: frozenset({_C.DELETING}),
    _C.DELETING: frozenset(),
}

_U = UpdateStatus

UPDATE_ARROWS: dict[UpdateStatus, frozenset[UpdateStatus]] = {
    _U.IN_PROGRESS: frozenset({_U.FAILED, _U.CANCELLED, _U.SUCCESSFUL}),
    _U.FAILED: frozenset(),
    _U.CANCELLED: frozenset(),
    _U.SUCCESSFUL: frozenset(),
}


def check_nodegroup(before: NodegroupStatus, after: NodegroupStatus) -> None:
    """Raise AssertionError for an arrow the table lacks: that is a bug of ours."""
    if before != after and after not in NODEGROUP_ARROWS[before]:
        raise AssertionError(f"a node group cannot go from {before} to {after}")


def check_cluster(before: ClusterStatus, after: ClusterStatus) -> None:
    """Raise AssertionError for an arrow the table lacks: that is a bug of ours."""
    if before != after and after not in CLUSTER_ARROWS[before]:
        raise AssertionError(f"a cluster cannot go from {before} to {after}")
