"""What a snapshot holds: objects by resource, when they were read, and which facts it lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nodeyard.settings import StartRefused

Obj = dict[str, Any]

FORMAT = "nodeyard-snapshot"
VERSION = 1

KINDS: dict[str, tuple[str, str]] = {
    "nodes": ("v1", "Node"),
    "namespaces": ("v1", "Namespace"),
    "pods": ("v1", "Pod"),
    "persistentvolumeclaims": ("v1", "PersistentVolumeClaim"),
    "persistentvolumes": ("v1", "PersistentVolume"),
    "events": ("v1", "Event"),
    "deployments.apps": ("apps/v1", "Deployment"),
    "replicasets.apps": ("apps/v1", "ReplicaSet"),
    "statefulsets.apps": ("apps/v1", "StatefulSet"),
    "daemonsets.apps": ("apps/v1", "DaemonSet"),
    "jobs.batch": ("batch/v1", "Job"),
    "poddisruptionbudgets.policy": ("policy/v1", "PodDisruptionBudget"),
    "priorityclasses.scheduling.k8s.io": ("scheduling.k8s.io/v1", "PriorityClass"),
    "storageclasses.storage.k8s.io": ("storage.k8s.io/v1", "StorageClass"),
}
"""Resource -> apiVersion and kind, in the order in which they are put into a world."""

OBJECTS_MAX = 500_000

NEEDED = ("nodes", "pods")
"""Without these there is nothing to rehearse."""

MEANING = {
    "namespaces": "namespace labels are unknown: rules that select namespaces by label match none",
    "persistentvolumeclaims": "volume claims are unknown: pods are placed as if they had no volumes",
    "persistentvolumes": "volumes are unknown: no pod is held to the zone of its volume",
    "events": "events are unknown: terminations were not observed, their length is a range",
    "deployments.apps": "Deployments are unknown: ReplicaSets keep their pods alive by themselves",
    "replicasets.apps": "ReplicaSets are unknown: they are rebuilt from the pods that name them",
    "statefulsets.apps": "StatefulSets are unknown: their pods are not started again after an eviction",
    "daemonsets.apps": "DaemonSets are unknown: new nodes carry none of their pods",
    "jobs.batch": "Jobs are unknown: their pods are not started again after an eviction",
    "poddisruptionbudgets.policy": "disruption budgets are unknown: NO eviction is ever refused",
    "priorityclasses.scheduling.k8s.io": "priority classes are unknown: pods keep the priority they have",
    "storageclasses.storage.k8s.io": "storage classes are unknown: new claims stay unbound",
}
"""Resource -> what its absence means for a rehearsal."""


class SnapshotRefused(StartRefused):
    """A snapshot or request that cannot be used: no rehearsal starts. One sentence: what, why, what to do."""


def too_many(name: str, most: int) -> SnapshotRefused:
    """Return why a cluster of more objects than a rehearsal takes is not rehearsed."""
    return SnapshotRefused(
        f"{name} holds more than the {most:,} objects that a rehearsal takes; leave out events, finished "
        "Jobs and old ReplicaSets, or the namespaces without pods on the group."
    )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One cluster at one instant. Objects are read only: they are shared by every run."""

    taken_at: datetime
    objects: dict[str, list[Obj]]
    server: str = ""
    """The API server's version, empty when unknown."""
    lacking: dict[str, str] = field(default_factory=dict)
    """Resource -> why it is not there."""
    speed: float = 1.0
    """How many simulated seconds pass in a second of its timestamps; real clusters have 1."""

    launched: dict[str, datetime] = field(default_factory=dict)
    """Instance -> when its launch began; AWS knows it, the cluster does not, and no file holds it."""
    zones: tuple[str, ...] = ()
    """Where the group that is rehearsed may have nodes, as AWS knows; empty: where it has some."""

    def of(self, resource: str) -> list[Obj]:
        return self.objects.get(resource, [])

    def facts_lacking(self) -> tuple[str, ...]:
        """Return a sentence for each fact that is missing, in the order of KINDS."""
        return tuple(
            f"{MEANING[resource]} ({self.lacking[resource]})"
            for resource in KINDS
            if resource in self.lacking and resource in MEANING
        )
