"""Clusters whose control planes AWS keeps: looked up, never made or removed.

Used by `nodeyard serve`: a cluster is registered with CreateCluster under the name that it has at
EKS, and its node groups are ours from then on.
Source: EKS API, DescribeCluster.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodeyard.drivers.aws.calls import Calls, member
from nodeyard.drivers.aws.compute import AwsCompute
from nodeyard.model.cluster import Cluster, Endpoint
from nodeyard.model.scope import Scope
from nodeyard.ports import Kubernetes, NotFound, Unavailable

Connect = Callable[[Cluster, Endpoint], Kubernetes]


class EksClusters:
    """See `ports.Clusters`."""

    def __init__(self, compute: AwsCompute, connect: Connect) -> None:
        self._calls: Calls = compute.calls
        self._connect = connect
        self._hands: dict[tuple[Scope, str], tuple[Endpoint, Kubernetes]] = {}

    async def ensure(self, cluster: Cluster) -> Endpoint | None:
        """Return where the cluster answers once EKS has it in the cluster's version. Raises: NotFound."""
        found = await self._described(cluster)
        if found.get("status") != "ACTIVE" or found.get("version") != cluster.version:
            return None
        return Endpoint(
            str(found["endpoint"]), str((found.get("certificateAuthority") or {}).get("data", ""))
        )

    async def remove(self, cluster: Cluster) -> bool:
        """Forget the cluster; its control plane is not ours and stays."""
        self._hands.pop((cluster.scope, cluster.name), None)
        return True

    def kubernetes(self, cluster: Cluster) -> Kubernetes:
        """Return the hands on a cluster; the same ones for as long as its address stays."""
        if cluster.endpoint is None:
            raise Unavailable(f"Cluster {cluster.name} has no address yet.")
        place = cluster.scope, cluster.name
        held = self._hands.get(place)
        if held is None or held[0] != cluster.endpoint:
            held = cluster.endpoint, self._connect(cluster, cluster.endpoint)
            self._hands[place] = held
        return held[1]

    async def ensure_security_group(self, cluster: Cluster) -> tuple[str, str | None]:
        """Return the VPC and the cluster security group that EKS made."""
        if cluster.vpc_id is not None and cluster.security_group_id is not None:
            return cluster.vpc_id, cluster.security_group_id
        network = (await self._described(cluster)).get("resourcesVpcConfig") or {}
        return str(network["vpcId"]), str(network["clusterSecurityGroupId"])

    async def _described(self, cluster: Cluster) -> dict[str, Any]:
        try:
            answer = await self._calls.call(cluster.scope, "eks", "describe_cluster", name=cluster.name)
        except NotFound as error:
            raise NotFound(
                f"EKS has no cluster {cluster.name} in {cluster.scope.region}: make it there first, under "
                "this name.",
                operation="DescribeCluster",
            ) from error
        found: dict[str, Any] = member(answer, "cluster", "DescribeCluster")
        return found
