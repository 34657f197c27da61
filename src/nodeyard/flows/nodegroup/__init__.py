"""One pass over one node group: which flow runs is read off its status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nodeyard.engine.runner import Next, Work
from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.flows.nodegroup import create, delete, health, steady, updating
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.status import NodegroupStatus
from nodeyard.ports import Fenced, StaleRevision

Flow = Callable[[Visit], Awaitable[Next]]

FLOWS: dict[NodegroupStatus, Flow] = {
    NodegroupStatus.CREATING: create.run,
    NodegroupStatus.ACTIVE: steady.run,
    NodegroupStatus.DEGRADED: steady.run,
    NodegroupStatus.UPDATING: updating.run,
    NodegroupStatus.DELETING: delete.run,
    NodegroupStatus.CREATE_FAILED: steady.run,
    NodegroupStatus.DELETE_FAILED: steady.run,
}


async def reconcile(work: Work, hands: Hands) -> Next:
    """Read the records, run the flow of the group's status once, say when to look again."""
    _, scope, (cluster_name, name) = keys.parse(work.key)
    group = await hands.store.nodegroup(scope, cluster_name, name)
    cluster = await hands.store.cluster(scope, cluster_name)
    if group is None or cluster is None:
        return Next(at=None, forget=True)
    visit = Visit(work, hands, cluster, group)
    try:
        return await FLOWS[group.status](visit)
    except (Fenced, StaleRevision):
        raise
    except Exception as error:
        ended = await health.note_failure(visit, error)
        if ended is not None:
            return ended
        raise
