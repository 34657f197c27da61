"""Clusters that somebody else keeps: register, attach by credentials, deregister."""

from __future__ import annotations

from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.flows.service import lookup, tokens
from nodeyard.model.cluster import Cluster
from nodeyard.model.commands import AttachCluster, RegisterCluster
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus
from nodeyard.model.values import replace
from nodeyard.planner import admission
from nodeyard.ports import Attacher, Changes, Denied, Event, Invalid

NOBODY_ATTACHES = (
    "Credentials of clusters cannot be kept here: only `nodeyard serve` does, and it needs --secret-key-file "
    "to seal them with."
)


async def register(hands: Hands, scope: Scope, command: RegisterCluster) -> Cluster:
    """Accept a cluster that waits for its credentials: PENDING."""
    members = {"clusterName": command.name}
    earlier = await tokens.earlier_result(hands, scope, "RegisterCluster", command, members)
    if earlier is not None:
        return await lookup.cluster(hands, scope, earlier)
    existing = await hands.store.cluster(scope, command.name)
    count = len(await hands.store.clusters(scope))
    refused = admission.admit_register(command, existing, scope, count, hands.quotas)
    if refused is not None:
        raise RefusedError(refused)
    made = admission.registered(command, scope, (hands.ids.uuid(), hands.ids.uuid()), hands.clock.now())
    said = f"cluster {made.name} was registered and waits for its credentials"
    await hands.store.commit(
        Changes(
            put=(made,),
            tokens=tokens.record(hands, scope, "RegisterCluster", command, made.name),
            events=(_event(hands, made, "ClusterRegistered", said),),
        )
    )
    return made


async def attach(hands: Hands, attacher: Attacher | None, scope: Scope, command: AttachCluster) -> Cluster:
    """Reach a cluster with its credentials, keep them, and return the cluster, ACTIVE.

    New credentials of a cluster that is attached take the place of those that it has.
    """
    members = {"clusterName": command.cluster}
    existing = await hands.store.cluster(scope, command.cluster)
    count, now = len(await hands.store.clusters(scope)), hands.clock.now()
    refused = admission.admit_attach(command, existing, count, hands.quotas, now)
    if refused is not None:
        raise RefusedError(refused)
    if attacher is None:
        raise RefusedError(Refused("InvalidRequestException", NOBODY_ATTACHES, members))
    cluster = existing or _unregistered(hands, scope, command)
    try:
        reached = await attacher.attach(cluster, command.kubeconfig, command.context)
    except (Invalid, Denied) as error:
        raise RefusedError(Refused("InvalidParameterException", error.message, members)) from error
    active = replace(
        cluster.moved_to(ClusterStatus.ACTIVE),
        endpoint=reached.endpoint,
        version=reached.version,
        security_group_id=command.security_group or cluster.security_group_id,
        service_cidr=command.service_cidr or cluster.service_cidr,
    )
    said = f"cluster {active.name} was attached: Kubernetes {active.version} at {reached.endpoint.url}"
    await hands.store.commit(
        Changes(
            put=(active,),
            credentials=(reached.credentials,),
            events=(_event(hands, active, "ClusterAttached", said),),
            wake=((keys.of_cluster(scope, active.name), now),),
        )
    )
    return active


def _unregistered(hands: Hands, scope: Scope, command: AttachCluster) -> Cluster:
    provider = command.provider or admission.DEFAULT_PROVIDER
    asked = RegisterCluster(command.cluster, provider, role_arn="")
    return admission.registered(asked, scope, (hands.ids.uuid(), hands.ids.uuid()), hands.clock.now())


async def deregister(hands: Hands, scope: Scope, name: str) -> Cluster:
    """Forget a cluster with its credentials; nothing is changed in it. Its node groups go first."""
    cluster = await hands.store.cluster(scope, name)
    groups = await hands.store.nodegroups(scope, name)
    refused = admission.admit_deregister(name, cluster, len(groups))
    if refused is not None:
        raise RefusedError(refused)
    assert cluster is not None, "admission refuses a cluster that is not there"
    if cluster.status is ClusterStatus.DELETING:
        return cluster
    leaving = cluster.moved_to(ClusterStatus.DELETING)
    said = f"cluster {name} is being deregistered"
    await hands.store.commit(
        Changes(
            put=(leaving,),
            events=(_event(hands, leaving, "ClusterDeleting", said),),
            wake=((keys.of_cluster(scope, name), hands.clock.now()),),
        )
    )
    return leaving


def _event(hands: Hands, cluster: Cluster, kind: str, message: str) -> Event:
    return Event(cluster.scope, cluster.name, None, hands.clock.now(), kind, message)
