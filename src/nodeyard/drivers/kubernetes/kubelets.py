"""The calls that kubelets and the cloud's node controller make of a real API server.

Used for simulated machines that join a real cluster. Status goes as kubelet sends it: a strategic merge, so
that conditions of others stay, with the uid, so that it never lands on another object of the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodeyard.drivers.kubernetes.client import Client
from nodeyard.drivers.kubernetes.informer import Informer
from nodeyard.model.cluster import Endpoint
from nodeyard.ports import NotFound
from nodeyard.translation.cluster_rights import Right

Obj = dict[str, Any]

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
_NODES, _PODS = "/api/v1/nodes", "/api/v1/pods"
_QUERY = {"nodes": {}, "pods": {"fieldSelector": "spec.nodeName!="}}
_PATHS = {"nodes": _NODES, "pods": _PODS}
_LEASES = "/apis/coordination.k8s.io/v1"

RIGHTS = (
    *(Right(verb, "", "nodes") for verb in ("create", "list", "watch", "patch", "delete")),
    *(Right(verb, "", "pods") for verb in ("list", "watch", "delete")),
    *(Right("patch", "", f"{each}/status") for each in ("nodes", "pods")),
    *(Right(verb, "coordination.k8s.io", "leases") for verb in ("create", "patch")),
    Right("create", "", "events"),
    Right("get", "", "namespaces"),
    Right("create", "", "pods/eviction"),
    *(Right(verb, "policy", "poddisruptionbudgets") for verb in ("list", "watch")),
)
"""What simulated machines need, and node groups on top of them."""


class Kubelets:
    """All kubelets of one cluster, over one client. Raises: PortError, from every call."""

    def __init__(self, client: Client, endpoint: Endpoint) -> None:
        self._client = client
        self.url = endpoint.url
        self.ca_data = endpoint.ca_data

    async def cluster(self) -> str:
        """Return what tells one cluster from another: the uid of its namespace kube-system."""
        found = await self._client.call("GET", "/api/v1/namespaces/kube-system")
        return str(found["metadata"]["uid"])

    async def nodes(self) -> list[Obj]:
        return await self._client.listed(_NODES, {})

    async def follow(self, resource: str, told: Callable[[Obj | None, Obj | None], None]) -> None:
        """Tell of every node, or of every pod that is on a node, until cancelled."""

        def changed(place: tuple[str, str], before: Obj | None, after: Obj | None) -> None:
            told(before, after)

        await Informer(self._client, _PATHS[resource], _QUERY[resource], lambda obj: obj, changed).run()

    async def register(self, node: Obj) -> Obj:
        return await self._client.call("POST", _NODES, body=node)

    async def report(self, resource: str, obj: Obj) -> Obj:
        """Merge a status into that of the real object."""
        body = {"metadata": {"uid": obj["metadata"]["uid"]}, "status": obj["status"]}
        return await self._client.call(
            "PATCH", f"{_path(resource, obj)}/status", body=body, content_type=STRATEGIC
        )

    async def end(self, resource: str, obj: Obj) -> Obj:
        """Delete without grace and return what is left."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0}
        body = options | {"preconditions": {"uid": obj["metadata"]["uid"]}}
        return await self._client.call("DELETE", _path(resource, obj), body=body)

    async def renew(self, lease: Obj) -> None:
        path = f"{_LEASES}/namespaces/{lease['metadata']['namespace']}/leases"
        try:
            await self._client.call(
                "PATCH", f"{path}/{lease['metadata']['name']}", body=lease, content_type=MERGE
            )
        except NotFound:
            await self._client.call("POST", path, body=lease)

    async def record(self, event: Obj) -> None:
        await self._client.call(
            "POST", f"/api/v1/namespaces/{event['metadata']['namespace']}/events", body=event
        )


def _path(resource: str, obj: Obj) -> str:
    namespace = obj["metadata"].get("namespace")
    within = f"namespaces/{namespace}/" if namespace else ""
    return f"/api/v1/{within}{resource}/{obj['metadata']['name']}"
