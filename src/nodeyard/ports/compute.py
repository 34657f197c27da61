"""AWS, as node groups need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from nodeyard.model.scope import Scope

if TYPE_CHECKING:
    from nodeyard.ports.inspection import Findings, Needs


@dataclass(frozen=True, slots=True)
class Subnet:
    id: str
    vpc_id: str
    zone: str
    free_addresses: int
    public_ip_on_launch: bool = False
    ipv6_on_launch: bool = False
    internet_gateway: bool | None = None
    """Its route table leads to an internet gateway; None where nobody looked."""


@dataclass(frozen=True, slots=True)
class Role:
    """`trusted_services` are the service principals of the trust policy."""

    arn: str
    name: str
    trusted_services: frozenset[str]
    policy_arns: frozenset[str]


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """One version of a launch template. `data` is LaunchTemplateData in EC2 spelling."""

    id: str
    name: str
    version: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class GroupInstance:
    """One instance of an Auto Scaling group, as Auto Scaling sees it."""

    id: str
    zone: str
    lifecycle_state: str
    health_status: str
    instance_type: str
    launch_template_version: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """A scaling activity; `status` is Auto Scaling's (Successful, Failed, InProgress, …)."""

    id: str
    status: str
    description: str
    message: str
    start: datetime


@dataclass(frozen=True, slots=True)
class WarmPoolSettings:
    """A warm pool as Auto Scaling has it. `ceiling` None: instances up to the maximum of the group."""

    minimum: int
    ceiling: int | None
    state: str
    """How its instances wait: `Stopped`, `Running` or `Hibernated`."""
    reuse: bool
    """What a scale-in lets go comes back to the pool."""


@dataclass(frozen=True, slots=True)
class AutoScalingGroup:
    name: str
    minimum: int
    maximum: int
    desired: int
    zones: tuple[str, ...]
    launch_template_id: str | None
    launch_template_version: str | None
    status: str | None = None
    """None, or `Delete in progress`."""
    instances: tuple[GroupInstance, ...] = ()
    suspended_processes: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    warm_pool: WarmPoolSettings | None = None
    warm_pool_deleting: bool = False
    warm: tuple[GroupInstance, ...] = ()
    """Instances of the warm pool; none of them is among `instances`."""


@dataclass(frozen=True, slots=True)
class TemplateRequest:
    """The launch template that Nodeyard makes for a group."""

    name: str
    data: dict[str, Any]
    tags: dict[str, str]
    token: str


@dataclass(frozen=True, slots=True)
class GroupRequest:
    """The Auto Scaling group that Nodeyard makes. Settings: reference, objects created."""

    name: str
    minimum: int
    maximum: int
    desired: int
    subnets: tuple[str, ...]
    launch_template_id: str
    launch_template_version: str
    instance_types: tuple[str, ...]
    spot_allocation: str | None
    """None for on-demand groups; else the spot allocation strategy."""
    tags: dict[str, str]
    hook_heartbeat_s: int
    capacity_block: bool = False
    """The launch template names a Capacity Block and its instance type."""


LAUNCH_HOOK = "Launch-LC-Hook"
TERMINATE_HOOK = "Terminate-LC-Hook"


class Compute(Protocol):
    """What node groups need of AWS: EC2, Auto Scaling, IAM and SSM, in one scope a call.

    Raises: any PortError, from every method.
    """

    async def subnets(self, scope: Scope, ids: Sequence[str]) -> tuple[Subnet, ...]:
        """Return the subnets that exist, in the order asked; missing ones are left out."""
        ...

    async def inspect(self, scope: Scope, needs: Needs) -> Findings:
        """Return what is there of all that a group needs; makes nothing."""
        ...

    async def default_vpc(self, scope: Scope) -> str:
        """Return the id of the Region's default VPC. Raises: NotFound where there is none."""
        ...

    async def role(self, scope: Scope, arn: str) -> Role | None: ...

    async def adopt(self, scope: Scope, subnets: Sequence[str], role_arn: str | None) -> None:
        """Make subnets and a role that a request names and the account lacks.

        Only an embedded AWS may do so; `subnets` and `role` tell there what would be made. Elsewhere nothing.
        """
        ...

    async def template(
        self, scope: Scope, *, id: str | None, name: str | None, version: str | None
    ) -> TemplateVersion | None:
        """Return one version; None as version means the default version."""
        ...

    async def offered_types(self, scope: Scope, types: Sequence[str]) -> frozenset[str]:
        """Return those of `types` that the Region offers."""
        ...

    async def image_of_release(self, scope: Scope, parameter: str) -> str | None:
        """Return the value of an SSM public parameter, None where it does not exist."""
        ...

    async def ensure_instance_profile(
        self, scope: Scope, name: str, role_arn: str, tags: dict[str, str]
    ) -> str:
        """Return the ARN of the profile, holding exactly this role."""
        ...

    async def delete_instance_profile(self, scope: Scope, name: str) -> None: ...

    async def ensure_template(self, scope: Scope, request: TemplateRequest) -> tuple[str, str]:
        """Return (id, version number as text) of the template by that name, making it if absent."""
        ...

    async def add_template_version(
        self, scope: Scope, template_id: str, data: dict[str, Any], token: str
    ) -> str:
        """Return the version number as text; the same token never makes a second version."""
        ...

    async def delete_template(self, scope: Scope, name: str) -> None: ...

    async def ensure_security_group(
        self, scope: Scope, name: str, description: str, vpc_id: str, tags: dict[str, str]
    ) -> str: ...

    async def allow_ingress(
        self, scope: Scope, group_id: str, port: int, source_groups: Sequence[str]
    ) -> None:
        """Open a TCP port to the groups, or to 0.0.0.0/0 when none is given."""
        ...

    async def delete_security_group(self, scope: Scope, group_id: str) -> None: ...

    async def ensure_group(self, scope: Scope, request: GroupRequest) -> None:
        """Make the Auto Scaling group, its two hooks and metrics; repeat until all are there."""
        ...

    async def group(self, scope: Scope, name: str) -> AutoScalingGroup | None: ...

    async def resize_group(
        self, scope: Scope, name: str, *, minimum: int, maximum: int, desired: int
    ) -> None: ...

    async def set_warm_pool(self, scope: Scope, name: str, pool: WarmPoolSettings | None) -> None:
        """Give the group this warm pool; None: delete it with its instances. No pool to delete: success."""
        ...

    async def suspend_process(self, scope: Scope, name: str, process: str, *, suspended: bool) -> None:
        """Suspend or resume one process of the group, such as AZRebalance."""
        ...

    async def set_group_template_version(
        self, scope: Scope, name: str, template_id: str, version: str
    ) -> None: ...

    async def activities(self, scope: Scope, name: str) -> tuple[Activity, ...]:
        """Return the newest scaling activities first, 100 at most."""
        ...

    async def complete_hook(
        self, scope: Scope, group: str, hook: str, instance_id: str, *, result: str
    ) -> None:
        """Complete a lifecycle action; result is CONTINUE or ABANDON. No action pending: success."""
        ...

    async def interruptions(self, scope: Scope, ids: Sequence[str]) -> dict[str, datetime]:
        """Return Spot instance -> when EC2 gave its two-minute notice, for those it takes back."""
        ...

    async def shifted_zones(self, scope: Scope, cluster_arn: str) -> tuple[str, ...]:
        """Return the ids of the zones that an active zonal shift of ARC moves a cluster away from."""
        ...

    async def reservation_end(self, scope: Scope, reservation: str) -> datetime | None:
        """Return when a capacity reservation ends; None where it has no end or is not there."""
        ...

    async def schedule_sizes(
        self, scope: Scope, group: str, action: str, *, at: datetime, minimum: int, desired: int
    ) -> None:
        """Have Auto Scaling set sizes at an instant; an action of that name is written over."""
        ...

    async def terminate_instance(self, scope: Scope, instance_id: str, *, decrement: bool = False) -> None:
        """Terminate through Auto Scaling; `decrement` lowers the desired capacity by one with it."""
        ...

    async def reboot_instance(self, scope: Scope, instance_id: str) -> None:
        """Reboot through EC2; its place in the group stays. An instance that is gone: success."""
        ...

    async def delete_group(self, scope: Scope, name: str) -> None:
        """Delete the group once it has no instances; `Conflict` while it still has."""
        ...
