"""The ways to a cluster that the contract of Kubernetes is held against: in process, and over HTTPS.

Behind both are the embedded API rules and controllers; `real` has a third, with a real control plane behind
it. A place also gives the test the cluster itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nodeyard.app import serving
from nodeyard.drivers.kubernetes import Client, KubernetesApi, by_token
from nodeyard.drivers.system import ScaledClock, SeededIds
from nodeyard.model.cluster import Endpoint
from nodeyard.ports import Kubernetes
from nodeyard.world.kubernetes.embedded import EmbeddedKubernetes
from nodeyard.world.kubernetes.in_process import InProcessKubernetes
from nodeyard.world.kubernetes.memory import MemoryKubernetes
from nodeyard.world.kubernetes.registry import ClusterHandle

Obj = dict[str, Any]
PLACE = ("111122223333", "eu-west-1", "prod")
CLOCK = ScaledClock(100)
"""A wait of the world is over soon: one of its minutes is 0.6 s."""
PATIENCE_S = 20.0
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass
class Place:
    """One cluster: the hands under test, hands on one that does not exist, and the cluster itself."""

    kubernetes: Kubernetes
    nowhere: Kubernetes
    cluster: ClusterHandle

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not done():
                await CLOCK.sleep(2)

    def node(self, name: str, group: str = "blue", **spec: Any) -> Obj:
        """Add a node that is Ready by hand."""
        labels = {
            "eks.amazonaws.com/nodegroup": group,
            "topology.kubernetes.io/zone": "eu-west-1b",
            "kubernetes.io/os": "linux",
        }
        condition = {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "message": "kubelet is posting ready status",
            "lastTransitionTime": "2026-01-01T12:00:00Z",
        }
        status = {
            "allocatable": {"cpu": "4", "memory": "16Gi", "pods": "58"},
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
            "conditions": [condition],
        }
        metadata = {"name": name, "labels": labels, "annotations": {"note": "kept"}}
        body = {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": status}
        return self.cluster.api.create("nodes", None, body)

    def pod(self, name: str, node: str | None = None, **members: Any) -> Obj:
        """Add a pod, Running and Ready where it has a node."""
        spec = {"containers": [{"name": "app", "image": "app:1"}], **members.pop("spec", {})}
        metadata = {"name": name, "labels": {"app": "web"}, **members}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        made = self.cluster.api.create("pods", "default", body)
        return made if node is None else self.cluster.api.bind("default", name, node)

    async def running(self, *names: str) -> None:
        """Wait until pods are Ready."""

        def ready() -> bool:
            found = [self.cluster.store.get("pods", "default", name) for name in names]
            return all(pod is not None and _ready(pod) for pod in found)

        await self.until(ready)

    async def budget(self, name: str, needs: int, **spec: Any) -> None:
        """Add a budget over `app=web` and wait until it is counted."""
        body: Obj = {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, **spec},
        }
        self.cluster.api.create("poddisruptionbudgets.policy", "default", body)

        def counted() -> bool:
            found = self.cluster.api.get("poddisruptionbudgets.policy", "default", name)
            return bool((found.get("status") or {}).get("desiredHealthy") == needs)

        await self.until(counted)


def _ready(pod: Obj) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


@asynccontextmanager
async def in_process(folder: Path) -> AsyncIterator[Place]:
    clusters = MemoryKubernetes(CLOCK, SeededIds(1))
    handle = await clusters.create(*PLACE, "1.34")
    yield Place(InProcessKubernetes(lambda: clusters.get(*PLACE)), InProcessKubernetes(lambda: None), handle)
    await clusters.stop()


@asynccontextmanager
async def over_https(folder: Path) -> AsyncIterator[Place]:
    clock = CLOCK
    socket = serving.bound("127.0.0.1", 0, "--kube-port")
    clusters = EmbeddedKubernetes(
        clock=clock, ids=SeededIds(1), data_dir=folder, host="127.0.0.1", port=socket.getsockname()[1]
    )
    await clusters.start()
    server = serving.server(clusters.asgi, clusters.certificate())
    serving_task = asyncio.create_task(server.serve(sockets=[socket]))
    handle = await clusters.create(*PLACE, "1.34")

    async def token() -> tuple[str, datetime]:
        return clusters.internal_token, NEVER

    hands = [
        KubernetesApi(Client(Endpoint(url, clusters.ca_data), by_token(token), clock))
        for url in (handle.url, handle.url + "-no")
    ]
    yield Place(hands[0], hands[1], handle)
    for each in hands:
        await each.close()
    server.should_exit = True
    await serving_task
    await clusters.stop()


async def refused(call: Awaitable[Any]) -> type[Exception]:
    """Return the class of the error that a call raises."""
    try:
        await call
    except Exception as error:
        return type(error)
    raise AssertionError("the call was not refused")
