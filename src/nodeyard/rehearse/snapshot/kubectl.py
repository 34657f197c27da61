"""Snapshots from what `kubectl get -o json` printed: one List, of one kind or of several."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from nodeyard.rehearse.snapshot.document import KINDS, Snapshot, SnapshotRefused
from nodeyard.rehearse.snapshot.kept import keep

Obj = dict[str, Any]

COMMAND = (
    "kubectl get nodes,pods,deployments,replicasets,statefulsets,daemonsets,jobs,pdb,pvc,pv,"
    "priorityclasses,storageclasses,namespaces -A -o json"
)
_BY_KIND = {kind: resource for resource, (_, kind) in KINDS.items()}


def from_kubectl(documents: Iterable[tuple[str, Obj]], *, taken_at: datetime) -> Snapshot:
    """Return the snapshot of one or more documents, each with the name of its file.

    Raises: SnapshotRefused.
    """
    objects: dict[str, list[Obj]] = {}
    last = "the file"
    for last, document in documents:
        items = document.get("items") if str(document.get("kind", "")).endswith("List") else [document]
        if not isinstance(items, list):
            raise SnapshotRefused(f"{last} holds no list of objects; make it with `{COMMAND}`.")
        for each in items:
            if not isinstance(each, dict) or not (each.get("metadata") or {}).get("name"):
                raise SnapshotRefused(
                    f"{last} holds something that is no Kubernetes object; make it with `{COMMAND}`."
                )
            resource = _BY_KIND.get(str(each.get("kind", "")))
            kept = keep(resource, each) if resource is not None else None
            if resource is not None and kept is not None:
                objects.setdefault(resource, []).append(kept)
    for resource in ("nodes", "pods"):
        if not objects.get(resource):
            raise SnapshotRefused(f"{last} holds no {resource}; make it with `{COMMAND}`.")
    # An empty answer and a kind that was not asked for look alike: both count as missing.
    lacking = {name: "not in what kubectl printed" for name in KINDS if not objects.get(name)}
    return Snapshot(taken_at, objects, "", lacking)
