"""Labels, taints, tags and sizes: rules that creation and updates share.

Each returns a sentence when the value is refused, None when it is fine.
Source: Kubernetes, labels and selectors (qualified names); EKS User Guide, node taints;
reference, labels and taints.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from nodeyard.model.limits import (
    DISK_GIB_MAX,
    LABELS_MAX,
    NODEGROUP_NAME_CHARS_MAX,
    TAGS_MAX,
    TAINTS_MAX,
    UNAVAILABLE_NODES_MAX,
)
from nodeyard.model.nodegroup import RepairConfig, Taint, UpdateConfig

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_DNS = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_WORDS = (
    "field must consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character"
)
_OWNED = ("eks.amazonaws.com",)
_KUBERNETES = ("kubernetes.io", "k8s.io")
_KUBELET_MAY_SET = ("kubelet.kubernetes.io", "node.kubernetes.io")
_APPLIED_AFTER_JOIN = ("node-role.kubernetes.io",)
_WELL_KNOWN = frozenset(
    {
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "kubernetes.io/arch",
        "kubernetes.io/instance-type",
        "beta.kubernetes.io/instance-type",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/arch",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "node.kubernetes.io/instance-type",
    }
)
_UPDATES_PUT = Taint("eks.amazonaws.com/nodegroup", "NO_SCHEDULE", "unschedulable")
DNS_PREFIX_CHARS_MAX = 253
_NODEGROUP_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def _within(prefix: str, domains: Iterable[str]) -> bool:
    return any(prefix == domain or prefix.endswith(f".{domain}") for domain in domains)


def qualified_name(text: str) -> str | None:
    """Judge a label or taint key."""
    prefix, slash, name = text.rpartition("/")
    if slash and (len(prefix) > DNS_PREFIX_CHARS_MAX or not _DNS.fullmatch(prefix)):
        return f"Invalid value: {text} : prefix part must be a DNS subdomain of at most 253 characters"
    return None if _NAME.fullmatch(name) else f"Invalid value: {text} : {_WORDS}"


def label_value(text: str) -> str | None:
    """Judge a label or taint value; an empty one is fine for Kubernetes."""
    return None if not text or _NAME.fullmatch(text) else f"Invalid value: {text} : {_WORDS}"


def nodegroup_name(text: str) -> str | None:
    """Judge a node group's name. Source: EKS User Guide, create a managed node group.

    It becomes the value of the label eks.amazonaws.com/nodegroup, so it must end as one does.
    """
    if len(text) > NODEGROUP_NAME_CHARS_MAX:
        return (
            f"The nodegroup name must have at most {NODEGROUP_NAME_CHARS_MAX} characters; "
            f"this one has {len(text)}."
        )
    if not _NODEGROUP_NAME.fullmatch(text):
        return (
            "The nodegroup name parameter contains invalid characters. It should begin with letter or digit "
            "and can have any of the following characters: letters, digits, hyphens and underscores."
        )
    if not _NAME.fullmatch(text):
        return f"The nodegroup name {text} must end with a letter or digit: it becomes a label of the nodes."
    return None


def reserved_label(key: str) -> str | None:
    """Judge a label's prefix: kubelet's own allow-list is allowed, the rest is reserved."""
    prefix = key.rpartition("/")[0]
    if _within(prefix, _OWNED):
        return _reserved(key)
    if not _within(prefix, _KUBERNETES) or key in _WELL_KNOWN:
        return None
    if _within(prefix, _KUBELET_MAY_SET) or prefix in _APPLIED_AFTER_JOIN:
        return None
    return _reserved(key)


def _reserved(key: str) -> str:
    prefixes = "[kubernetes.io/, k8s.io/, eks.amazonaws.com/]"
    return f"Label cannot contain reserved prefixes {prefixes}: {key}"


def labels(items: Mapping[str, str]) -> str | None:
    """Judge a set of labels, the first fault first."""
    if len(items) > LABELS_MAX:
        return f"A node group has at most {LABELS_MAX} labels, not {len(items)}"
    for key, value in items.items():
        fault = qualified_name(key) or reserved_label(key) or label_value(value)
        if fault is not None:
            return fault
    return None


def taints(items: Iterable[Taint]) -> str | None:
    """Judge a list of taints: syntax, count, and that none comes twice."""
    listed = list(items)
    fault = taints_count(listed)
    if fault is not None:
        return fault
    seen: set[tuple[str, str]] = set()
    for taint in listed:
        if not taint.key or not taint.effect:
            return "A taint needs a key and an effect"
        fault = qualified_name(taint.key) or label_value(taint.value or "")
        if fault is not None:
            return fault
        if taint == _UPDATES_PUT:
            return (
                f"Taint {taint.key}={taint.value}:{taint.effect} is the one that version updates put on "
                "nodes which are to be replaced, and take away: choose another key or value"
            )
        if (taint.key, taint.effect) in seen:
            return f"Taint {taint.key} with effect {taint.effect} is listed twice"
        seen.add((taint.key, taint.effect))
    return None


def taints_count(items: Collection[Taint]) -> str | None:
    """Judge how many taints a group has."""
    few = len(items) <= TAINTS_MAX
    return None if few else f"A node group has at most {TAINTS_MAX} taints, not {len(items)}"


def tags(items: Mapping[str, str]) -> str | None:
    """Judge tags. Source: AWS General Reference, tag restrictions."""
    if len(items) > TAGS_MAX:
        return f"A resource has at most {TAGS_MAX} tags, not {len(items)}"
    reserved = sorted(key for key in items if key.lower().startswith("aws:"))
    return f"Tag keys must not start with aws: {', '.join(reserved)}" if reserved else None


def update_config(config: UpdateConfig) -> str | None:
    """Judge an update configuration: exactly one of the two numbers, at most 100 nodes."""
    both = config.max_unavailable is not None and config.max_unavailable_percentage is not None
    neither = config.max_unavailable is None and config.max_unavailable_percentage is None
    if both or neither:
        return "Specify exactly one of maxUnavailable and maxUnavailablePercentage in updateConfig"
    if config.max_unavailable is not None and config.max_unavailable > UNAVAILABLE_NODES_MAX:
        return f"maxUnavailable can't be greater than {UNAVAILABLE_NODES_MAX}, it is {config.max_unavailable}"
    return None


def repair_config(config: RepairConfig) -> str | None:
    """Judge node auto repair: a count and a percentage exclude each other, an override is whole."""
    for each in config.overrides:
        said = each.node_monitoring_condition, each.node_unhealthy_reason, each.repair_action
        if not all(said) or each.min_repair_wait_time_mins < 1:
            return (
                "An entry of nodeRepairConfigOverrides needs all of nodeMonitoringCondition, "
                "nodeUnhealthyReason, minRepairWaitTimeMins and repairAction"
            )
    if (
        config.max_unhealthy_node_threshold_count is not None
        and config.max_unhealthy_node_threshold_percentage is not None
    ):
        return "maxUnhealthyNodeThresholdCount and maxUnhealthyNodeThresholdPercentage exclude each other"
    if (
        config.max_parallel_nodes_repaired_count is not None
        and config.max_parallel_nodes_repaired_percentage is not None
    ):
        return "maxParallelNodesRepairedCount and maxParallelNodesRepairedPercentage exclude each other"
    return None


def disk_size(gib: int | None) -> str | None:
    """Judge the size of the root volume. Units: GiB."""
    if gib is None or 1 <= gib <= DISK_GIB_MAX:
        return None
    return f"diskSize must be 1 to {DISK_GIB_MAX} GiB, not {gib}"
