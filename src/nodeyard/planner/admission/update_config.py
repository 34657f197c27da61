"""UpdateNodegroupConfig: refuse it, or say what the group becomes and which params the update has.

Source: reference, UpdateNodegroupConfig, update objects, scaling, labels and taints.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from nodeyard.model.commands import UpdateNodegroupConfig
from nodeyard.model.nodegroup import Nodegroup, Taint
from nodeyard.model.refusal import Refused
from nodeyard.model.status import NodegroupStatus
from nodeyard.planner.admission import scaling, syntax
from nodeyard.planner.admission.facts import UpdateFacts


@dataclass(frozen=True, slots=True)
class ConfigAccepted:
    """The group as it shall be (status untouched) and the update's params."""

    group: Nodegroup
    params: tuple[tuple[str, str], ...]


Rule = Callable[[UpdateNodegroupConfig, UpdateFacts], str | None]


def _labels(command: UpdateNodegroupConfig, facts: UpdateFacts) -> str | None:
    twice = sorted(set(command.labels_add) & set(command.labels_remove))
    if twice:
        return f"Labels cannot be added and removed at once: {', '.join(twice)}"
    return syntax.labels(command.labels_add) or syntax.labels(_labels_after(command, facts.group))


def _taints(command: UpdateNodegroupConfig, facts: UpdateFacts) -> str | None:
    added = {(t.key, t.effect) for t in command.taints_add}
    twice = sorted(f"{t.key}:{t.effect}" for t in command.taints_remove if (t.key, t.effect) in added)
    if twice:
        return f"Taints cannot be added and removed at once: {', '.join(twice)}"
    return syntax.taints(command.taints_add) or syntax.taints(_taints_after(command, facts.group))


def _sizes(command: UpdateNodegroupConfig, facts: UpdateFacts) -> str | None:
    if command.scaling is None:
        return None
    after = scaling.for_update(command.scaling, facts.group.scaling)
    return scaling.update_fault(after, facts.quotas.nodes_per_nodegroup)


def _update_config(command: UpdateNodegroupConfig, facts: UpdateFacts) -> str | None:
    return None if command.update_config is None else syntax.update_config(command.update_config)


def _repair(command: UpdateNodegroupConfig, facts: UpdateFacts) -> str | None:
    return None if command.repair_config is None else syntax.repair_config(command.repair_config)


def _something(command: UpdateNodegroupConfig, facts: UpdateFacts) -> str | None:
    bare = replace(command, token=None)
    if bare == UpdateNodegroupConfig(cluster=command.cluster, name=command.name):
        return (
            "The update changes nothing: send at least one of labels, taints, scalingConfig, "
            "updateConfig, nodeRepairConfig and warmPoolConfig"
        )
    return None


RULES: tuple[Rule, ...] = (_something, _labels, _taints, _sizes, _update_config, _repair)


def admit(command: UpdateNodegroupConfig, facts: UpdateFacts, now: datetime) -> ConfigAccepted | Refused:
    """Judge a config update of one group."""
    group = facts.group
    members = {"clusterName": command.cluster, "nodegroupName": command.name}
    if group.status is not NodegroupStatus.ACTIVE:
        text = "Nodegroup cannot be updated as it is currently not in Active State"
        return Refused("ResourceInUseException", text, members)
    for rule in RULES:
        fault = rule(command, facts)
        if fault is not None:
            return Refused("InvalidParameterException", fault, members)
    after = replace(
        group,
        labels=_labels_after(command, group),
        taints=_taints_after(command, group),
        scaling=scaling.for_update(command.scaling, group.scaling),
        update_config=command.update_config or group.update_config,
        repair_config=command.repair_config or group.repair_config,
        warm_pool=command.warm_pool or group.warm_pool,
        modified_at=now,
    )
    return ConfigAccepted(after, tuple(_params(command)))


def _labels_after(command: UpdateNodegroupConfig, group: Nodegroup) -> dict[str, str]:
    kept = {k: v for k, v in group.labels.items() if k not in command.labels_remove}
    return kept | command.labels_add


def _taints_after(command: UpdateNodegroupConfig, group: Nodegroup) -> tuple[Taint, ...]:
    gone = {(t.key, t.effect) for t in command.taints_remove}
    by_identity = {(t.key, t.effect): t for t in group.taints if (t.key, t.effect) not in gone}
    by_identity.update({(t.key, t.effect): t for t in command.taints_add})
    return tuple(by_identity.values())


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _taint_list(taints: Iterable[Taint]) -> str:
    return _json([{"effect": t.effect, "value": t.value or "", "key": t.key} for t in taints])


def _params(command: UpdateNodegroupConfig) -> Iterable[tuple[str, str]]:
    if command.labels_add:
        yield "LabelsToAdd", _json(command.labels_add)
    if command.labels_remove:
        yield "LabelsToRemove", _json(list(command.labels_remove))
    if command.taints_add:
        yield "TaintsToAdd", _taint_list(command.taints_add)
    if command.taints_remove:
        yield "TaintsToRemove", _taint_list(command.taints_remove)
    numbers: list[tuple[str, Any]] = []
    if command.scaling is not None:
        sizes = command.scaling
        numbers += [("MinSize", sizes.minimum), ("MaxSize", sizes.maximum), ("DesiredSize", sizes.desired)]
    if command.update_config is not None:
        config = command.update_config
        numbers += [
            ("MaxUnavailable", config.max_unavailable),
            ("MaxUnavailablePercentage", config.max_unavailable_percentage),
            ("UpdateStrategy", config.update_strategy),
        ]
    if command.repair_config is not None:
        numbers.append(("NodeRepairEnabled", str(command.repair_config.enabled).lower()))
    if command.warm_pool is not None:
        numbers.append(("WarmPoolEnabled", str(command.warm_pool.enabled).lower()))
    yield from ((name, str(value)) for name, value in numbers if value is not None)
