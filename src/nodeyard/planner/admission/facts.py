"""What admission must know before it judges: gathered by the service, never by the rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from nodeyard.catalog import Catalog
from nodeyard.model.cluster import Cluster
from nodeyard.model.limits import Quotas
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.scope import Scope
from nodeyard.ports import Role, Subnet, TemplateVersion


@dataclass(frozen=True, slots=True)
class CreateFacts:
    """`subnets`, `role`, `template` and `offered_types` hold what exists of what was named."""

    cluster: Cluster | None
    existing: Nodegroup | None
    nodegroup_count: int
    subnets: tuple[Subnet, ...]
    role: Role | None
    template: TemplateVersion | None
    offered_types: frozenset[str]
    catalog: Catalog
    quotas: Quotas = field(default_factory=Quotas)


@dataclass(frozen=True, slots=True)
class UpdateFacts:
    group: Nodegroup
    quotas: Quotas = field(default_factory=Quotas)


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """`template` is the version of the group's launch template that was asked for, where it exists."""

    group: Nodegroup
    cluster_version: str
    template: TemplateVersion | None
    catalog: Catalog


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    scope: Scope
    existing: Cluster | None
    cluster_count: int
    subnets: tuple[Subnet, ...]
    role: Role | None
    catalog: Catalog
    quotas: Quotas = field(default_factory=Quotas)
    only: Cluster | None = None
    """The cluster that has the one control plane that there is; None where more can be made."""
