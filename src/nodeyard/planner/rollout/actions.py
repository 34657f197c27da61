"""What an update does next, each with the sentence that says why. Values: acting has no choices left."""

from __future__ import annotations

from dataclasses import dataclass

from nodeyard.model.nodegroup import Scaling
from nodeyard.planner.drain.steps import Cordon as Cordon
from nodeyard.planner.drain.steps import Sweep as Sweep
from nodeyard.ports import Node, Pod

TAINT = ("eks.amazonaws.com/nodegroup", "unschedulable", "NoSchedule")
"""Source: EKS User Guide (2021), update behaviour: the taint of nodes that are to be replaced."""
LABEL_NO_LOAD_BALANCER = "node.kubernetes.io/exclude-from-external-load-balancers"
NO_SCALE_DOWN = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
"""Cluster Autoscaler leaves such a node alone. Source: its FAQ."""
HELD_FOR = "nodeyard.io/scale-down-disabled-for"
"""Which update put NO_SCALE_DOWN there, so that only that one is taken away again."""


@dataclass(frozen=True, slots=True)
class AddTemplateVersion:
    because: str


@dataclass(frozen=True, slots=True)
class UseTemplateVersion:
    version: str
    because: str


@dataclass(frozen=True, slots=True)
class Resize:
    sizes: Scaling
    because: str


@dataclass(frozen=True, slots=True)
class SuspendRebalance:
    """Keep Auto Scaling from moving nodes between zones, or let it again."""

    suspended: bool
    because: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Keep new pods and load balancers away from an old node."""

    node: Node
    because: str


@dataclass(frozen=True, slots=True)
class Unmark:
    """Give an old node back to the scheduler; `uncordon` where this update cordoned it."""

    node: Node
    uncordon: bool
    because: str


@dataclass(frozen=True, slots=True)
class HoldScaleDown:
    """Keep Cluster Autoscaler from removing a new node while the update runs."""

    node: Node
    because: str


@dataclass(frozen=True, slots=True)
class AllowScaleDown:
    node: Node
    because: str


@dataclass(frozen=True, slots=True)
class ForcePod:
    """Delete a pod that could not be evicted in time, its grace period kept."""

    pod: Pod
    because: str


@dataclass(frozen=True, slots=True)
class Terminate:
    instance: str
    decrement: bool
    because: str


Action = (
    AddTemplateVersion
    | UseTemplateVersion
    | Resize
    | SuspendRebalance
    | Mark
    | Unmark
    | HoldScaleDown
    | AllowScaleDown
    | Cordon
    | Sweep
    | ForcePod
    | Terminate
)
