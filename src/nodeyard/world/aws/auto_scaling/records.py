"""What Auto Scaling remembers, as frozen values. Written by `state`, kept by `persistence`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nodeyard.world.aws.fleet import RUNNING, SHUTTING_DOWN, STOPPED, STOPPING, TERMINATED, TemplateChoice

GROUP_TAG = "aws:autoscaling:groupName"
LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING_HOOK = "autoscaling:EC2_INSTANCE_TERMINATING"

PENDING = "Pending"
PENDING_WAIT = "Pending:Wait"
PENDING_PROCEED = "Pending:Proceed"
IN_SERVICE = "InService"
STANDBY = "Standby"
LEAVING = "Terminating"
LEAVING_WAIT = "Terminating:Wait"
LEAVING_PROCEED = "Terminating:Proceed"

WARMED_PENDING = "Warmed:Pending"
WARMED_PENDING_WAIT = "Warmed:Pending:Wait"
WARMED_PENDING_PROCEED = "Warmed:Pending:Proceed"
WARMED_LEAVING = "Warmed:Terminating"
WARMED_LEAVING_WAIT = "Warmed:Terminating:Wait"
WARMED_LEAVING_PROCEED = "Warmed:Terminating:Proceed"
WARM = {"Stopped": "Warmed:Stopped", "Running": "Warmed:Running", "Hibernated": "Warmed:Hibernated"}
"""PoolState -> the state in which an instance of the warm pool waits."""

COUNTED = frozenset({PENDING, PENDING_WAIT, PENDING_PROCEED, IN_SERVICE})
"""States that count towards the desired capacity."""
GOING = frozenset(
    {
        LEAVING,
        LEAVING_WAIT,
        LEAVING_PROCEED,
        WARMED_LEAVING,
        WARMED_LEAVING_WAIT,
        WARMED_LEAVING_PROCEED,
    }
)
AT_HOOKS = {
    PENDING: (LAUNCHING, PENDING_WAIT, PENDING_PROCEED),
    WARMED_PENDING: (LAUNCHING, WARMED_PENDING_WAIT, WARMED_PENDING_PROCEED),
    LEAVING: (TERMINATING_HOOK, LEAVING_WAIT, LEAVING_PROCEED),
    WARMED_LEAVING: (TERMINATING_HOOK, WARMED_LEAVING_WAIT, WARMED_LEAVING_PROCEED),
}
"""State -> the hooks that follow, the state that waits at them, the state after them."""
AFTER_WAIT = {wait: go for _, wait, go in AT_HOOKS.values()}
COMING = frozenset({*AT_HOOKS[PENDING][1:], *AT_HOOKS[WARMED_PENDING][1:], PENDING, WARMED_PENDING})
"""States in which an instance that ends, or that a hook abandons, was never of use."""

DELETING = "Delete in progress"

Key = tuple[str, str, str]
"""(account, Region, group name)"""


@dataclass(frozen=True, slots=True)
class Tag:
    key: str
    value: str
    propagate: bool


@dataclass(frozen=True, slots=True)
class Hook:
    """A lifecycle hook. `notification` holds what is only described back."""

    name: str
    transition: str
    heartbeat_s: int
    default_result: str
    notification: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A scheduled action. `sizes` are members of its request, in AWS spelling."""

    name: str
    at: datetime
    sizes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Wait:
    """One hook that holds one instance. `limit` is where heartbeats can no longer push `deadline`."""

    hook: str
    token: str
    deadline: datetime
    limit: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """One instance of a group. `ec2` is its state in EC2, `state` its lifecycle state in the group."""

    id: str
    zone: str
    subnet_id: str
    instance_type: str
    image_id: str
    spot: bool
    launched_at: datetime
    template: TemplateChoice | None
    ec2: str
    state: str = PENDING
    healthy: bool = True
    protected: bool = False
    hooked: bool = False
    """The hooks of the present transition were looked at."""
    waits: tuple[Wait, ...] = ()
    activity: str = ""
    """Id of the scaling activity that is in progress for it."""
    asked: bool = False
    """EC2 was asked to terminate it."""
    surplus: bool = False
    """Launched before another one goes; not counted until it is in service."""
    in_service_at: datetime | None = None
    replaces: str = ""
    """The instance that this surplus one takes the place of; empty for one that balances zones."""
    recommended_at: datetime | None = None
    """When EC2 recommended to replace this Spot instance."""
    noticed_at: datetime | None = None
    """When EC2 gave notice that it takes this Spot instance back."""
    taken_at: datetime | None = None
    """When EC2 takes it back."""
    unhealthy_because: str = ""
    returning: bool = False
    """It goes back to the warm pool once its hooks are answered."""

    @property
    def pooled(self) -> bool:
        """Return whether it is one of the warm pool."""
        return self.state.startswith("Warmed:")

    @property
    def counted(self) -> bool:
        return self.state in COUNTED and not self.surplus

    @property
    def running(self) -> bool:
        return self.ec2 == RUNNING

    @property
    def gone(self) -> bool:
        return self.ec2 == TERMINATED

    @property
    def lost(self) -> bool:
        """Return whether EC2 no longer runs it though nobody here asked for that."""
        ended = (SHUTTING_DOWN, TERMINATED)
        return self.ec2 in (ended if self.pooled else (*ended, STOPPING, STOPPED))

    @property
    def ends_at(self) -> datetime | None:
        """Return when EC2 takes it back; None when it does not, or was asked to end it already."""
        return None if self.asked or self.lost else self.taken_at


@dataclass(frozen=True, slots=True)
class Activity:
    id: str
    sequence: int
    description: str
    cause: str
    start: datetime
    status: str
    progress: int
    details: str
    message: str = ""
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A group. `settings` are the members of the create and update requests, in AWS spelling."""

    account: str
    region: str
    name: str
    arn: str
    created_at: datetime
    settings: dict[str, Any]
    zones: dict[str, str]
    """Subnet id -> zone, in the order of the request."""
    status: str | None = None
    suspended: dict[str, str] = field(default_factory=dict)
    """Process -> reason."""
    metrics: tuple[str, ...] = ()
    hooks: dict[str, Hook] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    scheduled: dict[str, Scheduled] = field(default_factory=dict)
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    notifications: tuple[dict[str, str], ...] = ()
    reason: str = ""
    """The user's last change of capacity, told in the cause of the activities that follow."""
    failures: int = 0
    """Launches that failed since the last that worked."""
    retry_at: datetime | None = None
    balance_at: datetime | None = None
    """When instances are moved between zones, or at-risk ones replaced, next."""
    next_sequence: int = 1
    warm_pool: dict[str, Any] | None = None
    """Members of PutWarmPool, in AWS spelling; `Status` says that it is being deleted."""

    @property
    def key(self) -> Key:
        return (self.account, self.region, self.name)

    @property
    def minimum(self) -> int:
        return int(self.settings["MinSize"])

    @property
    def maximum(self) -> int:
        return int(self.settings["MaxSize"])

    @property
    def desired(self) -> int:
        return int(self.settings["DesiredCapacity"])

    @property
    def policy(self) -> dict[str, Any] | None:
        """Return the mixed instances policy."""
        found: dict[str, Any] | None = self.settings.get("MixedInstancesPolicy")
        return found

    @property
    def template(self) -> TemplateChoice:
        """Return the template as the group holds it: the version may be `$Latest` or `$Default`."""
        policy = self.policy
        used = (
            policy["LaunchTemplate"]["LaunchTemplateSpecification"]
            if policy
            else self.settings["LaunchTemplate"]
        )
        return choice(used)

    def is_suspended(self, *processes: str) -> bool:
        return any(process in self.suspended for process in processes)


def choice(specification: dict[str, Any]) -> TemplateChoice:
    """Return a launch template specification as EC2 is asked for it."""
    return TemplateChoice(
        id=specification.get("LaunchTemplateId") or "",
        name=specification.get("LaunchTemplateName") or "",
        version=str(specification.get("Version") or "$Default"),
    )
