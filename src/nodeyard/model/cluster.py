"""A cluster as the EKS API shows it, and what Nodeyard remembers of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nodeyard.model import status
from nodeyard.model.insight import Insights
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus
from nodeyard.model.values import replace


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a cluster's Kubernetes API is: the URL and its CA, base64 of PEM."""

    url: str
    ca_data: str


DEFAULT_SETTINGS: dict[str, dict[str, Any]] = {
    "resourcesVpcConfig": {
        "endpointPublicAccess": True,
        "endpointPrivateAccess": False,
        "publicAccessCidrs": ["0.0.0.0/0"],
    },
    "accessConfig": {"authenticationMode": "CONFIG_MAP"},
    "upgradePolicy": {"supportType": "EXTENDED"},
}
"""What a cluster has where CreateCluster said nothing. Source: EKS API reference, CreateCluster."""


@dataclass(frozen=True, slots=True)
class Connector:
    """How somebody else's cluster came here. Source: EKS API reference, ConnectorConfigResponse.

    `role_arn` is None for a cluster that was attached without RegisterCluster. Until `activation_expiry`
    a registered cluster waits for its credentials.
    """

    activation_id: str
    activation_expiry: datetime
    provider: str = "OTHER"
    role_arn: str | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """One EKS cluster. `request` keeps the caller's members as they came, with those of updates since.

    While an update runs `active_update` is its id and `pending` what it will change: members as in
    `request`, and `version` and `platformVersion`.
    """

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
    active_update: str | None = None
    pending: dict[str, Any] = field(default_factory=dict)
    insights: Insights | None = None
    connector: Connector | None = None
    """Of a cluster that somebody else keeps and credentials lead to; None: a cluster of EKS."""
    revision: int = 0

    @property
    def arn(self) -> str:
        return self.scope.cluster_arn(self.name)

    def setting(self, member: str) -> dict[str, Any]:
        """Return a structure of the request with its defaults filled in."""
        return {**DEFAULT_SETTINGS.get(member, {}), **(self.request.get(member) or {})}

    def updated(self) -> Cluster:
        """Return the cluster as it is when its update has ended well."""
        changed = {k: v for k, v in self.pending.items() if k not in ("version", "platformVersion")}
        protection = changed.get("deletionProtection", self.deletion_protection)
        return replace(
            self.moved_to(ClusterStatus.ACTIVE),
            version=self.pending.get("version", self.version),
            platform_version=self.pending.get("platformVersion", self.platform_version),
            request=self.request | changed,
            deletion_protection=protection,
            active_update=None,
            pending={},
        )

    def moved_to(self, after: ClusterStatus) -> Cluster:
        """Return the cluster in another status; an arrow the table lacks is a bug."""
        status.check_cluster(self.status, after)
        return replace(self, status=after)
