"""Snapshots from what `kubectl get -o json` printed: one List, of one kind or of several."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from nodeyard.rehearse.snapshot.document import (
    KINDS,
    NEEDED,
    OBJECTS_MAX,
    Snapshot,
    SnapshotRefused,
    too_many,
)
from nodeyard.rehearse.snapshot.kept import keep

Obj = dict[str, Any]

COMMAND = (
    "kubectl get nodes,pods,deployments,replicasets,statefulsets,daemonsets,jobs,pdb,pvc,pv,"
    "priorityclasses,storageclasses,namespaces -A -o json"
)
_BY_KIND = {kind: resource for resource, (_, kind) in KINDS.items()}


def from_kubectl(
    documents: Iterable[tuple[str, Iterable[Obj]]], *, taken_at: datetime, most: int = OBJECTS_MAX
) -> Snapshot:
    """Return the snapshot of the objects of one or more files, each with its name.

    `most` is how many objects may be kept. Raises: SnapshotRefused.
    """
    objects: dict[str, list[Obj]] = {}
    last, count = "the file", 0
    for last, items in documents:
        for each in items:
            resource, kept = _kept(last, each)
            if kept is not None:
                objects.setdefault(resource, []).append(kept)
                count += 1
            if count > most:
                raise too_many(last, most)
    for resource in NEEDED:
        if not objects.get(resource):
            raise SnapshotRefused(f"{last} holds no {resource}; make it with `{COMMAND}`.")
    # An empty answer and a kind that was not asked for look alike: both count as missing.
    lacking = {name: "not in what kubectl printed" for name in KINDS if not objects.get(name)}
    return Snapshot(taken_at, objects, "", lacking)


def _kept(file: str, obj: Obj) -> tuple[str, Obj | None]:
    try:
        if not obj["metadata"]["name"]:
            raise ValueError("no name")
        resource = _BY_KIND.get(str(obj.get("kind", "")), "")
        return resource, keep(resource, obj) if resource else None
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise SnapshotRefused(
            f"{file} holds something that is no Kubernetes object ({fault!r}); make it with `{COMMAND}`."
        ) from fault
