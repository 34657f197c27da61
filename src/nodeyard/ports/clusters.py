"""Clusters and their Kubernetes APIs, as node groups need them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from nodeyard.model.cluster import Cluster, Endpoint


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    uid: str
    provider_id: str
    labels: dict[str, str]
    unschedulable: bool
    ready: bool
    zone: str
    created_at: datetime
    taints: tuple[tuple[str, str, str], ...] = ()
    """(key, value, effect) in Kubernetes spelling."""
    conditions: dict[str, str] = field(default_factory=dict)
    """Condition type -> `Status: message`."""

    @property
    def instance_id(self) -> str:
        return self.provider_id.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Pod:
    namespace: str
    name: str
    uid: str
    node: str
    phase: str
    ready: bool
    owner_kind: str | None
    owner_name: str | None
    grace_s: int
    terminating_since: datetime | None
    mirror: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
    tolerations: tuple[dict[str, Any], ...] = ()
    local_storage: bool = False


@dataclass(frozen=True, slots=True)
class Evicted:
    """The API server accepted the eviction (or the pod is already gone)."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """HTTP 429: a budget refuses. `budgets` names them where the server said which."""

    message: str
    budgets: tuple[str, ...] = ()
    retry_after_s: float | None = None


class Kubernetes(Protocol):
    """One cluster's Kubernetes API. Raises: any PortError, from every method."""

    async def nodes(self, selector: dict[str, str]) -> tuple[Node, ...]:
        """Return the nodes whose labels equal the selector."""
        ...

    async def pods_on(self, node: str) -> tuple[Pod, ...]: ...

    async def evict(self, namespace: str, name: str, uid: str) -> Evicted | Blocked: ...

    async def delete_pod(self, namespace: str, name: str, uid: str, *, grace_s: int | None) -> None: ...

    async def set_unschedulable(self, node: str, value: bool) -> None: ...

    async def patch_node(
        self,
        node: str,
        *,
        labels: dict[str, str | None] | None = None,
        taints: Sequence[tuple[str, str, str]] | None = None,
    ) -> None:
        """Merge labels (None removes one); replace taints as a whole when given."""
        ...

    async def delete_node(self, node: str) -> None: ...

    async def ensure_node_identity(self, role_arn: str) -> None:
        """Let nodes with this role join: RBAC `eks:node-manager` and the `aws-auth` entry."""
        ...

    async def remove_node_identity(self, role_arn: str) -> None: ...

    def watch(self) -> AsyncIterator[str]:
        """Yield the name of the node group whose nodes changed, as it happens; a hint only."""
        ...


class Clusters(Protocol):
    """Control planes: where a cluster's Kubernetes is, and the hands to use it."""

    async def ensure(self, cluster: Cluster) -> Endpoint | None:
        """Start making the control plane if need be; return its endpoint once it answers."""
        ...

    async def remove(self, cluster: Cluster) -> bool:
        """Remove the control plane and all it made; return True once it is gone."""
        ...

    def kubernetes(self, cluster: Cluster) -> Kubernetes: ...

    async def ensure_security_group(self, cluster: Cluster) -> tuple[str, str]:
        """Return (vpc id, cluster security group id), making the group if need be."""
        ...
