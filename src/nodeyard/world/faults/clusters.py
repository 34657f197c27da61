"""`ports.Clusters` and `ports.Kubernetes` of the embedded world with faults in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, Protocol

from nodeyard.model.cluster import Cluster, Endpoint
from nodeyard.ports import Blocked, Budget, Clusters, Evicted, Kubernetes, Node, Pod
from nodeyard.translation import kubernetes as translate
from nodeyard.world.faults.switches import Faults
from nodeyard.world.kubernetes.patches import MERGE_PATCH
from nodeyard.world.kubernetes.registry import ClusterHandle

FINALIZER = "nodeyard.dev/finalizer-stick"

Find = Callable[[], ClusterHandle | None]


class ControlPlanes(Protocol):
    """Where the control planes are."""

    def get(self, account: str, region: str, name: str) -> ClusterHandle | None: ...

    def clusters(self) -> list[ClusterHandle]: ...


class FaultyClusters:
    """See `ports.Clusters`."""

    def __init__(self, inner: Clusters, control_planes: ControlPlanes, faults: Faults) -> None:
        self._inner = inner
        self._control_planes = control_planes
        self._faults = faults
        self._hands: dict[tuple[str, str, str], tuple[Kubernetes, FaultyKubernetes]] = {}
        """Place of a cluster -> the hands on it, and those that faults get in the way of."""
        faults.on_change(self._let_go)

    async def ensure(self, cluster: Cluster) -> Endpoint | None:
        return await self._inner.ensure(cluster)

    async def remove(self, cluster: Cluster) -> bool:
        return await self._inner.remove(cluster)

    async def ensure_security_group(self, cluster: Cluster) -> tuple[str, str | None]:
        return await self._inner.ensure_security_group(cluster)

    def kubernetes(self, cluster: Cluster) -> Kubernetes:
        place = cluster.scope.account, cluster.scope.region, cluster.name
        inner = self._inner.kubernetes(cluster)
        held = self._hands.get(place)
        if held is None or held[0] is not inner:
            find = partial(self._control_planes.get, *place)
            held = self._hands[place] = inner, FaultyKubernetes(inner, self._faults, find)
        return held[1]

    def _let_go(self) -> None:
        """Take the finalizer off pods that have no fault to stay for any more."""
        for handle in self._control_planes.clusters():
            for pod in handle.store.list("pods"):
                held = pod["metadata"].get("finalizers") or []
                if FINALIZER in held and not _sticks(self._faults, handle, pod["spec"].get("nodeName", "")):
                    left = [each for each in held if each != FINALIZER]
                    _set_finalizers(handle, pod["metadata"]["namespace"], pod["metadata"]["name"], left)


class FaultyKubernetes:
    """See `ports.Kubernetes`."""

    def __init__(self, inner: Kubernetes, faults: Faults, find: Find) -> None:
        self._inner = inner
        self._faults = faults
        self._find = find

    def _ask(self, what: str) -> Kubernetes:
        """Return the hands on the cluster. Raises: what a fault makes of the call."""
        if self._faults.on("cluster-unreachable"):
            raise translate.error(504, {"message": "no answer", "reason": "Timeout"}, what)
        if self._faults.on("aws-auth-broken"):
            text = "The aws-auth ConfigMap in your cluster is invalid"
            raise translate.error(403, {"message": text, "reason": "Forbidden"}, what)
        return self._inner

    async def nodes(self, selector: dict[str, str]) -> tuple[Node, ...]:
        return await self._ask("list nodes").nodes(selector)

    async def pods_on(self, node: str) -> tuple[Pod, ...]:
        return await self._ask(f"list pods on {node}").pods_on(node)

    async def pods_in(self, namespace: str) -> tuple[Pod, ...]:
        return await self._ask(f"list pods in {namespace}").pods_in(namespace)

    async def budgets(self, namespace: str) -> tuple[Budget, ...]:
        return await self._ask(f"list budgets in {namespace}").budgets(namespace)

    async def documents(self, api_version: str, plural: str) -> list[dict[str, Any]]:
        return await self._ask(f"list {plural}").documents(api_version, plural)

    async def evict(self, namespace: str, name: str, uid: str) -> Evicted | Blocked:
        hands = self._ask(f"evict {namespace}/{name}")
        self._stick(namespace, name)
        return await hands.evict(namespace, name, uid)

    async def delete_pod(self, namespace: str, name: str, uid: str, *, grace_s: int | None) -> None:
        hands = self._ask(f"delete pod {namespace}/{name}")
        self._stick(namespace, name)
        await hands.delete_pod(namespace, name, uid, grace_s=grace_s)

    async def set_unschedulable(self, node: str, value: bool) -> None:
        await self._ask(f"patch node {node}").set_unschedulable(node, value)

    async def patch_node(
        self,
        node: str,
        *,
        labels: dict[str, str | None] | None = None,
        taints: Sequence[tuple[str, str, str]] | None = None,
        annotations: dict[str, str | None] | None = None,
    ) -> None:
        what = f"patch node {node}"
        hands = self._ask(what)
        if labels and self._faults.on("bad-label"):
            text = f"metadata.labels: Invalid value: {', '.join(sorted(labels))}"
            raise translate.error(422, {"message": text, "reason": "Invalid"}, what)
        await hands.patch_node(node, labels=labels, taints=taints, annotations=annotations)

    async def delete_node(self, node: str) -> None:
        await self._ask(f"delete node {node}").delete_node(node)

    async def version(self) -> str:
        return await self._ask("ask for the version").version()

    async def ensure_node_identity(self, role_arn: str) -> None:
        await self._ask("let nodes in").ensure_node_identity(role_arn)

    async def remove_node_identity(self, role_arn: str) -> None:
        await self._ask("shut nodes out").remove_node_identity(role_arn)

    def watch(self) -> AsyncIterator[str]:
        return self._inner.watch()

    def _stick(self, namespace: str, name: str) -> None:
        """Put the finalizer on a pod that is about to leave."""
        handle = self._find() if self._faults.active() else None
        pod = handle.store.get("pods", namespace, name) if handle else None
        if handle is None or pod is None or pod["metadata"].get("deletionTimestamp"):
            return
        held = pod["metadata"].get("finalizers") or []
        if FINALIZER not in held and _sticks(self._faults, handle, pod["spec"].get("nodeName", "")):
            _set_finalizers(handle, namespace, name, [*held, FINALIZER])


def _sticks(faults: Faults, handle: ClusterHandle, node: str) -> bool:
    obj = handle.store.get("nodes", None, node) if node else None
    group = translate.node_group_of(obj) if obj else None
    return faults.on("finalizer-stick", group=group) is not None


def _set_finalizers(handle: ClusterHandle, namespace: str, name: str, finalizers: list[str]) -> None:
    handle.api.patch("pods", namespace, name, {"metadata": {"finalizers": finalizers}}, MERGE_PATCH)
