"""The seams: what flows may ask of the world, and the closed set of errors it may answer.

Implementations live in `drivers` (real hands) and `world` (the embedded world).
A driver translates every vendor exception into one of the errors below; nothing
above `drivers` ever sees a vendor's type. Every call here is safe to repeat:
creating something that exists under the same name returns what exists, and
removing something that is gone is success.
"""

from __future__ import annotations

from nodeyard.ports.attaching import Attacher, Attachment, Credentials
from nodeyard.ports.clusters import Blocked, Budget, Clusters, Condition, Evicted, Kubernetes, Node, Pod
from nodeyard.ports.compute import (
    LAUNCH_HOOK,
    TERMINATE_HOOK,
    Activity,
    AutoScalingGroup,
    Compute,
    GroupInstance,
    GroupRequest,
    Role,
    Subnet,
    TemplateRequest,
    TemplateVersion,
    WarmPoolSettings,
)
from nodeyard.ports.errors import (
    Conflict,
    Denied,
    Invalid,
    LimitExceeded,
    NoCapacity,
    NotFound,
    NotOptedIn,
    PortError,
    Throttled,
    TooLong,
    Unavailable,
    UnknownFailure,
)
from nodeyard.ports.faults import ActiveFault, FaultKind, Faults
from nodeyard.ports.inspection import Findings, Needs
from nodeyard.ports.rehearsal import Rehearser
from nodeyard.ports.releases import Publisher, ReleaseSource
from nodeyard.ports.store import (
    WENT_WELL,
    Changes,
    Event,
    Fenced,
    Lease,
    Outcome,
    Parked,
    StaleRevision,
    Store,
    TokenRecord,
)
from nodeyard.ports.system import Clock, Ids

__all__ = [
    "LAUNCH_HOOK",
    "TERMINATE_HOOK",
    "WENT_WELL",
    "ActiveFault",
    "Activity",
    "Attacher",
    "Attachment",
    "AutoScalingGroup",
    "Blocked",
    "Budget",
    "Changes",
    "Clock",
    "Clusters",
    "Compute",
    "Condition",
    "Conflict",
    "Credentials",
    "Denied",
    "Event",
    "Evicted",
    "FaultKind",
    "Faults",
    "Fenced",
    "Findings",
    "GroupInstance",
    "GroupRequest",
    "Ids",
    "Invalid",
    "Kubernetes",
    "Lease",
    "LimitExceeded",
    "Needs",
    "NoCapacity",
    "Node",
    "NotFound",
    "NotOptedIn",
    "Outcome",
    "Parked",
    "Pod",
    "PortError",
    "Publisher",
    "Rehearser",
    "ReleaseSource",
    "Role",
    "StaleRevision",
    "Store",
    "Subnet",
    "TemplateRequest",
    "TemplateVersion",
    "Throttled",
    "TokenRecord",
    "TooLong",
    "Unavailable",
    "UnknownFailure",
    "WarmPoolSettings",
]
