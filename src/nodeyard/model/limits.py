"""Quotas and time limits, each with its source. Sizes are counts unless a name says otherwise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quotas:
    """Limits that AWS lets accounts raise. Source: AWS General Reference, EKS quotas."""

    clusters_per_region: int = 100
    nodegroups_per_cluster: int = 30
    nodes_per_nodegroup: int = 450


TAINTS_MAX = 50
INSTANCE_TYPES_MAX = 20
SUBNETS_MAX = 100
"""Ours: EKS does not tell its limit, only that there is one (health code Ec2SubnetListTooLong)."""
DISK_GIB_MAX = 16384
"""Source: Amazon EBS User Guide, general purpose volumes."""
TAGS_MAX = 50
UNAVAILABLE_NODES_MAX = 100
NODEGROUP_NAME_CHARS_MAX = 63
CLUSTER_NAME_CHARS_MAX = 100
LABELS_MAX = 50

DISK_LINUX_GIB = 20
DISK_WINDOWS_GIB = 50
DEFAULT_INSTANCE_TYPE = "t3.medium"

HOOK_HEARTBEAT_S = 1800
"""Lifecycle hooks wait this long before the default result; observed on live groups."""

CREATE_DEADLINE_S = 35 * 60
"""Creation gives up after this: the hook heartbeat and five minutes, as observed."""

DRAIN_LIMIT_S = 15 * 60
"""Source: EKS User Guide, update behaviour: a node that cannot be drained in 15 minutes.

An outage of AWS or of the cluster counts: the guide ends the try after that time whatever the cause, and
a drain that nobody can see must not hold a node for longer (ours). Only time in which this service and its
embedded world stand still does not count, see `model.standstill`."""

DELETE_DRAIN_LIMIT_S = 5 * 60
"""Source: EKS User Guide, delete a managed node group: "after a few minutes" the termination goes on.
What is left of the cluster has often no room for the last pods, so a longer wait helps nobody (ours)."""

NODES_JOIN_LIMIT_S = 30 * 60
"""New nodes of an update that join none within this, fail it; counted anew from each one that joins (ours,
the heartbeat of the launch hook)."""

SPOT_NOTICE_S = 120
"""Source: EC2 User Guide, Spot Instance interruption notices: two minutes before the instance goes."""

LOAD_BALANCER_PAUSE_S = 60
"""Source: EKS User Guide, update behaviour: pause between cordon and termination."""

REPAIRS_IN_PARALLEL = 1
"""Nodes that are repaired at once where the group's configuration does not say. EKS does not tell its
default; ours is the most careful one: one node, then a look whether that helped."""

REPAIR_STOPS_ABOVE_NODES = 5
REPAIR_STOPS_ABOVE_PERCENT = 20
"""Source: EKS User Guide, node auto repair: no repair begins in a group of more than five nodes while more
than a fifth of them are unhealthy, unless the configuration has a threshold of its own."""

REBOOT_LIMIT_S = 10 * 60
"""A rebooted node that is not healthy again within this is replaced (ours)."""
