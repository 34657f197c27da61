"""One builder a noun, each with defaults that a test overrides by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from nodeyard.model.cluster import Cluster
from nodeyard.model.drain import Blocker, Drain
from nodeyard.model.nodegroup import Nodegroup, Scaling
from nodeyard.model.rollout import Phase, Rollout, Target
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus, NodegroupStatus, UpdateStatus
from nodeyard.model.update import Update
from nodeyard.planner.membership import Member
from nodeyard.ports import AutoScalingGroup, Condition, GroupInstance, Node, Pod
from nodeyard.world.aws.fleet import RUNNING, Machine

SCOPE = Scope("111122223333", "eu-west-1")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def a_cluster(**members: Any) -> Cluster:
    defaults: dict[str, Any] = {
        "scope": SCOPE,
        "name": "prod",
        "uuid": "c0ffee00-0000-4000-8000-000000000000",
        "version": "1.34",
        "status": ClusterStatus.ACTIVE,
        "role_arn": "arn:aws:iam::111122223333:role/cluster",
        "created_at": NOON,
        "request": {"name": "prod"},
    }
    return Cluster(**(defaults | members))


def a_nodegroup(**members: Any) -> Nodegroup:
    defaults: dict[str, Any] = {
        "scope": SCOPE,
        "cluster": "prod",
        "name": "blue",
        "uuid": "0b1c0000-0000-4000-8000-000000000000",
        "status": NodegroupStatus.ACTIVE,
        "version": "1.34",
        "release_version": "1.34.9-20260714",
        "ami_type": "AL2023_x86_64_STANDARD",
        "capacity_type": "ON_DEMAND",
        "scaling": Scaling(1, 3, 2),
        "subnets": ("subnet-a", "subnet-b"),
        "node_role": "arn:aws:iam::111122223333:role/node",
        "created_at": NOON,
        "modified_at": NOON,
        "instance_types": ("t3.medium",),
        "disk_size": 20,
    }
    return Nodegroup(**(defaults | members))


def an_update(**members: Any) -> Update:
    defaults: dict[str, Any] = {
        "scope": SCOPE,
        "cluster": "prod",
        "nodegroup": "blue",
        "id": "u-1",
        "type": "ConfigUpdate",
        "status": UpdateStatus.IN_PROGRESS,
        "created_at": NOON,
    }
    return Update(**(defaults | members))


def a_node(**members: Any) -> Node:
    defaults: dict[str, Any] = {
        "name": "ip-10-0-0-1",
        "uid": "n-1",
        "provider_id": "aws:///eu-west-1a/i-1",
        "labels": {"eks.amazonaws.com/nodegroup": "blue"},
        "unschedulable": False,
        "ready": True,
        "zone": "eu-west-1a",
        "created_at": NOON,
        "conditions": {"Ready": Condition("True", "KubeletReady", "", NOON)},
    }
    return Node(**(defaults | members))


def a_member(number: int = 1, node: Node | None = None, *, joined: bool = True, **instance: Any) -> Member:
    """Return an instance `i-<number>` in service with its node, or without one."""
    defaults: dict[str, Any] = {
        "id": f"i-{number}",
        "zone": "eu-west-1a",
        "lifecycle_state": "InService",
        "health_status": "Healthy",
        "instance_type": "t3.medium",
    }
    made = node or a_node(name=f"ip-10-0-0-{number}", uid=f"n-{number}", provider_id=f"aws:///a/i-{number}")
    return Member(GroupInstance(**(defaults | instance)), made if joined else None)


def a_pod(**members: Any) -> Pod:
    defaults: dict[str, Any] = {
        "namespace": "default",
        "name": "web-1",
        "uid": "p-1",
        "node": "ip-10-0-0-1",
        "phase": "Running",
        "ready": True,
        "owner_kind": "ReplicaSet",
        "owner_name": "web",
        "grace_s": 30,
        "terminating_since": None,
    }
    return Pod(**(defaults | members))


def a_rollout(**members: Any) -> Rollout:
    """Build the memory of an update from template version 1 to 2, in the middle of its upgrade."""
    defaults: dict[str, Any] = {
        "target": Target("1.34", "1.34.9-20260714", "ami-new"),
        "phase": Phase.UPGRADE,
        "template_version": "2",
        "previous_template_version": "1",
        "nodes_total": 3,
        "phase_since": NOON,
    }
    return Rollout(**(defaults | members))


def a_drain(instance: str = "i-1", **members: Any) -> Drain:
    defaults: dict[str, Any] = {
        "instance": instance,
        "node": f"node-{instance}",
        "began": NOON,
        "limit": NOON + timedelta(minutes=15),
    }
    return Drain(**(defaults | members))


def a_blocker(**members: Any) -> Blocker:
    defaults: dict[str, Any] = {
        "code": "BudgetExhausted",
        "pod": "shop/web-1",
        "node": "node-i-1",
        "sentence": "pod shop/web-1 cannot be evicted yet: PodDisruptionBudget shop/web needs 2 healthy pods "
        "and has 2",
        "help": "add a replica",
        "since": NOON,
        "budget": "shop/web",
        "refusal": "Cannot evict pod as it would violate the pod's disruption budget.",
        "tries": 3,
        "needs": 2,
        "healthy": 2,
    }
    return Blocker(**(defaults | members))


def a_node_of(instance: str = "i-1", **members: Any) -> Node:
    defaults: dict[str, Any] = {
        "name": f"node-{instance}",
        "uid": f"uid-{instance}",
        "provider_id": f"aws:///eu-west-1a/{instance}",
        "labels": {"eks.amazonaws.com/nodegroup": "blue"},
        "unschedulable": False,
        "ready": True,
        "zone": "eu-west-1a",
        "created_at": NOON,
    }
    return Node(**(defaults | members))


def an_instance(id: str = "i-1", state: str = "InService", version: str = "1") -> GroupInstance:
    return GroupInstance(id, "eu-west-1a", state, "Healthy", "t3.medium", version)


def an_auto_scaling_group(*instances: GroupInstance, **members: Any) -> AutoScalingGroup:
    defaults: dict[str, Any] = {
        "name": "eks-blue-0b1c0000-0000-4000-8000-000000000000",
        "minimum": 1,
        "maximum": 4,
        "desired": len(instances),
        "zones": ("eu-west-1a",),
        "launch_template_id": "lt-1",
        "launch_template_version": "2",
        "instances": instances,
    }
    return AutoScalingGroup(**(defaults | members))


def a_machine(id: str = "i-1", **members: Any) -> Machine:
    values: dict[str, Any] = {
        "account": SCOPE.account,
        "region": SCOPE.region,
        "zone": f"{SCOPE.region}a",
        "instance_type": "m5.large",
        "private_ip": "10.0.0.1",
        "private_dns_name": f"ip-10-0-0-1.{SCOPE.region}.compute.internal",
        "image_id": "ami-1",
        "user_data": b"",
        "lifecycle": "on-demand",
        "state": RUNNING,
        "launched_at": NOON,
    }
    return Machine(id=id, **(values | members))
