"""How many nodes repair may treat at once, and when it begins none at all. Pure.

Source: EKS API reference, NodeRepairConfig; EKS User Guide, node auto repair.
"""

from __future__ import annotations

from collections.abc import Sequence

from nodeyard.model.limits import (
    REPAIR_STOPS_ABOVE_NODES,
    REPAIR_STOPS_ABOVE_PERCENT,
    REPAIRS_IN_PARALLEL,
)
from nodeyard.model.nodegroup import RepairConfig


def parallel(config: RepairConfig, unhealthy: int) -> int:
    """Return how many repairs may be under way at once.

    Units: nodes. Bounds: at least 1; a percentage is one of the unhealthy nodes, rounded up.
    """
    if config.max_parallel_nodes_repaired_percentage is not None:
        return max(1, -(-unhealthy * config.max_parallel_nodes_repaired_percentage // 100))
    return config.max_parallel_nodes_repaired_count or REPAIRS_IN_PARALLEL


def stopped(config: RepairConfig, unhealthy: int, nodes: int, shifted: Sequence[str] = ()) -> str:
    """Return why no repair may begin, in a sentence with the numbers; empty when one may.

    Bounds: `shifted` are the ids of the zones that a zonal shift moves the cluster away from.
    """
    if shifted:
        away = ", ".join(shifted)
        return f"a zonal shift moves the cluster away from {away}: no repair begins until it is over"
    count = config.max_unhealthy_node_threshold_count
    percent = config.max_unhealthy_node_threshold_percentage
    if count is not None:
        if unhealthy <= count:
            return ""
        allowed = f"maxUnhealthyNodeThresholdCount is {count}"
    elif percent is not None:
        if unhealthy * 100 <= percent * nodes:
            return ""
        allowed = f"maxUnhealthyNodeThresholdPercentage is {percent}"
    else:
        if nodes <= REPAIR_STOPS_ABOVE_NODES or unhealthy * 100 <= REPAIR_STOPS_ABOVE_PERCENT * nodes:
            return ""
        allowed = (
            f"a group of more than {REPAIR_STOPS_ABOVE_NODES} nodes may have "
            f"{REPAIR_STOPS_ABOVE_PERCENT}% unhealthy"
        )
    return f"{unhealthy} of {nodes} nodes are unhealthy and {allowed}: no repair begins until fewer are"
