"""Take a snapshot of the cluster that a kubeconfig names. Called by `nodeyard snapshot`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from nodeyard.drivers.kubernetes.kubeconfig import KubeconfigUnusable, ListingClient
from nodeyard.drivers.system.clocks import RealClock
from nodeyard.ports import Denied, NotFound, PortError
from nodeyard.rehearse.snapshot import KINDS, NEEDED, OBJECTS_MAX, Snapshot, SnapshotRefused, keep

Obj = dict[str, Any]


def take(kubeconfig: Path | None, context: str | None) -> Snapshot:
    """Read a cluster and return what a snapshot keeps of it. Raises: SnapshotRefused.

    What the caller may not list, and a rehearsal can do without, is left out and named.
    """
    return asyncio.run(_take(kubeconfig, context))


async def _take(kubeconfig: Path | None, context: str | None) -> Snapshot:
    objects: dict[str, list[Obj]] = {}
    lacking: dict[str, str] = {}
    taken_at = RealClock().now()
    try:
        async with ListingClient(kubeconfig, context) as cluster:
            server = await cluster.version()
            for resource in KINDS:
                try:
                    objects[resource] = await _kept(cluster, resource)
                except (Denied, NotFound) as refused:
                    if resource in NEEDED:
                        raise
                    lacking[resource] = refused.message
                total = sum(len(items) for items in objects.values())
                if total > OBJECTS_MAX:
                    raise SnapshotRefused(
                        f"The cluster has more than {OBJECTS_MAX:,} objects that matter to a rehearsal, "
                        "more than one takes; use `kubectl get -o json` for the namespaces of the group."
                    )
    except KubeconfigUnusable as fault:
        raise SnapshotRefused(f"{fault}; check --kubeconfig and --context.") from fault
    except PortError as fault:
        raise SnapshotRefused(f"The cluster cannot be read: {fault.message}.") from fault
    for resource in NEEDED:
        if not objects[resource]:
            raise SnapshotRefused(f"The cluster has no {resource}: there is nothing to rehearse.")
    return Snapshot(taken_at, objects, server, lacking)


async def _kept(cluster: ListingClient, resource: str) -> list[Obj]:
    version = KINDS[resource][0]
    found: list[Obj] = []
    async for page in cluster.listed(version, resource.partition(".")[0]):
        found += [kept for each in page if (kept := keep(resource, each)) is not None]
    return found
