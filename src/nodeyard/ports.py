"""The seams: what flows may ask of the world, and the closed set of errors it may answer.

Implementations live in `drivers` (real hands) and `world` (the embedded world).
A driver translates every vendor exception into one of the errors below; nothing
above `drivers` ever sees a vendor's type. Every call here is safe to repeat:
creating something that exists under the same name returns what exists, and
removing something that is gone is success.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from nodeyard.model.cluster import Cluster, Endpoint
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.scope import Scope
from nodeyard.model.update import Update

# --- errors ------------------------------------------------------------------


class PortError(Exception):
    """The world said no. `message` is a sentence for people; `retry` says whether time may help."""

    retry = False

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        """The vendor's own error code, for messages only; never branch on it."""


class Throttled(PortError):
    retry = True

    def __init__(self, message: str, *, code: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s


class Unavailable(PortError):
    """Not reachable, timed out, or a fault of the other side."""

    retry = True


class Conflict(PortError):
    """Somebody changed the thing meanwhile: look again, then repeat."""

    retry = True


class NotFound(PortError):
    pass


class NoCapacity(PortError):
    retry = True


class Denied(PortError):
    pass


class Invalid(PortError):
    """The request itself is wrong; repeating it cannot help."""


class LimitExceeded(PortError):
    """A quota of the account is used up."""


class UnknownFailure(PortError):
    pass


# --- time and ids --------------------------------------------------------------


class Clock(Protocol):
    """Timestamps are wall clock; waits and limits are in simulated seconds."""

    def now(self) -> datetime:
        """Return the wall-clock instant, aware, UTC."""
        ...

    def after(self, seconds: float) -> datetime:
        """Return the wall-clock instant that lies this many simulated seconds ahead."""
        ...

    def elapsed(self) -> float:
        """Return simulated seconds since the process started; monotonic."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for simulated seconds."""
        ...

    async def wait(self, event: asyncio.Event, until: datetime | None) -> bool:
        """Wait for the event, at most until an instant; return whether it is set."""
        ...


class Ids(Protocol):
    """Chance as an argument: seeded where a run must repeat itself."""

    def uuid(self) -> str:
        """Return a random UUID, lower case with hyphens."""
        ...

    def hex(self, digits: int) -> str: ...

    def random(self) -> float:
        """Return a number in [0, 1)."""
        ...


# --- compute: the AWS side -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subnet:
    id: str
    vpc_id: str
    zone: str
    free_addresses: int
    public_ip_on_launch: bool = False


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


LAUNCH_HOOK = "Launch-LC-Hook"
TERMINATE_HOOK = "Terminate-LC-Hook"


class Compute(Protocol):
    """What node groups need of AWS: EC2, Auto Scaling, IAM and SSM, in one scope a call.

    Raises: any PortError, from every method.
    """

    async def subnets(self, scope: Scope, ids: Sequence[str]) -> tuple[Subnet, ...]:
        """Return the subnets that exist, in the order asked; missing ones are left out."""
        ...

    async def default_vpc(self, scope: Scope) -> str:
        """Return the id of the Region's default VPC. Raises: NotFound where there is none."""
        ...

    async def role(self, scope: Scope, arn: str) -> Role | None: ...

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

    async def terminate_instance(self, scope: Scope, instance_id: str) -> None:
        """Terminate through Auto Scaling, desired capacity kept."""
        ...

    async def delete_group(self, scope: Scope, name: str) -> None:
        """Delete the group once it has no instances; `Conflict` while it still has."""
        ...


# --- clusters: the Kubernetes side -----------------------------------------------


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


# --- store ---------------------------------------------------------------------


class Fenced(Exception):
    """The caller's lease was taken over: drop what is in memory, touch nothing."""


class StaleRevision(Exception):
    """A record changed since it was read: read again and decide again."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one key, until `until`. `token` grows with every claim."""

    key: str
    token: int
    owner: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, with its causes: operation, node, pod, budget, in `subject`."""

    scope: Scope
    cluster: str
    nodegroup: str | None
    at: datetime
    kind: str
    message: str
    subject: dict[str, str] = field(default_factory=dict)
    sequence: int = 0
    """Given by the store."""


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """An idempotency token that was used: same digest, same answer."""

    scope: Scope
    operation: str
    token: str
    digest: str
    result: str
    """The id of what the first call made (nodegroup ARN, update id, cluster name)."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """One transaction. Records carry the revision they were read at (0: must not exist yet);
    the store adds one. `wake` is (reconcile key, when); None as when means: remove the key.
    A wake never moves a pending earlier wake later, except through `Store.finish`."""

    put: tuple[Cluster | Nodegroup | Update, ...] = ()
    delete: tuple[Cluster | Nodegroup, ...] = ()
    tokens: tuple[TokenRecord, ...] = ()
    events: tuple[Event, ...] = ()
    wake: tuple[tuple[str, datetime | None], ...] = ()


class Store(Protocol):
    """Durable records. An acknowledged commit survives kill -9.

    Raises: StaleRevision, Fenced, Unavailable.
    """

    async def cluster(self, scope: Scope, name: str) -> Cluster | None: ...

    async def clusters(self, scope: Scope) -> tuple[Cluster, ...]:
        """Return the scope's clusters by name."""
        ...

    async def all_clusters(self) -> tuple[Cluster, ...]: ...

    async def nodegroup(self, scope: Scope, cluster: str, name: str) -> Nodegroup | None: ...

    async def nodegroups(self, scope: Scope, cluster: str) -> tuple[Nodegroup, ...]:
        """Return the cluster's node groups by name."""
        ...

    async def update(self, scope: Scope, cluster: str, nodegroup: str | None, id: str) -> Update | None: ...

    async def updates(self, scope: Scope, cluster: str, nodegroup: str | None) -> tuple[Update, ...]:
        """Return the updates, newest first."""
        ...

    async def token(self, scope: Scope, operation: str, token: str) -> TokenRecord | None: ...

    async def commit(self, changes: Changes, *, lease: Lease | None = None) -> None:
        """Write all or nothing. With a lease, raise Fenced when the lease is no longer ours.

        Deleting a node group or cluster also removes its updates, so that a later group of
        the same name starts clean; events stay.
        """
        ...

    async def events(
        self,
        scope: Scope | None,
        *,
        after: int = 0,
        cluster: str | None = None,
        nodegroup: str | None = None,
        limit: int = 100,
    ) -> tuple[Event, ...]:
        """Return events with a sequence above `after`, oldest first."""
        ...

    # The reconcile table; used by the engine alone.

    async def claim(self, owner: str, now: datetime, until: datetime, limit: int) -> tuple[Lease, ...]:
        """Take due keys whose lease has run out; each claim raises the key's token."""
        ...

    async def renew(self, owner: str, keys: Sequence[str], until: datetime) -> frozenset[str]:
        """Prolong held leases in one statement; return the keys that are still ours."""
        ...

    async def finish(self, lease: Lease, wake_at: datetime | None, *, error: str | None = None) -> None:
        """Give the lease back with the next wake; None removes the key.

        A wake committed by others while the work ran is kept: the earlier of both wins, and a
        key woken meanwhile is not removed. `error` counts an attempt; None resets the count.
        """
        ...

    async def next_wake(self) -> datetime | None: ...

    async def release(self, owner: str) -> None:
        """Give back every lease of this owner, due at once: a clean stop."""
        ...
