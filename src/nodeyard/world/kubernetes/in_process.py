"""`ports.Kubernetes` on an embedded cluster of this process: its API rules without HTTP around them.

Answers and refuses as the driver does over HTTPS, through the same translation; the contract tests
run against both. Nothing waits, but every call gives others one turn on the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nodeyard.ports import Blocked, Budget, Evicted, Node, Pod
from nodeyard.translation import kubernetes as translate
from nodeyard.translation import node_identity
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.embedded import ClusterHandle
from nodeyard.world.kubernetes.errors import ApiError
from nodeyard.world.kubernetes.patches import MERGE_PATCH
from nodeyard.world.kubernetes.store import Change, Store

Obj = dict[str, Any]
Find = Callable[[], ClusterHandle | None]

BUDGETS = "poddisruptionbudgets.policy"
_RBAC = "rbac.authorization.k8s.io"
_CONFIG_MAPS = "configmaps"


class InProcessKubernetes:
    """Hands on one cluster. `find` returns it, None for as long as it does not exist."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._nodes: dict[str, tuple[Obj, Node]] = {}

    async def nodes(self, selector: dict[str, str]) -> tuple[Node, ...]:
        store = (await self._cluster("list nodes")).store
        found = []
        for obj in store.list("nodes"):
            labels = obj["metadata"].get("labels") or {}
            if all(labels.get(key) == value for key, value in selector.items()):
                found.append(self._node(obj))
        return tuple(found)

    def _node(self, obj: Obj) -> Node:
        """Return a node as the port shows it, made once for each change of it."""
        name = obj["metadata"]["name"]
        held = self._nodes.get(name)
        if held is None or held[0] is not obj:
            held = self._nodes[name] = obj, translate.node(obj)
        return held[1]

    async def pods_on(self, node: str) -> tuple[Pod, ...]:
        store = (await self._cluster(f"list pods on {node}")).store
        found = sorted(store.pods_on(node), key=_place)
        return tuple(translate.pod(each) for each in found)

    async def pods_in(self, namespace: str) -> tuple[Pod, ...]:
        store = (await self._cluster(f"list pods in {namespace}")).store
        return tuple(translate.pod(each) for each in store.list("pods", namespace))

    async def budgets(self, namespace: str) -> tuple[Budget, ...]:
        store = (await self._cluster(f"list budgets in {namespace}")).store
        return tuple(translate.budget(each) for each in store.list(BUDGETS, namespace))

    async def evict(self, namespace: str, name: str, uid: str) -> Evicted | Blocked:
        """Ask for an eviction; a pod that is gone or was replaced counts as evicted."""
        what = f"evict {namespace}/{name}"
        api = (await self._cluster(what)).api
        try:
            api.evict(namespace, name, translate.eviction(namespace, name, uid))
        except ApiError as refused:
            outcome = translate.eviction_answer(refused.code, refused.status(), refused.retry_after_s)
            if outcome is None:
                raise _error(refused, what) from refused
            return outcome
        return Evicted()

    async def delete_pod(self, namespace: str, name: str, uid: str, *, grace_s: int | None) -> None:
        what = f"delete pod {namespace}/{name}"
        api = (await self._cluster(what)).api
        with _translated(what, but=(404, 409)):
            api.delete("pods", namespace, name, grace_s=grace_s, uid=uid)

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
        what = f"delete node {node}"
        api = (await self._cluster(what)).api
        with _translated(what, but=(404,)):
            api.delete("nodes", None, node)

    async def ensure_node_identity(self, role_arn: str) -> None:
        api = (await self._cluster("let nodes in")).api
        for plural, obj in node_identity.rbac().items():
            resource = f"{plural}.{_RBAC}"
            with _translated(f"create {obj['kind']} {node_identity.MANAGER}", but=(409,)):
                api.create(resource, None, obj)
        _edit_aws_auth(api, lambda text: node_identity.with_role(text, role_arn), create=True)

    async def remove_node_identity(self, role_arn: str) -> None:
        api = (await self._cluster("shut nodes out")).api
        _edit_aws_auth(api, lambda text: node_identity.without_role(text, role_arn), create=False)

    async def watch(self) -> AsyncIterator[str]:
        """Yield node group names as something changes that concerns them, first those that are there now."""
        store = (await self._cluster("watch nodes")).store
        watched = _Watched(store)
        stop = store.listen(watched.heard)
        try:
            while True:
                for group in await watched.changed_groups():
                    yield group
        finally:
            stop()

    async def _patch(self, node: str, patch: Obj) -> None:
        what = f"patch node {node}"
        api = (await self._cluster(what)).api
        with _translated(what):
            api.patch("nodes", None, node, patch, MERGE_PATCH)

    async def _cluster(self, what: str) -> ClusterHandle:
        """Return the cluster. Raises: NotFound where there is none, as its address would answer."""
        await asyncio.sleep(0)
        found = self._find()
        if found is None:
            raise translate.error(404, {"message": "there is no such cluster", "reason": "NotFound"}, what)
        return found


class _Watched:
    """Which node groups should look again. See `ports.Kubernetes.watch`."""

    def __init__(self, store: Store) -> None:
        self._changed: dict[str, None] = {}
        self._something = asyncio.Event()
        self._emptying: dict[str, str] = {}
        """Node that is cordoned or tainted -> its node group."""
        for obj in store.list("nodes"):
            self.heard(Change("ADDED", "nodes", obj, store.revision))

    def heard(self, change: Change) -> None:
        if change.resource == "nodes":
            group = translate.node_group_of(change.object)
            if group is not None:
                name = change.object["metadata"]["name"]
                if change.type != "DELETED" and translate.is_emptying(change.object):
                    self._emptying[name] = group
                else:
                    self._emptying.pop(name, None)
                self._say(group)
        elif change.resource in ("pods", BUDGETS):
            for group in self._emptying.values():
                self._say(group)

    def _say(self, group: str) -> None:
        self._changed[group] = None
        self._something.set()

    async def changed_groups(self) -> list[str]:
        await self._something.wait()
        self._something.clear()
        groups, self._changed = list(self._changed), {}
        return groups


def _edit_aws_auth(api: Api, change: Callable[[str], str], *, create: bool) -> None:
    """Change `mapRoles`. Nothing comes between reading and writing here, so that one try is enough."""
    space, name = node_identity.NAMESPACE, node_identity.AWS_AUTH
    with _translated("edit ConfigMap aws-auth"):
        found = api.store.get(_CONFIG_MAPS, space, name)
        if found is None:
            if create:
                api.create(_CONFIG_MAPS, space, node_identity.aws_auth(change("")))
            return
        data = found.get("data") or {}
        before = data.get("mapRoles", "")
        after = change(before)
        if after != before:
            api.update(_CONFIG_MAPS, space, name, {**found, "data": {**data, "mapRoles": after}})


@contextmanager
def _translated(what: str, but: tuple[int, ...] = ()) -> Iterator[None]:
    """Let refusals leave as port errors; the codes of `but` count as done."""
    try:
        yield
    except ApiError as refused:
        if refused.code not in but:
            raise _error(refused, what) from refused


def _error(refused: ApiError, what: str) -> Exception:
    return translate.error(refused.code, refused.status(), what, refused.retry_after_s)


def _place(pod: Obj) -> tuple[str, str]:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]
