"""Which nodes of a snapshot are the group that is rehearsed, and what the group is made of. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from nodeyard import catalog
from nodeyard.rehearse.snapshot import Snapshot, SnapshotRefused

Obj = dict[str, Any]

ZONE = "topology.kubernetes.io/zone"
TYPE = "node.kubernetes.io/instance-type"
CAPACITY = "eks.amazonaws.com/capacityType"
GROUP_LABELS = (
    "eks.amazonaws.com/nodegroup",
    "alpha.eksctl.io/nodegroup-name",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
    "agentpool",
    "karpenter.sh/nodepool",
    "kops.k8s.io/instancegroup",
)
"""Labels that carry the name of a group, in the order in which they are tried."""
STAND_IN_ZONE = "zone-1"
STAND_IN_TYPE = "m5.xlarge"
NODES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Group:
    """The nodes to replace; `label` is what selected them.

    `zones` has how many nodes each zone has, 0 where new ones may come up: AWS tells of such zones.
    """

    name: str
    label: str
    nodes: tuple[Obj, ...]
    zones: dict[str, int]
    instance_type: str
    type_is_known: bool
    spot: bool
    version: str
    """The Kubernetes minor version of the kubelets, such as 1.34; empty where no node tells."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name_of(each) for each in self.nodes)

    def pods_of(self, snapshot: Snapshot) -> int:
        """Return how many pods run on the group's nodes."""
        names = self.names
        return sum(each["spec"].get("nodeName") in names for each in snapshot.of("pods"))


def name_of(obj: Obj) -> str:
    return str(obj["metadata"]["name"])


def labels_of(obj: Obj) -> dict[str, str]:
    found: dict[str, str] = obj["metadata"].get("labels") or {}
    return found


def zone_of(node: Obj) -> str:
    return labels_of(node).get(ZONE) or STAND_IN_ZONE


def groups_of(snapshot: Snapshot) -> dict[str, int]:
    """Return `label=name` -> nodes for every group that the labels of a snapshot tell of."""
    found: Counter[str] = Counter()
    for node in snapshot.of("nodes"):
        labels = labels_of(node)
        key = next((each for each in GROUP_LABELS if each in labels), None)
        if key is not None:
            found[f"{key}={labels[key]}"] += 1
    return dict(sorted(found.items()))


def select(snapshot: Snapshot, wanted: str) -> Group:
    """Return the group of a name or of a label such as `pool=blue`. Raises: SnapshotRefused."""
    label, nodes = _nodes(snapshot, wanted)
    if not nodes:
        known = ", ".join(f"{name} ({count})" for name, count in groups_of(snapshot).items())
        told = f"the groups in it are {known}" if known else "its nodes have no label that names a group"
        raise SnapshotRefused(
            f"No node of the snapshot is in group {wanted}: {told}; "
            "give one of them, or a label as KEY=VALUE."
        )
    if len(nodes) > NODES_MAX:
        raise SnapshotRefused(f"Group {wanted} has {len(nodes):,} nodes and a rehearsal takes {NODES_MAX:,}.")
    types = Counter(labels_of(each).get(TYPE, "") for each in nodes)
    most = types.most_common(1)[0][0]
    known_type = catalog.default().instance_type(most) is not None
    versions = Counter(_minor(each) for each in nodes)
    zones = Counter(zone_of(each) for each in nodes)
    spare = snapshot.zones if zones.keys() <= set(snapshot.zones) else ()
    return Group(
        name=wanted.rpartition("=")[2] or wanted,
        label=label,
        nodes=tuple(sorted(nodes, key=name_of)),
        zones=dict(sorted({**dict.fromkeys(spare, 0), **zones}.items())),
        instance_type=most if known_type else STAND_IN_TYPE,
        type_is_known=known_type,
        spot=any(labels_of(each).get(CAPACITY) == "SPOT" for each in nodes),
        version=versions.most_common(1)[0][0],
    )


def _nodes(snapshot: Snapshot, wanted: str) -> tuple[str, list[Obj]]:
    key, equals, value = wanted.partition("=")
    for label in (key,) if equals else GROUP_LABELS:
        found = [
            each
            for each in snapshot.of("nodes")
            if labels_of(each).get(label) == (value if equals else wanted)
        ]
        if found:
            return f"{label}={labels_of(found[0])[label]}", found
    return wanted, []


def _minor(node: Obj) -> str:
    told = str(((node.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion", ""))
    parts = told.removeprefix("v").split(".")
    return ".".join(parts[:2]) if len(parts) >= 2 and all(each.isdigit() for each in parts[:2]) else ""
