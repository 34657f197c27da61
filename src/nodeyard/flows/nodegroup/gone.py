"""Nodes whose instance is gone, on clusters of others: kubeadm and k3s on EC2 have no cloud controller.

Clusters of EKS have one, which takes such nodes away by itself. Called by the flow of a settled group.
"""

from __future__ import annotations

from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.ports import AutoScalingGroup


async def forget(visit: Visit, found: AutoScalingGroup) -> None:
    """Delete nodes of the group that the Auto Scaling group does not have any more, and that are not Ready.

    A node that is Ready lives, wherever its instance went; one without a provider id cannot be told.
    """
    if visit.cluster.connector is None:
        return
    there = {each.id for each in (*found.instances, *found.warm)}
    for node in await visit.kubernetes.nodes({"eks.amazonaws.com/nodegroup": visit.group.name}):
        if node.instance_id and node.instance_id not in there and not node.ready:
            visit.work.check()
            await visit.kubernetes.delete_node(node.name)
            text = f"node {node.name} was deleted: its instance {node.instance_id} is gone"
            await visit.save(visit.group, visit.event("NodeForgotten", text, node=node.name))
