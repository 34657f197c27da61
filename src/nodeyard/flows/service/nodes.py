"""Nodes of managed node groups, and what runs in a cluster, as the cluster shows them. Reads only."""

from __future__ import annotations

import asyncio

from nodeyard.flows.hands import Hands
from nodeyard.flows.service import lookup
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus
from nodeyard.planner import workloads as planned
from nodeyard.planner.launch_template import LABEL_NODEGROUP
from nodeyard.planner.workloads import Workload
from nodeyard.ports import Node, PortError


async def listed(hands: Hands, scope: Scope, cluster: str, nodegroup: str | None) -> list[tuple[str, Node]]:
    """Return (node group, node) of a cluster, or of one of its groups, by group and name.

    Raises: RefusedError for names that do not exist, and while the cluster does not answer.
    """
    found = await lookup.cluster(hands, scope, cluster)
    if nodegroup is not None:
        await lookup.nodegroup(hands, scope, cluster, nodegroup)
    if found.status is not ClusterStatus.ACTIVE:
        return []
    try:
        nodes = await hands.clusters.kubernetes(found).nodes({})
    except PortError as error:
        raise _silent(cluster, error) from error
    named = [(node.labels.get(LABEL_NODEGROUP, ""), node) for node in nodes]
    wanted = [each for each in named if each[0] and nodegroup in (None, each[0])]
    return sorted(wanted, key=lambda each: (each[0], each[1].name))


async def workloads(hands: Hands, scope: Scope, cluster: str) -> list[Workload]:
    """Return every workload of a cluster with its budgets and what would hold up a drain.

    Raises: RefusedError for a cluster that does not exist, and while it does not answer.
    """
    found = await lookup.cluster(hands, scope, cluster)
    if found.status is not ClusterStatus.ACTIVE:
        return []
    kubernetes = hands.clusters.kubernetes(found)
    try:
        nodes = await kubernetes.nodes({})
        pods = await kubernetes.pods_in("")
        budgets = await kubernetes.budgets("")
    except PortError as error:
        raise _silent(cluster, error) from error
    return await asyncio.to_thread(planned.workloads, nodes, pods, budgets, hands.clock.now())


def _silent(cluster: str, error: PortError) -> RefusedError:
    text = f"The API of cluster {cluster} does not answer: {error.message}"
    return RefusedError(Refused("ServiceUnavailableException", text))
