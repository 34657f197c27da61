"""Take a snapshot of a cluster: one that a kubeconfig names, or one that EKS or a running service knows.

Called by `nodeyard snapshot` and `nodeyard rehearse --cluster`. Only reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from nodeyard.app.rehearsing import read
from nodeyard.drivers.aws.compute import AwsCompute
from nodeyard.drivers.aws.settings import AwsSettings, Credentials
from nodeyard.drivers.kubernetes import Client, KubernetesApi, by_token
from nodeyard.drivers.kubernetes.kubeconfig import KubeconfigUnusable, ListingClient
from nodeyard.drivers.system.clocks import RealClock
from nodeyard.model.cluster import Endpoint
from nodeyard.model.nodegroup import UpdateConfig
from nodeyard.model.scope import Scope
from nodeyard.planner import launches
from nodeyard.ports import Denied, Invalid, NotFound, PortError
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
                count = sum(len(items) for items in objects.values())
                try:
                    objects[resource] = await _kept(cluster, resource, OBJECTS_MAX - count)
                except (Denied, NotFound) as refused:
                    if resource in NEEDED:
                        raise
                    lacking[resource] = refused.message
    except KubeconfigUnusable as fault:
        raise SnapshotRefused(f"{fault}; check --kubeconfig and --context.") from fault
    except PortError as fault:
        raise SnapshotRefused(f"The cluster cannot be read: {fault.message}.") from fault
    for resource in NEEDED:
        if not objects[resource]:
            raise SnapshotRefused(f"The cluster has no {resource}: there is nothing to rehearse.")
    return Snapshot(taken_at, objects, server, lacking)


async def _kept(cluster: ListingClient, resource: str, most: int) -> list[Obj]:
    """Return what is kept of a list, page by page. Raises: SnapshotRefused, PortError."""
    version = KINDS[resource][0]
    found: list[Obj] = []
    async for page in cluster.listed(version, resource.partition(".")[0]):
        found += [kept for each in page if (kept := keep(resource, each)) is not None]
        if len(found) > most:
            raise SnapshotRefused(
                f"The cluster holds more than the {OBJECTS_MAX:,} objects that a rehearsal takes; use "
                "`kubectl get -o json` for the namespaces that have pods on the group, and --from-json."
            )
    return found


def take_known(
    cluster: str,
    group: str,
    region: str | None,
    endpoint: str | None = None,
    keys: Credentials | None = None,
) -> tuple[Snapshot, UpdateConfig]:
    """Read a cluster that EKS knows, or a service at an endpoint that speaks its API.

    Return the snapshot and the update configuration of the group, the usual one where the group is not
    one of EKS. Raises: SnapshotRefused.
    """
    found = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not found:
        raise SnapshotRefused("No Region is set: give --region, or set AWS_DEFAULT_REGION.")
    return asyncio.run(_take_known(Scope("", found), cluster, group, _settings(endpoint, keys)))


def _settings(endpoint: str | None, keys: Credentials | None) -> AwsSettings:
    return AwsSettings(endpoint_url=endpoint, credentials=None if keys is None else lambda scope: keys)


async def _take_known(
    scope: Scope, name: str, group: str, settings: AwsSettings
) -> tuple[Snapshot, UpdateConfig]:
    clock = RealClock()
    compute = AwsCompute(settings, clock)
    try:
        described = (await compute.calls.call(scope, "eks", "describe_cluster", name=name))["cluster"]
        config, launched, zones = await _as_known(compute, scope, name, group)
        authority = str((described.get("certificateAuthority") or {}).get("data", ""))
        token = partial(compute.kubernetes_token, scope, name)
        client = Client(Endpoint(str(described["endpoint"]), authority), by_token(token), clock)
        taken_at = clock.now()
        try:
            objects, lacking = await read(KubernetesApi(client))
        finally:
            await client.close()
    except PortError as fault:
        raise SnapshotRefused(f"Cluster {name} cannot be read: {fault.message}") from fault
    finally:
        compute.close()
    version = str(described.get("version", ""))
    return Snapshot(taken_at, objects, version, lacking, launched=launched, zones=zones), config


async def _as_known(
    compute: AwsCompute, scope: Scope, cluster: str, group: str
) -> tuple[UpdateConfig, dict[str, datetime], tuple[str, ...]]:
    """Return how a group is updated, when its instances were launched and its zones, as AWS has it.

    Groups that EKS does not know are updated in the usual way.
    """
    named = {"clusterName": cluster, "nodegroupName": group.rpartition("=")[2]}
    try:
        found = (await compute.calls.call(scope, "eks", "describe_nodegroup", **named))["nodegroup"]
    except (NotFound, Invalid):
        return UpdateConfig(update_strategy="DEFAULT"), {}, ()
    given = found.get("updateConfig") or {}
    percentage = given.get("maxUnavailablePercentage")
    most = None if percentage is not None else given.get("maxUnavailable", 1)
    config = UpdateConfig(most, percentage, given.get("updateStrategy", "DEFAULT"))
    launched: dict[str, datetime] = {}
    zones: tuple[str, ...] = ()
    for each in (found.get("resources") or {}).get("autoScalingGroups") or ():
        # Only what makes the answer sharper: whoever may not read it gets a range.
        with contextlib.suppress(PortError):
            launched |= launches.began(await compute.activities(scope, str(each["name"])))
        with contextlib.suppress(PortError):
            there = await compute.group(scope, str(each["name"]))
            zones += there.zones if there is not None else ()
    return config, launched, zones
