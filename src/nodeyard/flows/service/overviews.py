"""Node groups at a glance: what a list shows of each, the update it could take included. Reads only."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from nodeyard.flows.hands import Hands
from nodeyard.flows.service import lookup
from nodeyard.flows.service.progress import a_second
from nodeyard.model.cluster import Cluster
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus
from nodeyard.planner import progress, update_available
from nodeyard.planner.launch_template import LABEL_NODEGROUP
from nodeyard.planner.progress import Held
from nodeyard.planner.update_available import Available
from nodeyard.ports import PortError


@dataclass(frozen=True, slots=True)
class Overview:
    """`nodes_ready` is None while nobody can ask the cluster; `blockers` hold drains of its nodes up."""

    group: Nodegroup
    available: Available
    nodes_ready: int | None
    blockers: tuple[Held, ...]


async def of(hands: Hands, scope: Scope, cluster: str | None) -> tuple[Overview, ...]:
    """Return the groups of a cluster, or of every cluster of the scope, by cluster and name.

    Raises: RefusedError for a cluster that does not exist.
    """
    if cluster is None:
        clusters = await hands.store.clusters(scope)
    else:
        clusters = (await lookup.cluster(hands, scope, cluster),)
    found = await asyncio.gather(*(_of_cluster(hands, each) for each in clusters))
    return tuple(overview for some in found for overview in some)


async def _of_cluster(hands: Hands, cluster: Cluster) -> list[Overview]:
    groups = await hands.store.nodegroups(cluster.scope, cluster.name)
    ready = await _ready(hands, cluster) if groups else Counter()
    await _learn(hands, cluster, groups)
    return [
        Overview(
            group,
            update_available.look(group, cluster.version, hands.catalog),
            None if ready is None else ready[group.name],
            await _blockers(hands, group),
        )
        for group in groups
    ]


async def _blockers(hands: Hands, group: Nodegroup) -> tuple[Held, ...]:
    """Return what holds the nodes of a group: of its update, and of all that Auto Scaling lets go."""
    scope, update = group.scope, None
    if group.active_update is not None:
        update = await hands.store.update(scope, group.cluster, group.name, group.active_update)
    turns = () if update is None or update.rollout is None else update.rollout.turns
    force = update is not None and update.force
    now, second = hands.clock.now(), a_second(hands)
    return progress.blockers(turns, group.drains, now, second, force=force)


async def _learn(hands: Hands, cluster: Cluster, groups: Sequence[Nodegroup]) -> None:
    """Look up the releases that the groups could go to; while AWS does not tell, none is shown as newer."""
    if hands.releases is None:
        return
    kinds = {(group.ami_type, version) for group in groups for version in (group.version, cluster.version)}
    for ami_type, version in sorted(kinds):
        with contextlib.suppress(PortError):
            await hands.releases.learn(cluster.scope, ami_type, version)


async def _ready(hands: Hands, cluster: Cluster) -> Counter[str] | None:
    """Return node group -> Ready nodes, with one read of the cluster; None when it does not answer."""
    if cluster.status is not ClusterStatus.ACTIVE:
        return None
    try:
        nodes = await hands.clusters.kubernetes(cluster).nodes({})
    except PortError:
        return None
    return Counter(node.labels.get(LABEL_NODEGROUP, "") for node in nodes if node.ready)
