"""A real control plane as a place: what a test puts there goes to its API; kubelets are its own."""

from __future__ import annotations

import asyncio
import base64
import urllib.error
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from nodeyard.drivers.kubernetes import Client, KubernetesApi, by_token
from nodeyard.drivers.system import RealClock
from nodeyard.model.cluster import Endpoint
from tests.contract.cluster.places import PATIENCE_S, Place
from tests.plane import Plane
from tests.real.machines import STATUS, asked

Obj = dict[str, Any]
CLOCK = RealClock()
NEVER_STOPS = "nodeyard.dev/stop-seconds"
RBAC = "/apis/rbac.authorization.k8s.io/v1"


def path_of(resource: str, namespace: str | None, name: str = "") -> str:
    """Return the path of a resource, which is named as `deployments.apps`."""
    plural, _, group = resource.partition(".")
    within = f"/namespaces/{namespace}" if namespace else ""
    root = f"/apis/{group}/v1" if group else "/api/v1"
    return f"{root}{within}/{plural}{'/' if name else ''}{name}"


class RealObjects:
    """Objects of the control plane, as its administrator has them, with the verbs of the embedded one."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Obj:
        return asked(self._plane, method, path, body, kind)

    def get(self, resource: str, namespace: str | None, name: str) -> Any:
        """Return an object, None when there is none."""
        try:
            return self.ask("GET", path_of(resource, namespace, name))
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def create(self, resource: str, namespace: str | None, body: Obj) -> Obj:
        return self.ask("POST", path_of(resource, namespace), body)

    def update(self, resource: str, namespace: str | None, name: str, body: Obj) -> Obj:
        return self.ask("PUT", path_of(resource, namespace, name), body)

    def delete(self, resource: str, namespace: str | None, name: str, *, grace_s: int | None = None) -> None:
        options = None if grace_s is None else {"gracePeriodSeconds": grace_s}
        self.ask("DELETE", path_of(resource, namespace, name), options)

    def be_kubelet(self) -> None:
        """Let pods that are bound run, and those that are deleted end."""
        for pod in self.ask("GET", "/api/v1/pods")["items"]:
            where = "pods", pod["metadata"]["namespace"], pod["metadata"]["name"]
            if pod["metadata"].get("deletionTimestamp"):
                if NEVER_STOPS not in pod["metadata"].get("annotations", {}):
                    self.delete(*where, grace_s=0)
            elif pod["spec"].get("nodeName") and pod["status"].get("phase") == "Pending":
                ready = [{"type": kind, "status": "True"} for kind in ("Ready", "ContainersReady")]
                status = {"status": {"phase": "Running", "conditions": ready}}
                self.ask("PATCH", f"{path_of(*where)}/status", status, STATUS)

    def clear(self) -> None:
        """Take away what a test left."""
        for pod in self.ask("GET", "/api/v1/namespaces/default/pods")["items"]:
            name = pod["metadata"]["name"]
            if pod["metadata"].get("finalizers"):
                nothing = {"metadata": {"finalizers": None}}
                self.ask("PATCH", path_of("pods", "default", name), nothing, STATUS)
            self.delete("pods", "default", name, grace_s=0)
        self.ask("DELETE", path_of("poddisruptionbudgets.policy", "default"))
        self.ask("DELETE", "/api/v1/nodes")
        for path in (
            path_of("configmaps", "kube-system", "aws-auth"),
            f"{RBAC}/clusterroles/eks:node-manager",
            f"{RBAC}/clusterrolebindings/eks:node-manager",
        ):
            try:
                self.ask("DELETE", path)
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    raise


class RealHandle:
    """What a test sees of the cluster itself."""

    def __init__(self, objects: RealObjects) -> None:
        self.api = self.store = objects


class RealPlace(Place):
    """See `Place`."""

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not done():
                self.cluster.api.be_kubelet()  # type: ignore[attr-defined]
                await CLOCK.sleep(0.1)

    def pod(self, name: str, node: str | None = None, **members: Any) -> Obj:
        """Add a pod; with a node it is made there, so that the scheduler has no say."""
        spec = members.pop("spec", {}) | ({"nodeName": node} if node else {})
        return super().pod(name, None, spec=spec, **members)


@asynccontextmanager
async def on_a_real_one(plane: Plane) -> AsyncIterator[Place]:
    ca = base64.b64encode(plane.ca.read_bytes()).decode()

    async def token() -> tuple[str, datetime]:
        return plane.token, datetime(9999, 1, 1, tzinfo=UTC)

    hands = [
        KubernetesApi(Client(Endpoint(url, ca), by_token(token), CLOCK))
        for url in (plane.server, f"{plane.server}/no")
    ]
    objects = RealObjects(plane)
    try:
        yield RealPlace(hands[0], hands[1], RealHandle(objects))  # type: ignore[arg-type]
    finally:
        objects.clear()
        for each in hands:
            await each.close()
