"""What is done about which node condition, and after how long. A table, and the overrides of a group. Pure.

Source: EKS User Guide, node auto repair, the table of conditions and the node monitoring agent's reasons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nodeyard.model.nodegroup import RepairConfig
from nodeyard.model.repair import RepairAction
from nodeyard.ports import Node

MISSING = "NodeMissing"
"""Ours: the word for an instance in service whose Node object is not there."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """`wait_mins` is how long the condition must hold. `override`: the group's configuration says so."""

    action: RepairAction
    wait_mins: int
    override: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """`ill` are the values of the condition's status that mean trouble."""

    ill: frozenset[str]
    wait_mins: int
    action: RepairAction


_FALSE, _TRUE = frozenset({"False"}), frozenset({"True"})
_REPLACE, _NOTHING = RepairAction.REPLACE, RepairAction.NO_ACTION

TABLE: dict[str, _Row] = {
    # An agent that does not report (Unknown) found nothing; a kubelet that does not report is ill.
    "Ready": _Row(frozenset({"False", "Unknown"}), 30, _REPLACE),
    MISSING: _Row(_TRUE, 30, _REPLACE),
    "NetworkingReady": _Row(_FALSE, 30, _REPLACE),
    "StorageReady": _Row(_FALSE, 30, _REPLACE),
    "KernelReady": _Row(_FALSE, 30, _REPLACE),
    "ContainerRuntimeReady": _Row(_FALSE, 30, _REPLACE),
    "AcceleratedHardwareReady": _Row(_FALSE, 10, _REPLACE),
    "DiskPressure": _Row(_TRUE, 30, _NOTHING),
    "MemoryPressure": _Row(_TRUE, 30, _NOTHING),
    "PIDPressure": _Row(_TRUE, 30, _NOTHING),
}

REBOOT_XIDS = frozenset({13, 31, 48, 63, 64, 94, 95})
"""NVIDIA errors that a reboot clears; the other known ones (74, 79, 119, 120, 121, 140) need a new node."""
_XID = re.compile(r"NvidiaXID(\d+)Error")
_UNTREATED = ("DCGM",)
"""Reasons of the data center GPU manager are shown and never acted on."""


def troubles(node: Node) -> Iterator[tuple[str, str, str]]:
    """Yield (condition, reason, message) for every condition that says the node is unhealthy."""
    for name, row in TABLE.items():
        found = node.conditions.get(name)
        if found is not None and found.status in row.ill:
            yield name, found.reason, found.message


def treatment(config: RepairConfig, condition: str, reason: str) -> Treatment:
    """Return what is done about a condition with this reason: the override for the two, or the table."""
    for each in config.overrides:
        if (each.node_monitoring_condition, each.node_unhealthy_reason) == (condition, reason):
            return Treatment(RepairAction(each.repair_action), each.min_repair_wait_time_mins, override=True)
    row = TABLE[condition]
    return Treatment(_action(condition, reason, row), row.wait_mins)


def _action(condition: str, reason: str, row: _Row) -> RepairAction:
    if condition != "AcceleratedHardwareReady":
        return row.action
    if reason.startswith(_UNTREATED):
        return RepairAction.NO_ACTION
    xid = _XID.fullmatch(reason)
    if xid is not None and int(xid[1]) in REBOOT_XIDS:
        return RepairAction.REBOOT
    return row.action
