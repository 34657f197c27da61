"""Updates of a cluster itself: its version and its settings. Node groups are never touched by them."""

from __future__ import annotations

from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import lookup, tokens
from nodeyard.model.cluster import Cluster
from nodeyard.model.commands import UpdateClusterConfig, UpdateClusterVersion
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus, UpdateStatus
from nodeyard.model.update import Update
from nodeyard.model.values import replace
from nodeyard.planner import admission
from nodeyard.ports import Changes, Event

Command = UpdateClusterConfig | UpdateClusterVersion


async def version(hands: Hands, scope: Scope, command: UpdateClusterVersion) -> Update:
    """Accept the update of a control plane to the next minor."""
    earlier = await _earlier(hands, scope, command)
    if earlier is not None:
        return earlier
    cluster = await _cluster(hands, scope, command)
    groups = await hands.store.nodegroups(scope, cluster.name)
    judged = admission.admit_update_cluster_version(command, cluster, groups, hands.catalog)
    return await _accept(hands, cluster, command, judged)


async def config(hands: Hands, scope: Scope, command: UpdateClusterConfig) -> Update:
    """Accept a change of settings."""
    earlier = await _earlier(hands, scope, command)
    if earlier is not None:
        return earlier
    cluster = await _cluster(hands, scope, command)
    return await _accept(hands, cluster, command, admission.admit_update_cluster_config(command, cluster))


async def _cluster(hands: Hands, scope: Scope, command: Command) -> Cluster:
    cluster = await lookup.cluster(hands, scope, command.cluster)
    refused = admission.not_ours(cluster, "update it there, and its version is followed here")
    if refused is not None:
        raise RefusedError(refused)
    return cluster


async def _earlier(hands: Hands, scope: Scope, command: Command) -> Update | None:
    members = {"clusterName": command.cluster}
    earlier = await tokens.earlier_result(hands, scope, type(command).__name__, command, members)
    return None if earlier is None else await lookup.update(hands, scope, command.cluster, None, earlier)


async def _accept(
    hands: Hands, cluster: Cluster, command: Command, judged: admission.ClusterUpdateAccepted | Refused
) -> Update:
    """Write the update: the cluster says UPDATING at once, its members change when the update has ended."""
    if isinstance(judged, Refused):
        raise RefusedError(judged)
    now = hands.clock.now()
    update = Update(
        scope=cluster.scope,
        cluster=cluster.name,
        nodegroup=None,
        id=hands.ids.uuid(),
        type=judged.type,
        status=UpdateStatus.IN_PROGRESS,
        created_at=now,
        params=judged.params,
    )
    updating = replace(
        cluster.moved_to(ClusterStatus.UPDATING), active_update=update.id, pending=judged.pending
    )
    said = f"{update.type} {update.id} was accepted"
    await hands.store.commit(
        Changes(
            put=(updating, update),
            tokens=tokens.record(hands, cluster.scope, type(command).__name__, command, update.id),
            events=(Event(cluster.scope, cluster.name, None, now, "UpdateInProgress", said),),
            wake=((keys.of_cluster(cluster.scope, cluster.name), now),),
        )
    )
    return update
