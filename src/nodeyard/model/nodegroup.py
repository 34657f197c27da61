"""A managed node group: what the caller asked for, what it is, what it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from nodeyard.model import status
from nodeyard.model.drain import Drain
from nodeyard.model.health import Issue
from nodeyard.model.repair import RepairMemory
from nodeyard.model.scope import Scope
from nodeyard.model.standstill import Standstill
from nodeyard.model.status import NodegroupStatus
from nodeyard.model.values import replace


@dataclass(frozen=True, slots=True)
class Scaling:
    """Nodes. Bounds: 0 <= minimum <= desired <= maximum, maximum >= 1."""

    minimum: int
    maximum: int
    desired: int


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint in EKS spelling: effect is NO_SCHEDULE, NO_EXECUTE or PREFER_NO_SCHEDULE."""

    key: str
    effect: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateConfig:
    """How many nodes an update may take away at once: a count or a percentage, never both."""

    max_unavailable: int | None = 1
    max_unavailable_percentage: int | None = None
    update_strategy: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteAccess:
    ec2_ssh_key: str | None = None
    source_security_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateRef:
    """The caller's own launch template, resolved: id, name and an explicit version number."""

    id: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class RepairOverride:
    node_monitoring_condition: str
    node_unhealthy_reason: str
    min_repair_wait_time_mins: int
    repair_action: str


@dataclass(frozen=True, slots=True)
class RepairConfig:
    enabled: bool = False
    max_unhealthy_node_threshold_count: int | None = None
    max_unhealthy_node_threshold_percentage: int | None = None
    max_parallel_nodes_repaired_count: int | None = None
    max_parallel_nodes_repaired_percentage: int | None = None
    overrides: tuple[RepairOverride, ...] = ()


@dataclass(frozen=True, slots=True)
class WarmPool:
    enabled: bool = True
    min_size: int | None = None
    max_group_prepared_capacity: int | None = None
    pool_state: str | None = None
    reuse_on_scale_in: bool | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a config update may change of a node group, all of it."""

    labels: dict[str, str]
    taints: tuple[Taint, ...]
    scaling: Scaling
    update_config: UpdateConfig
    repair_config: RepairConfig | None
    warm_pool: WarmPool | None


@dataclass(frozen=True, slots=True)
class Resources:
    """What exists in the account for a group. None means: not made yet, or gone."""

    launch_template_id: str | None = None
    launch_template_version: str | None = None
    instance_profile: str | None = None
    auto_scaling_group: str | None = None
    remote_access_security_group: str | None = None
    capacity_ends_at: datetime | None = None
    """The end of the Capacity Block before which the group's scale-down is scheduled."""


@dataclass(frozen=True, slots=True)
class Nodegroup:
    """One managed node group. `uuid` is in its ARN and in every name it gives to AWS."""

    scope: Scope
    cluster: str
    name: str
    uuid: str
    status: NodegroupStatus
    version: str
    release_version: str
    ami_type: str
    capacity_type: str
    scaling: Scaling
    subnets: tuple[str, ...]
    node_role: str
    created_at: datetime
    modified_at: datetime
    image_id: str = ""
    instance_types: tuple[str, ...] | None = None
    disk_size: int | None = None
    remote_access: RemoteAccess | None = None
    launch_template: TemplateRef | None = None
    labels: dict[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    update_config: UpdateConfig = UpdateConfig()
    repair_config: RepairConfig | None = None
    warm_pool: WarmPool | None = None
    issues: tuple[Issue, ...] = ()
    failing: Issue | None = None
    """The one of the issues that the error of the last pass is; gone with the first pass that succeeds."""
    resources: Resources = Resources()
    create_deadline: datetime | None = None
    active_update: str | None = None
    drains: dict[str, Drain] = field(default_factory=dict)
    """Instance id -> the drain of an instance that Auto Scaling lets go."""
    left_cordoned: tuple[str, ...] = ()
    """Instances whose nodes a failed version update cordoned and left so; no other cordon is ours."""
    repair: RepairMemory = field(default_factory=RepairMemory)
    revision: int = 0

    @property
    def arn(self) -> str:
        return self.scope.nodegroup_arn(self.cluster, self.name, self.uuid)

    @property
    def auto_scaling_group_name(self) -> str:
        """Source: names seen on live groups since 2021, `eks-<nodegroup>-<uuid>`."""
        return f"eks-{self.name}-{self.uuid}"

    @property
    def launch_template_name(self) -> str:
        return f"eks-{self.uuid}"

    @property
    def instance_profile_name(self) -> str:
        return f"eks-{self.uuid}"

    @property
    def remote_access_group_name(self) -> str:
        return f"eks-remoteAccess-{self.uuid}"

    def moved_to(self, after: NodegroupStatus, now: datetime) -> Nodegroup:
        """Return the group in another status; an arrow the table lacks is a bug."""
        status.check_nodegroup(self.status, after)
        return replace(self, status=after, modified_at=now)

    def configured(self, configuration: Configuration) -> Nodegroup:
        """Return the group as it is once a config update was carried out."""
        return replace(
            self,
            labels=configuration.labels,
            taints=configuration.taints,
            scaling=configuration.scaling,
            update_config=configuration.update_config,
            repair_config=configuration.repair_config,
            warm_pool=configuration.warm_pool,
        )

    def resumed(self, standstill: Standstill) -> Nodegroup:
        """Return the group with every limit as far away as it was when the world stood still."""
        deadline = self.create_deadline
        return replace(
            self,
            create_deadline=None if deadline is None else standstill.limit(deadline),
            drains={instance: drain.resumed(standstill) for instance, drain in self.drains.items()},
            repair=self.repair.resumed(standstill),
        )
