"""What a config update changes on a node that runs already. Pure.

Source: EKS API reference, UpdateNodegroupConfig; a taint is identified by key and effect.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nodeyard.model.nodegroup import Taint
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


def from_params(node: Node, params: Mapping[str, str]) -> NodePatch | None:
    """Return what to change on this node for an update's params; None when nothing differs."""
    labels = _labels(node, params)
    taints = _taints(node, params)
    if not labels and taints is None:
        return None
    return NodePatch(labels or None, taints)


def with_taints(node: Node, taints: Iterable[Taint]) -> tuple[tuple[str, str, str], ...] | None:
    """Return the node's taints with a group's among them; None when they are all there."""
    by_identity = {(key, effect): value for key, value, effect in node.taints}
    by_identity |= {(each.key, EFFECTS[each.effect]): each.value or "" for each in taints}
    after = tuple((key, value, effect) for (key, effect), value in by_identity.items())
    return None if set(after) == set(node.taints) else after


def _labels(node: Node, params: Mapping[str, str]) -> dict[str, str | None]:
    added: dict[str, str] = json.loads(params.get("LabelsToAdd", "{}"))
    removed: list[str] = json.loads(params.get("LabelsToRemove", "[]"))
    changed: dict[str, str | None] = {k: v for k, v in added.items() if node.labels.get(k) != v}
    changed.update({key: None for key in removed if key in node.labels})
    return changed


def _taints(node: Node, params: Mapping[str, str]) -> tuple[tuple[str, str, str], ...] | None:
    by_identity = {(key, effect): value for key, value, effect in node.taints}
    for each in json.loads(params.get("TaintsToRemove", "[]")):
        by_identity.pop((each["key"], EFFECTS[each["effect"]]), None)
    for each in json.loads(params.get("TaintsToAdd", "[]")):
        by_identity[each["key"], EFFECTS[each["effect"]]] = each.get("value") or ""
    after = tuple((key, value, effect) for (key, effect), value in by_identity.items())
    return None if set(after) == set(node.taints) else after
