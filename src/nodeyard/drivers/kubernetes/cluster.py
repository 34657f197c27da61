"""`ports.Kubernetes` for one cluster."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from nodeyard.drivers.kubernetes import identity
from nodeyard.drivers.kubernetes.client import Client, error_of
from nodeyard.drivers.kubernetes.watching import Watches
from nodeyard.ports import Blocked, Budget, Evicted, Node, NotFound, Pod, Unavailable
from nodeyard.translation import kubernetes as translate

MERGE = "application/merge-patch+json"
_MINOR = re.compile(r"v?(\d+\.\d+)(?!\d)")


class KubernetesApi:
    """Hands on one cluster. See `ports.Kubernetes`.

    `attached`: the cluster is somebody else's, who grants rights in it; we never do.
    """

    def __init__(self, client: Client, *, attached: bool = False) -> None:
        self._client = client
        self._attached = attached
        self._watches: Watches | None = None

    async def close(self) -> None:
        await self._client.close()

    async def nodes(self, selector: dict[str, str]) -> tuple[Node, ...]:
        query = {"labelSelector": ",".join(f"{k}={v}" for k, v in selector.items())} if selector else {}
        return tuple(translate.node(each) for each in await self._client.listed("/api/v1/nodes", query))

    async def pods_on(self, node: str) -> tuple[Pod, ...]:
        copied = self._watches.pods_on(node) if self._watches else None
        if copied is not None and any(translate.may_hold(each) for each in copied):
            return copied
        found = await self._client.listed("/api/v1/pods", {"fieldSelector": f"spec.nodeName={node}"})
        return tuple(translate.pod(each) for each in found)

    async def pods_in(self, namespace: str) -> tuple[Pod, ...]:
        copied = self._watches.pods_in(namespace) if self._watches else None
        if copied is not None:
            return copied
        found = await self._client.listed(f"/api/v1/{_within(namespace)}pods", {})
        return tuple(translate.pod(each) for each in found)

    async def budgets(self, namespace: str) -> tuple[Budget, ...]:
        copied = self._watches.budgets(namespace) if self._watches else None
        if copied is not None:
            return copied
        path = f"/apis/policy/v1/{_within(namespace)}poddisruptionbudgets"
        return tuple(translate.budget(each) for each in await self._client.listed(path, {}))

    async def documents(self, api_version: str, plural: str) -> list[dict[str, Any]]:
        """Return every object of a resource, in all namespaces, as the API server has it."""
        root = "apis" if "/" in api_version else "api"
        return await self._client.listed(f"/{root}/{api_version}/{plural}", {})

    async def evict(self, namespace: str, name: str, uid: str) -> Evicted | Blocked:
        """Ask for an eviction; a pod that is gone or was replaced counts as evicted."""
        body = translate.eviction(namespace, name, uid)
        answer = await self._client.ask("POST", f"{_pod_path(namespace, name)}/eviction", body=body)
        outcome = translate.eviction_answer(answer.status, answer.body, answer.retry_after_s)
        if outcome is None:
            raise error_of(answer, f"evict {namespace}/{name}")
        return outcome

    async def delete_pod(self, namespace: str, name: str, uid: str, *, grace_s: int | None) -> None:
        body: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid},
        }
        if grace_s is not None:
            body["gracePeriodSeconds"] = grace_s
        answer = await self._client.ask("DELETE", _pod_path(namespace, name), body=body)
        if answer.status >= 300 and answer.status not in (404, 409):
            raise error_of(answer, f"delete pod {namespace}/{name}")

    async def set_unschedulable(self, node: str, value: bool) -> None:
        await self._patch(node, translate.unschedulable_patch(value))

    async def patch_node(
        self,
        node: str,
        *,
        labels: dict[str, str | None] | None = None,
        taints: Sequence[tuple[str, str, str]] | None = None,
        annotations: dict[str, str | None] | None = None,
    ) -> None:
        await self._patch(node, translate.node_patch(labels, taints, annotations))

    async def delete_node(self, node: str) -> None:
        try:
            await self._client.call("DELETE", f"/api/v1/nodes/{node}")
        except NotFound:
            return

    async def version(self) -> str:
        """Return the minor. Raises: Unavailable for a server that does not say what it is."""
        found = await self._client.call("GET", "/version")
        minor = _MINOR.match(str(found.get("gitVersion", "")))
        if minor is None:
            raise Unavailable("The API server does not say which Kubernetes version it is.")
        return minor[1]

    async def ensure_node_identity(self, role_arn: str) -> None:
        await identity.ensure(self._client, role_arn, create=not self._attached)

    async def remove_node_identity(self, role_arn: str) -> None:
        await identity.remove(self._client, role_arn)

    async def watch(self) -> AsyncIterator[str]:
        """See `ports.Kubernetes.watch`; while it goes on, pods and budgets may be read from copies."""
        self._watches = watches = Watches(self._client)
        try:
            while True:
                yield await watches.changed.get()
        finally:
            watches.close()
            self._watches = None

    async def _patch(self, node: str, patch: dict[str, Any]) -> None:
        path = f"/api/v1/nodes/{node}"
        await self._client.call("PATCH", path, body=patch, content_type=MERGE)


def _within(namespace: str) -> str:
    """Return the part of a path that names a namespace; empty for all of them."""
    return f"namespaces/{namespace}/" if namespace else ""


def _pod_path(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods/{name}"
