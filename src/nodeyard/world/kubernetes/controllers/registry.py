"""The list of controllers that a cluster runs, in the order in which they take turns."""

from __future__ import annotations

from nodeyard.world.kubernetes.controllers.controller import Controller
from nodeyard.world.kubernetes.controllers.daemonset import DaemonSets
from nodeyard.world.kubernetes.controllers.deployment import Deployments
from nodeyard.world.kubernetes.controllers.disruption import Disruption
from nodeyard.world.kubernetes.controllers.endpoints import Endpoints
from nodeyard.world.kubernetes.controllers.garbage import GarbageCollector
from nodeyard.world.kubernetes.controllers.job import Jobs
from nodeyard.world.kubernetes.controllers.kubelet import Kubelet
from nodeyard.world.kubernetes.controllers.namespaces import Namespaces
from nodeyard.world.kubernetes.controllers.node_lifecycle import NodeLifecycle
from nodeyard.world.kubernetes.controllers.node_status import NodeStatus
from nodeyard.world.kubernetes.controllers.replicaset import ReplicaSets
from nodeyard.world.kubernetes.controllers.scheduler import Scheduler
from nodeyard.world.kubernetes.controllers.statefulset import StatefulSets
from nodeyard.world.kubernetes.controllers.taint_eviction import TaintEviction
from nodeyard.world.kubernetes.controllers.volumes import Volumes

CONTROLLERS: tuple[type[Controller], ...] = (
    Deployments,
    ReplicaSets,
    DaemonSets,
    StatefulSets,
    Jobs,
    Volumes,
    Scheduler,
    Kubelet,
    NodeStatus,
    NodeLifecycle,
    TaintEviction,
    Disruption,
    Endpoints,
    GarbageCollector,
    Namespaces,
)
