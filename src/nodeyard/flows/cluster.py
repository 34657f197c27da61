"""One pass over one cluster: CREATING or UPDATING until its Kubernetes API answers, DELETING until gone."""

from __future__ import annotations

from dataclasses import replace

from nodeyard.engine.runner import Next, Work
from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.model.cluster import Cluster
from nodeyard.model.status import ClusterStatus, UpdateStatus
from nodeyard.model.update import Update
from nodeyard.ports import Changes, Event

LOOK_AGAIN_S = 5.0


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
    event = _event(hands, cluster, "ClusterDeleted", "the control plane is gone")
    await work.commit(Changes(delete=(cluster,), events=(event,)))
    return Next(at=None, forget=True)
