"""Operations that were parked because they kept failing on a bug: list them, retry or abandon one.

A parked key is not taken up by any worker, so it neither spins nor holds anything up. A person reads
its last error and decides.
"""

from __future__ import annotations

from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.model.cluster import Cluster
from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus, NodegroupStatus, UpdateStatus
from nodeyard.model.update import Update, UpdateError
from nodeyard.model.values import replace
from nodeyard.planner.health import consequences
from nodeyard.planner.rollout import cordons
from nodeyard.ports import Changes, Event, Parked

_GROUP_ENDS = {
    NodegroupStatus.CREATING: NodegroupStatus.CREATE_FAILED,
    NodegroupStatus.DELETING: NodegroupStatus.DELETE_FAILED,
}
_CLUSTER_ENDS = {
    ClusterStatus.CREATING: ClusterStatus.FAILED,
    ClusterStatus.UPDATING: ClusterStatus.ACTIVE,
}


async def parked(hands: Hands, scope: Scope) -> tuple[Parked, ...]:
    """Return the parked operations of an account and Region."""
    return tuple(each for each in await hands.store.parked() if keys.parse(each.key)[1] == scope)


async def retry(hands: Hands, scope: Scope, key: str) -> Parked:
    """Let a parked operation be taken up again at once. Raises: RefusedError."""
    found = await _one(hands, scope, key)
    said = _event(hands, key, "OperationRetried", f"a person had {key} tried again after: {found.error}")
    await hands.store.commit(Changes(events=(said,), unpark=(key,), wake=((key, hands.clock.now()),)))
    return found


async def abandon(hands: Hands, scope: Scope, key: str) -> Parked:
    """End a parked operation as failed; what it made so far stays. Raises: RefusedError."""
    found = await _one(hands, scope, key)
    kind, _, names = keys.parse(key)
    put: tuple[Cluster | Nodegroup | Update, ...] = ()
    if kind == "nodegroup":
        group = await hands.store.nodegroup(scope, names[0], names[1])
        if group is not None:
            put = await _ended_group(hands, group, found)
    elif kind == "cluster":
        cluster = await hands.store.cluster(scope, names[0])
        if cluster is not None:
            put = await _ended_cluster(hands, cluster, found)
    said = _event(hands, key, "OperationAbandoned", f"a person gave up {key} after: {found.error}")
    wake = ((key, hands.clock.now()),)
    await hands.store.commit(Changes(put=put, events=(said,), unpark=(key,), wake=wake))
    return found


async def _one(hands: Hands, scope: Scope, key: str) -> Parked:
    for each in await hands.store.parked():
        if each.key == key and keys.parse(key)[1] == scope:
            return each
    text = f"No operation {key} is parked. See ListFailedOperations."
    raise RefusedError(Refused("ResourceNotFoundException", text))


def _event(hands: Hands, key: str, kind: str, message: str) -> Event:
    _, scope, names = keys.parse(key)
    group = names[1] if len(names) > 1 else None
    return Event(scope, names[0], group, hands.clock.now(), kind, message)


async def _ended_group(hands: Hands, group: Nodegroup, found: Parked) -> tuple[Nodegroup | Update, ...]:
    now = hands.clock.now()
    if group.status is NodegroupStatus.UPDATING:
        after = consequences.settled_status(group.issues)
        failed = await _failed_update(hands, group, group.active_update, found)
        left = group.left_cordoned
        for memory in (each.rollout for each in failed if each.rollout is not None):
            left = cordons.ours(left, memory)
        ended = replace(group.moved_to(after, now), active_update=None, left_cordoned=left)
        return (ended, *failed)
    end = _GROUP_ENDS.get(group.status)
    if end is None:
        return ()
    issue = Issue(IssueCode.INTERNAL_FAILURE, found.error, (group.name,))
    return (replace(group.moved_to(end, now), issues=(issue,), failing=None),)


async def _ended_cluster(hands: Hands, cluster: Cluster, found: Parked) -> tuple[Cluster | Update, ...]:
    end = _CLUSTER_ENDS.get(cluster.status)
    if end is None:
        text = f"A cluster that is {cluster.status} cannot be given up; retry the operation."
        raise RefusedError(Refused("InvalidRequestException", text))
    ended = replace(cluster.moved_to(end), active_update=None, pending={})
    return (ended, *await _failed_update(hands, cluster, cluster.active_update, found))


async def _failed_update(
    hands: Hands, of: Nodegroup | Cluster, id: str | None, found: Parked
) -> tuple[Update, ...]:
    if id is None:
        return ()
    if isinstance(of, Nodegroup):
        update = await hands.store.update(of.scope, of.cluster, of.name, id)
    else:
        update = await hands.store.update(of.scope, of.name, None, id)
    if update is None:
        return ()
    error = UpdateError("Unknown", found.error, (of.name,))
    now = hands.clock.now()
    return (replace(update, status=UpdateStatus.FAILED, errors=(error,), finished_at=now),)
