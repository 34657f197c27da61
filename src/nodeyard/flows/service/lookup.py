"""Find a record or refuse in EKS's words. Texts: reference, existence, uniqueness, state."""

from __future__ import annotations

from nodeyard.flows.hands import Hands
from nodeyard.model.cluster import Cluster
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.model.scope import Scope
from nodeyard.model.update import Update


async def cluster(hands: Hands, scope: Scope, name: str) -> Cluster:
    found = await hands.store.cluster(scope, name)
    if found is None:
        raise RefusedError(
            Refused("ResourceNotFoundException", f"No cluster found for name: {name}.", {"clusterName": name})
        )
    return found


async def nodegroup(hands: Hands, scope: Scope, cluster_name: str, name: str) -> Nodegroup:
    found = await hands.store.nodegroup(scope, cluster_name, name)
    if found is None:
        await cluster(hands, scope, cluster_name)  # no group outlives its cluster: asked for the reason alone
        raise RefusedError(
            Refused(
                "ResourceNotFoundException",
                f"No node group found for name: {name}.",
                {"clusterName": cluster_name, "nodegroupName": name},
            )
        )
    return found


async def update(
    hands: Hands, scope: Scope, cluster_name: str, nodegroup_name: str | None, update_id: str
) -> Update:
    if nodegroup_name is None:
        await cluster(hands, scope, cluster_name)
    else:
        await nodegroup(hands, scope, cluster_name, nodegroup_name)
    found = await hands.store.update(scope, cluster_name, nodegroup_name, update_id)
    if found is None:
        members = {"clusterName": cluster_name}
        if nodegroup_name is not None:
            members["nodegroupName"] = nodegroup_name
        raise RefusedError(
            Refused("ResourceNotFoundException", f"No update found for ID: {update_id}", members)
        )
    return found
