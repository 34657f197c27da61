"""One pass over one cluster: CREATING or UPDATING until its Kubernetes API answers, DELETING until gone.

A connected cluster is updated by others: its version is followed for as long as it is ACTIVE.
"""

from __future__ import annotations

from nodeyard.engine.runner import Next, Work
from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.model.cluster import Cluster
from nodeyard.model.status import ClusterStatus, UpdateStatus
from nodeyard.model.update import Update
from nodeyard.model.values import replace
from nodeyard.ports import Changes, Event

LOOK_AGAIN_S = 5.0
FOLLOW_S = 600.0
"""Between two looks at the version of a connected cluster."""


async def reconcile(work: Work, hands: Hands) -> Next:
    _, scope, (name,) = keys.parse(work.key)
    cluster = await hands.store.cluster(scope, name)
    if cluster is None:
        return Next(at=None, forget=True)
    if cluster.status is ClusterStatus.CREATING:
        return await _create(work, hands, cluster)
    if cluster.status is ClusterStatus.UPDATING:
        return await _update(work, hands, cluster)
    if cluster.status is ClusterStatus.DELETING:
        return await _delete(work, hands, cluster)
    if cluster.status is ClusterStatus.ACTIVE and cluster.connector is not None:
        return await _follow(work, hands, cluster)
    return Next(at=None, forget=True)


def _event(hands: Hands, cluster: Cluster, kind: str, message: str) -> Event:
    return Event(cluster.scope, cluster.name, None, hands.clock.now(), kind, message)


async def _create(work: Work, hands: Hands, cluster: Cluster) -> Next:
    vpc, security_group = await hands.clusters.ensure_security_group(cluster)
    work.check()
    endpoint = await hands.clusters.ensure(cluster)
    if endpoint is None:
        return Next(at=hands.clock.after(LOOK_AGAIN_S))
    active = replace(
        cluster.moved_to(ClusterStatus.ACTIVE),
        endpoint=endpoint,
        vpc_id=vpc,
        security_group_id=security_group,
    )
    event = _event(hands, cluster, "ClusterActive", f"the Kubernetes API answers at {endpoint.url}")
    await work.commit(Changes(put=(active,), events=(event,)))
    return Next(at=None, forget=True)


async def _follow(work: Work, hands: Hands, cluster: Cluster) -> Next:
    version = await hands.clusters.kubernetes(cluster).version()
    if version != cluster.version:
        said = f"the Kubernetes API at {_url(cluster)} is now of version {version}, after {cluster.version}"
        event = _event(hands, cluster, "ClusterVersion", said)
        await work.commit(Changes(put=(replace(cluster, version=version),), events=(event,)))
    return Next(at=hands.clock.after(FOLLOW_S))


def _url(cluster: Cluster) -> str:
    return cluster.endpoint.url if cluster.endpoint else "an unknown address"


async def _update(work: Work, hands: Hands, cluster: Cluster) -> Next:
    updated = cluster.updated()
    work.check()
    if await hands.clusters.ensure(updated) is None:
        return Next(at=hands.clock.after(LOOK_AGAIN_S))
    ended: tuple[Update, ...] = ()
    if cluster.active_update is not None:
        update = await hands.store.update(cluster.scope, cluster.name, None, cluster.active_update)
        ended = () if update is None else (replace(update, status=UpdateStatus.SUCCESSFUL),)
    event = _event(hands, updated, "UpdateSuccessful", f"update {cluster.active_update} has ended")
    await work.commit(Changes(put=(updated, *ended), events=(event,)))
    return Next(at=None, forget=True)


async def _delete(work: Work, hands: Hands, cluster: Cluster) -> Next:
    work.check()
    if not await hands.clusters.remove(cluster):
        return Next(at=hands.clock.after(LOOK_AGAIN_S))
    event = _event(
        hands,
        cluster,
        "ClusterDeleted",
        "the cluster is deregistered" if cluster.connector else "the control plane is gone",
    )
    await work.commit(Changes(delete=(cluster,), events=(event,)))
    return Next(at=None, forget=True)
