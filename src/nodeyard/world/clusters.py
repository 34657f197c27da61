"""`ports.Clusters` of the embedded world: control planes are embedded, their security groups are EC2's.

`app` gives it the way to reach a cluster's API, because the embedded world may not know a driver.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from nodeyard.model.cluster import Cluster, Endpoint
from nodeyard.ports import Compute, Kubernetes
from nodeyard.world.kubernetes.registry import ClusterHandle

SECURITY_GROUP_DESCRIPTION = (
    "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, "
    "as well as any managed workloads."
)

Connect = Callable[[Endpoint], Kubernetes]


class ControlPlanes(Protocol):
    """Where the control planes are: served over HTTPS, or in this process alone."""

    @property
    def ca_data(self) -> str: ...

    async def create(self, account: str, region: str, name: str, version: str) -> ClusterHandle: ...

    async def remove(self, account: str, region: str, name: str) -> None: ...

    def set_version(self, account: str, region: str, name: str, version: str) -> None: ...

    def get(self, account: str, region: str, name: str) -> ClusterHandle | None: ...


class EmbeddedClusters:
    """Control planes that answer at once. See `ports.Clusters`."""

    def __init__(self, kubernetes: ControlPlanes, compute: Compute, connect: Connect) -> None:
        self._kubernetes = kubernetes
        self._compute = compute
        self._connect = connect
        self._hands: dict[tuple[str, str, str], tuple[str, Kubernetes]] = {}

    async def ensure(self, cluster: Cluster) -> Endpoint | None:
        """Make the control plane if it does not exist, give it its version and return where it is."""
        place = _place(cluster)
        handle = await self._kubernetes.create(*place, cluster.version)
        if handle.version != cluster.version:
            self._kubernetes.set_version(*place, cluster.version)
        return self._endpoint(handle)

    async def remove(self, cluster: Cluster) -> bool:
        """Remove the control plane with every object in it, then its security group."""
        self._hands.pop(_place(cluster), None)
        await self._kubernetes.remove(*_place(cluster))
        if cluster.security_group_id is not None:
            await self._compute.delete_security_group(cluster.scope, cluster.security_group_id)
        return True

    def kubernetes(self, cluster: Cluster) -> Kubernetes:
        """Return the hands on a cluster; the same ones for as long as its address stays."""
        place = _place(cluster)
        handle = self._kubernetes.get(*place)
        held = self._hands.get(place)
        if held is not None and handle is not None and held[0] == handle.url:
            return held[1]
        endpoint = self._endpoint(handle) if handle else cluster.endpoint or Endpoint("", "")
        if held is None or held[0] != endpoint.url:
            held = endpoint.url, self._connect(endpoint)
            self._hands[place] = held
        return held[1]

    async def ensure_security_group(self, cluster: Cluster) -> tuple[str, str | None]:
        """Return the VPC and the cluster security group; without subnets it is the default VPC."""
        if cluster.vpc_id is not None and cluster.security_group_id is not None:
            return cluster.vpc_id, cluster.security_group_id
        vpc = cluster.vpc_id or await self._compute.default_vpc(cluster.scope)
        tags = {
            "Name": _security_group_name(cluster),
            "aws:eks:cluster-name": cluster.name,
            f"kubernetes.io/cluster/{cluster.name}": "owned",
        }
        made = await self._compute.ensure_security_group(
            cluster.scope, _security_group_name(cluster), SECURITY_GROUP_DESCRIPTION, vpc, tags
        )
        return vpc, made

    def endpoint(self, cluster: Cluster) -> Endpoint | None:
        """Return where a cluster is now; it moves when the service is started on another port."""
        handle = self._kubernetes.get(*_place(cluster))
        return self._endpoint(handle) if handle else None

    def _endpoint(self, handle: ClusterHandle) -> Endpoint:
        return Endpoint(handle.url, self._kubernetes.ca_data)


def _place(cluster: Cluster) -> tuple[str, str, str]:
    return cluster.scope.account, cluster.scope.region, cluster.name


def _security_group_name(cluster: Cluster) -> str:
    """Return the name that EKS gives: the cluster's, and a number of its own.

    Source: reference, objects created.
    """
    number = int(cluster.uuid.replace("-", ""), 16) % 10**10
    return f"eks-cluster-sg-{cluster.name}-{number:010d}"
