"""What callers ask for, decoded and typed but not yet judged: the input of admission.

None means that the caller left the member out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nodeyard.model.nodegroup import RemoteAccess, RepairConfig, Taint, UpdateConfig


@dataclass(frozen=True, slots=True)
class ScalingChange:
    """Any part may be missing; what is missing keeps its value, or gets the default."""

    minimum: int | None = None
    maximum: int | None = None
    desired: int | None = None


@dataclass(frozen=True, slots=True)
class TemplateSpec:
    """The caller's launchTemplate member, as sent."""

    id: str | None = None
    name: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class WarmPoolChange:
    """The caller's warmPoolConfig. An update keeps what is left out; `enabled` false removes the pool."""

    enabled: bool | None = None
    min_size: int | None = None
    max_group_prepared_capacity: int | None = None
    pool_state: str | None = None
    reuse_on_scale_in: bool | None = None


@dataclass(frozen=True, slots=True)
class CreateNodegroup:
    cluster: str
    name: str
    subnets: tuple[str, ...]
    node_role: str
    scaling: ScalingChange | None = None
    disk_size: int | None = None
    instance_types: tuple[str, ...] | None = None
    ami_type: str | None = None
    remote_access: RemoteAccess | None = None
    labels: dict[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    token: str | None = None
    launch_template: TemplateSpec | None = None
    update_config: UpdateConfig | None = None
    repair_config: RepairConfig | None = None
    warm_pool: WarmPoolChange | None = None
    capacity_type: str | None = None
    version: str | None = None
    release_version: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateNodegroupConfig:
    """An UpdateConfig here has None for the members that the caller left out."""

    cluster: str
    name: str
    labels_add: dict[str, str] = field(default_factory=dict)
    labels_remove: tuple[str, ...] = ()
    taints_add: tuple[Taint, ...] = ()
    taints_remove: tuple[Taint, ...] = ()
    scaling: ScalingChange | None = None
    update_config: UpdateConfig | None = None
    repair_config: RepairConfig | None = None
    warm_pool: WarmPoolChange | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateNodegroupVersion:
    """None means: not sent. With nothing sent the group moves to the newest release of its minor."""

    cluster: str
    name: str
    version: str | None = None
    release_version: str | None = None
    launch_template: TemplateSpec | None = None
    force: bool = False
    token: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateClusterVersion:
    cluster: str
    version: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateClusterConfig:
    """`request` holds the members to change as decoded, wire spelling."""

    cluster: str
    request: dict[str, Any] = field(default_factory=dict)
    token: str | None = None


@dataclass(frozen=True, slots=True)
class RegisterCluster:
    name: str
    provider: str
    role_arn: str
    tags: dict[str, str] = field(default_factory=dict)
    token: str | None = None


@dataclass(frozen=True, slots=True)
class AttachCluster:
    """Credentials for a registered cluster, or for one that is registered with them."""

    cluster: str
    kubeconfig: str = field(repr=False)
    context: str | None = None
    provider: str | None = None
    security_group: str | None = None
    service_cidr: str | None = None


@dataclass(frozen=True, slots=True)
class CreateCluster:
    """`request` holds every member as decoded, wire spelling, for DescribeCluster to echo."""

    name: str
    role_arn: str
    subnet_ids: tuple[str, ...]
    version: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    token: str | None = None
    request: dict[str, Any] = field(default_factory=dict)
