"""What a config update changes on a node that runs already. Pure.

Source: EKS API reference, UpdateNodegroupConfig; a taint is identified by key and effect.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nodeyard.model.nodegroup import Nodegroup, Taint
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


def back(node: Node, change: Change, group: Nodegroup) -> Change:
    """Return what takes a change back: what the node carries of it becomes what the group has."""
    had = {(each.key, EFFECTS[each.effect]): each.value or "" for each in group.taints}
    there = {(key, effect): value for key, value, effect in node.taints}
    return Change(
        {key: group.labels.get(key) for key, value in change.labels.items() if node.labels.get(key) == value},
        {taint: had.get(taint) for taint, value in change.taints.items() if there.get(taint) == value},
    )


def missed(node: Node, group: Nodegroup, updates: Iterable[Update], version: str) -> Change:
    """Return what a node must learn, and forget, that another launch template version launched.

    It boots while a config update is carried out, and joins when it is over. What a failed one told it is
    taken back.
    """
    made = [(int(each.template_version), each) for each in updates if each.template_version is not None]
    ended = sorted(made, key=lambda each: each[0])
    own = change(
        dict(each.params)
        for number, each in ended
        if number == int(version) and each.status is UpdateStatus.FAILED
    )
    later = change(
        dict(each.params)
        for number, each in ended
        if number > int(version) and each.status is UpdateStatus.SUCCESSFUL
    )
    undone = back(node, own, group)
    return Change({**undone.labels, **later.labels}, {**undone.taints, **later.taints})


def with_taints(node: Node, taints: Iterable[Taint]) -> tuple[tuple[str, str, str], ...] | None:
    """Return the node's taints with a group's among them; None when they are all there."""
    by_identity = {(key, effect): value for key, value, effect in node.taints}
    by_identity |= {(each.key, EFFECTS[each.effect]): each.value or "" for each in taints}
    after = tuple((key, value, effect) for (key, effect), value in by_identity.items())
    return None if set(after) == set(node.taints) else after
