"""One builder a noun, each with defaults that a test overrides by name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from nodeyard.model.cluster import Cluster
from nodeyard.model.nodegroup import Nodegroup, Scaling
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus, NodegroupStatus, UpdateStatus
from nodeyard.model.update import Update

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
