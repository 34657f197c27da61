"""UpdateNodegroupConfig: refuse it, or say what the group becomes and which params the update has.

Source: reference, UpdateNodegroupConfig, update objects, scaling, labels and taints.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from nodeyard.model.commands import ScalingChange, UpdateNodegroupConfig
from nodeyard.model.nodegroup import Configuration, Nodegroup, RepairConfig, Taint
from nodeyard.model.refusal import Refused
from nodeyard.model.status import NodegroupStatus
from nodeyard.model.values import replace
from nodeyard.planner.admission import repair_shape, scaling, syntax, warm_pool
from nodeyard.planner.admission.facts import UpdateFacts


@dataclass(frozen=True, slots=True)
class ConfigAccepted:
    """What the group is to become and the update's params."""

    configuration: Configuration
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
    if any(not taint.key or not taint.effect for taint in command.taints_remove):
        return "A taint to remove needs a key and an effect"
    after = _taints_after(command, facts.group)
    return syntax.taints(command.taints_add) or syntax.taints_count(after)


def _sizes(command: UpdateNodegroupConfig, facts: UpdateFacts) -> str | None:
    if command.scaling is None:
        return None
    after = scaling.for_update(command.scaling, facts.group.scaling)
    return scaling.update_fault(after, facts.quotas.nodes_per_nodegroup)


def _update_config(command: UpdateNodegroupConfig, facts: UpdateFacts) -> str | None:
    return None if command.update_config is None else syntax.update_config(command.update_config)


def _repair(command: UpdateNodegroupConfig, facts: UpdateFacts) -> str | None:
    return None if command.repair_config is None else syntax.repair_config(command.repair_config)


def _warm_pool(command: UpdateNodegroupConfig, facts: UpdateFacts) -> str | None:
    if command.warm_pool is None:
        return None
    group = facts.group
    pool = warm_pool.after(command.warm_pool, group.warm_pool)
    return warm_pool.fault(pool, group.ami_type, group.capacity_type)


def _something(command: UpdateNodegroupConfig, facts: UpdateFacts) -> str | None:
    sizes = None if command.scaling == ScalingChange() else command.scaling
    bare = replace(command, token=None, scaling=sizes)
    if bare == UpdateNodegroupConfig(cluster=command.cluster, name=command.name):
        return (
            "The update changes nothing: send at least one of labels, taints, scalingConfig, "
            "updateConfig, nodeRepairConfig and warmPoolConfig"
        )
    return None


RULES: tuple[Rule, ...] = (_something, _labels, _taints, _sizes, _update_config, _repair, _warm_pool)


def admit(command: UpdateNodegroupConfig, facts: UpdateFacts) -> ConfigAccepted | Refused:
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
    after = Configuration(
        labels=_labels_after(command, group),
        taints=_taints_after(command, group),
        scaling=scaling.for_update(command.scaling, group.scaling),
        update_config=command.update_config or group.update_config,
        repair_config=command.repair_config or group.repair_config,
        warm_pool=warm_pool.after(command.warm_pool, group.warm_pool),
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
    numbers = _numbers(command)
    yield from ((name, str(value)) for name, value in numbers if value is not None)


def _numbers(command: UpdateNodegroupConfig) -> Iterable[tuple[str, Any]]:
    if command.scaling is not None:
        sizes = command.scaling
        yield from (("MinSize", sizes.minimum), ("MaxSize", sizes.maximum), ("DesiredSize", sizes.desired))
    if command.update_config is not None:
        config = command.update_config
        yield "MaxUnavailable", config.max_unavailable
        yield "MaxUnavailablePercentage", config.max_unavailable_percentage
        yield "UpdateStrategy", config.update_strategy
    if command.repair_config is not None:
        yield "NodeRepairEnabled", _truth(command.repair_config.enabled)
        yield "NodeRepairConfig", _repair_text(command.repair_config)
    if command.warm_pool is not None:
        pool = command.warm_pool
        yield "WarmPoolEnabled", _truth(pool.enabled)
        yield "WarmPoolMinSize", pool.min_size
        yield "WarmPoolMaxGroupPreparedCapacity", pool.max_group_prepared_capacity
        yield "WarmPoolState", pool.pool_state
        yield "WarmPoolReuseOnScaleIn", _truth(pool.reuse_on_scale_in)


def _repair_text(config: RepairConfig) -> str | None:
    """Return the settings as JSON text; None where there are none beside `enabled`."""
    members = repair_shape.spelled(config)
    return _json(members) if len(members) > 1 else None


def _truth(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()
