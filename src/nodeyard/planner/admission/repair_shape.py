"""Settings of node auto repair as the API spells them: described, and in the params of an update."""

from __future__ import annotations

from typing import Any

from nodeyard.model.nodegroup import RepairConfig


def spelled(config: RepairConfig) -> dict[str, Any]:
    """Return the members of NodeRepairConfig, without those that are not set."""
    overrides = [
        {
            "nodeMonitoringCondition": each.node_monitoring_condition,
            "nodeUnhealthyReason": each.node_unhealthy_reason,
            "minRepairWaitTimeMins": each.min_repair_wait_time_mins,
            "repairAction": each.repair_action,
        }
        for each in config.overrides
    ]
    members: dict[str, Any] = {
        "enabled": config.enabled,
        "maxUnhealthyNodeThresholdCount": config.max_unhealthy_node_threshold_count,
        "maxUnhealthyNodeThresholdPercentage": config.max_unhealthy_node_threshold_percentage,
        "maxParallelNodesRepairedCount": config.max_parallel_nodes_repaired_count,
        "maxParallelNodesRepairedPercentage": config.max_parallel_nodes_repaired_percentage,
        "nodeRepairConfigOverrides": overrides or None,
    }
    return {name: value for name, value in members.items() if value is not None}
