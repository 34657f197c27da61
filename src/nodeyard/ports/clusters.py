"""Clusters and their Kubernetes APIs, as node groups need them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from nodeyard.model.cluster import Cluster, Endpoint


@dataclass(frozen=True, slots=True)
class Condition:
    """A node condition; `since` is its last transition."""

    status: str
    reason: str = ""
    message: str = ""
    since: datetime | None = None


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
    conditions: dict[str, Condition] = field(default_factory=dict)
    """Condition type -> condition."""
    annotations: dict[str, str] = field(default_factory=dict)

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
    created_at: datetime | None = None
    """None where whoever made the value does not care."""
    unschedulable_because: str = ""
    """The scheduler's message while no node takes the pod; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A PodDisruptionBudget and its status, as the API server last wrote it.

    `selector` is the label selector as the API has it; `demand` is the spec in words, such as
    `minAvailable 3` or `maxUnavailable 0%`.
    """

    namespace: str
    name: str
    selector: dict[str, Any]
    demand: str
    expected: int
    needs: int
    healthy: int
    allowed: int
    min_available: str | None = None
    max_unavailable: str | None = None


@dataclass(frozen=True, slots=True)
class Evicted:
    """The API server accepted the eviction (or the pod is already gone)."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A budget refuses (HTTP 429), or more than one claims the pod (HTTP 500).

    `causes` are the server's own sentences about the budgets, where it said any.
    """

    message: str
    causes: tuple[str, ...] = ()
    retry_after_s: float | None = None


class Kubernetes(Protocol):
    """One cluster's Kubernetes API. Raises: any PortError, from every method."""

    async def nodes(self, selector: dict[str, str]) -> tuple[Node, ...]:
        """Return the nodes whose labels equal the selector."""
        ...

    async def pods_on(self, node: str) -> tuple[Pod, ...]:
        """Return the pods on a node.

        They may be those of a moment ago, but never so that a node looks empty which is not.
        """
        ...

    async def pods_in(self, namespace: str) -> tuple[Pod, ...]:
        """Return the pods of a namespace, wherever they run; of every namespace where it is empty."""
        ...

    async def budgets(self, namespace: str) -> tuple[Budget, ...]:
        """Return the PodDisruptionBudgets of a namespace; of every one where it is empty."""
        ...

    async def documents(self, api_version: str, plural: str) -> list[dict[str, Any]]:
        """Return every object of a resource, in all namespaces, as the API server has it."""
        ...

    async def evict(self, namespace: str, name: str, uid: str) -> Evicted | Blocked: ...

    async def delete_pod(self, namespace: str, name: str, uid: str, *, grace_s: int | None) -> None: ...

    async def set_unschedulable(self, node: str, value: bool) -> None: ...

    async def patch_node(
        self,
        node: str,
        *,
        labels: dict[str, str | None] | None = None,
        taints: Sequence[tuple[str, str, str]] | None = None,
        annotations: dict[str, str | None] | None = None,
    ) -> None:
        """Merge labels and annotations (None removes one); replace taints as a whole when given."""
        ...

    async def delete_node(self, node: str) -> None: ...

    async def version(self) -> str:
        """Return the Kubernetes minor that the API server says it is, such as `1.34`."""
        ...

    async def ensure_node_identity(self, role_arn: str) -> None:
        """Let nodes with this role join: RBAC `eks:node-manager` and the `aws-auth` entry.

        On an attached cluster only an `aws-auth` that is there is changed.
        """
        ...

    async def remove_node_identity(self, role_arn: str) -> None: ...

    def watch(self) -> AsyncIterator[str]:
        """Yield the name of a node group whose nodes changed, as it happens; a hint only.

        While nodes of a group are cordoned or tainted, pods that leave them concern it as well, and
        budgets that allow a disruption: an eviction that was refused may be let through now. Labels,
        taints and cordons of nodes are not told of.
        """
        ...


class Clusters(Protocol):
    """Control planes: where a cluster's Kubernetes is, and the hands to use it."""

    async def ensure(self, cluster: Cluster) -> Endpoint | None:
        """Start making the control plane if need be, or bringing it to the cluster's version.

        Return its endpoint once it answers in that version.
        """
        ...

    async def remove(self, cluster: Cluster) -> bool:
        """Remove the control plane and all it made; return True once it is gone."""
        ...

    def kubernetes(self, cluster: Cluster) -> Kubernetes: ...

    async def ensure_security_group(self, cluster: Cluster) -> tuple[str, str | None]:
        """Return (vpc id, cluster security group id), making the group if need be.

        The group is None where nobody gave an attached cluster one.
        """
        ...
