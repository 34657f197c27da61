"""Create, describe, list and delete clusters."""

from __future__ import annotations

from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import lookup, tokens
from nodeyard.model.cluster import Cluster
from nodeyard.model.commands import CreateCluster
from nodeyard.model.limits import SUBNETS_MAX
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus
from nodeyard.model.values import replace
from nodeyard.planner import admission
from nodeyard.ports import Changes, Event


async def create(hands: Hands, scope: Scope, command: CreateCluster) -> Cluster:
    """Accept a cluster: the record is CREATING, the work goes on in the background."""
    members = {"clusterName": command.name}
    earlier = await tokens.earlier_result(hands, scope, "CreateCluster", command, members)
    if earlier is not None:
        return await lookup.cluster(hands, scope, earlier)
    own_role = admission.is_role_of(scope, command.role_arn)
    await hands.compute.adopt(scope, command.subnet_ids[:SUBNETS_MAX], command.role_arn if own_role else None)
    everywhere = await hands.store.all_clusters() if hands.one_control_plane else ()
    facts = admission.ClusterFacts(
        scope=scope,
        existing=await hands.store.cluster(scope, command.name),
        cluster_count=len(await hands.store.clusters(scope)),
        subnets=await hands.compute.subnets(scope, command.subnet_ids[:SUBNETS_MAX]),
        role=await hands.compute.role(scope, command.role_arn) if own_role else None,
        quotas=hands.quotas,
        catalog=hands.catalog,
        only=next((each for each in everywhere if each.connector is None), None),
    )
    now = hands.clock.now()
    accepted = admission.admit_create_cluster(command, facts, now)
    if isinstance(accepted, Refused):
        raise RefusedError(accepted)
    cluster = accepted.to_cluster(scope, hands.ids.uuid(), now)
    await hands.store.commit(
        Changes(
            put=(cluster,),
            tokens=tokens.record(hands, scope, "CreateCluster", command, cluster.name),
            events=(_event(hands, cluster, "ClusterCreating", f"cluster {cluster.name} was accepted"),),
            wake=((keys.of_cluster(scope, cluster.name), now),),
        )
    )
    return cluster


def _event(hands: Hands, cluster: Cluster, kind: str, message: str) -> Event:
    return Event(cluster.scope, cluster.name, None, hands.clock.now(), kind, message)


async def names(hands: Hands, scope: Scope, *, connected: bool) -> list[str]:
    """Return the clusters of EKS, and with `connected` those of others as well."""
    found = await hands.store.clusters(scope)
    return [cluster.name for cluster in found if connected or cluster.connector is None]


async def delete(hands: Hands, scope: Scope, name: str) -> Cluster:
    cluster = await lookup.cluster(hands, scope, name)
    refused = admission.not_ours(cluster, "deregister it") or admission.admit_delete_cluster(
        cluster, len(await hands.store.nodegroups(scope, name))
    )
    if refused is not None:
        raise RefusedError(refused)
    if cluster.status is ClusterStatus.DELETING:
        return cluster
    leaving = cluster.moved_to(ClusterStatus.DELETING)
    await hands.store.commit(
        Changes(
            put=(leaving,),
            events=(_event(hands, leaving, "ClusterDeleting", f"deletion of {name} was accepted"),),
            wake=((keys.of_cluster(scope, name), hands.clock.now()),),
        )
    )
    return replace(leaving, revision=leaving.revision + 1)
