"""What a config update changes on a node that runs already. Pure.

Source: EKS API reference, UpdateNodegroupConfig; a taint is identified by key and effect.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nodeyard.model.nodegroup import Taint
from nodeyard.model.status import UpdateStatus
from nodeyard.model.update import Update
from nodeyard.ports import Node

EFFECTS = {
    "NO_SCHEDULE": "NoSchedule",
    "NO_EXECUTE": "NoExecute",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
}


@dataclass(frozen=True, slots=True)
class NodePatch:
    """Labels to merge (None removes one) and, when they change, the whole list of taints."""

    labels: dict[str, str | None] | None
    taints: tuple[tuple[str, str, str], ...] | None


@dataclass(frozen=True, slots=True)
class Change:
    """What labels and taints (by key and effect) become; None removes one."""

    labels: Mapping[str, str | None]
    taints: Mapping[tuple[str, str], str | None]


def change(updates: Iterable[Mapping[str, str]]) -> Change:
    """Return what config updates change together, by their params, the oldest first."""
    labels: dict[str, str | None] = {}
    taints: dict[tuple[str, str], str | None] = {}
    for params in updates:
        labels |= dict.fromkeys(json.loads(params.get("LabelsToRemove", "[]")))
        labels |= json.loads(params.get("LabelsToAdd", "{}"))
        for each in json.loads(params.get("TaintsToRemove", "[]")):
            taints[each["key"], EFFECTS[each["effect"]]] = None
        for each in json.loads(params.get("TaintsToAdd", "[]")):
            taints[each["key"], EFFECTS[each["effect"]]] = each.get("value") or ""
    return Change(labels, taints)


def of(node: Node, change: Change) -> NodePatch | None:
    """Return what to change on this node; None when nothing differs."""
    labels = {key: value for key, value in change.labels.items() if node.labels.get(key) != value}
    wanted: dict[tuple[str, str], str | None] = {(key, effect): value for key, value, effect in node.taints}
    wanted.update(change.taints)
    after = tuple((key, value, effect) for (key, effect), value in wanted.items() if value is not None)
    taints = None if set(after) == set(node.taints) else after
    return NodePatch(labels or None, taints) if labels or taints is not None else None


def missed(updates: Iterable[Update], version: str) -> Change:
    """Return what nodes do not know that an older launch template version launched.

    They boot while a config update is applied, and join when it is over.
    """
    later = sorted(
        (int(each.template_version), each.params)
        for each in updates
        if each.status is UpdateStatus.SUCCESSFUL and each.template_version is not None
    )
    return change(dict(params) for made, params in later if made > int(version))


def with_taints(node: Node, taints: Iterable[Taint]) -> tuple[tuple[str, str, str], ...] | None:
    """Return the node's taints with a group's among them; None when they are all there."""
    by_identity = {(key, effect): value for key, value, effect in node.taints}
    by_identity |= {(each.key, EFFECTS[each.effect]): each.value or "" for each in taints}
    after = tuple((key, value, effect) for (key, effect), value in by_identity.items())
    return None if set(after) == set(node.taints) else after
