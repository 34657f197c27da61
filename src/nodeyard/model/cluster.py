"""A cluster as the EKS API shows it, and what Nodeyard remembers of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from nodeyard.model import status
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a cluster's Kubernetes API is: the URL and its CA, base64 of PEM."""

    url: str
    ca_data: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """One EKS cluster. `request` keeps the caller's CreateCluster members as they came."""

    scope: Scope
    name: str
    uuid: str
    version: str
    status: ClusterStatus
    role_arn: str
    created_at: datetime
    request: dict[str, Any]
    platform_version: str = "eks.1"
    tags: dict[str, str] = field(default_factory=dict)
    endpoint: Endpoint | None = None
    vpc_id: str | None = None
    security_group_id: str | None = None
    service_cidr: str = "10.100.0.0/16"
    deletion_protection: bool = False
    revision: int = 0

    @property
    def arn(self) -> str:
        return self.scope.cluster_arn(self.name)

    def moved_to(self, after: ClusterStatus) -> Cluster:
        """Return the cluster in another status; an arrow the table lacks is a bug."""
        status.check_cluster(self.status, after)
        return replace(self, status=after)
