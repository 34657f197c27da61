"""Pods may be read from a copy that a watch keeps, but a node is never called empty by a copy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from nodeyard.drivers.kubernetes import KubernetesApi
from nodeyard.ports import Pod

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def a_pod(**members: Any) -> Pod:
    usual: dict[str, Any] = {
        "namespace": "default",
        "name": "web-1",
        "uid": "u-1",
        "node": "node-1",
        "phase": "Running",
        "ready": True,
        "owner_kind": "ReplicaSet",
        "owner_name": "web",
        "grace_s": 30,
        "terminating_since": None,
    }
    return Pod(**usual | members)


class Asked:
    """A cluster that has no pods any more, and counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    async def listed(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        self.times += 1
        return []


class Copies:
    def __init__(self, pods: tuple[Pod, ...] | None) -> None:
        self._pods = pods

    def pods_on(self, node: str) -> tuple[Pod, ...] | None:
        return self._pods


DAEMON, WEB = a_pod(owner_kind="DaemonSet", name="proxy"), a_pod()


@pytest.mark.parametrize(
    ("copied", "asked"),
    [
        (None, 1),
        ((), 1),
        ((DAEMON,), 1),
        ((a_pod(mirror=True), a_pod(phase="Succeeded"), a_pod(terminating_since=NOON)), 1),
        ((WEB,), 0),
        ((DAEMON, WEB), 0),
    ],
)
async def test_the_cluster_is_asked_wherever_the_answer_could_be_that_a_node_is_empty(
    copied: tuple[Pod, ...] | None, asked: int
) -> None:
    cluster = Asked()
    api = KubernetesApi(cluster)  # type: ignore[arg-type]
    api._watches = Copies(copied)  # type: ignore[assignment]
    assert await api.pods_on("node-1") == (() if asked else copied)
    assert cluster.times == asked
