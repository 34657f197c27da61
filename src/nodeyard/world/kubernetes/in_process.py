"""`ports.Kubernetes` on an embedded cluster of this process: its API rules without HTTP around them.

Answers and refuses as the driver does over HTTPS, through the same translation; the contract tests
run against both. Nothing waits, but every call gives others one turn on the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from nodeyard.ports import Blocked, Budget, Evicted, Node, Pod, PortError
from nodeyard.translation import kubernetes as translate
from nodeyard.translation import node_identity
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.errors import ApiError, no_such_path
from nodeyard.world.kubernetes.patches import MERGE_PATCH
from nodeyard.world.kubernetes.registry import ClusterHandle
from nodeyard.world.kubernetes.store import Change, Store

Obj = dict[str, Any]
T = TypeVar("T")
Find = Callable[[], ClusterHandle | None]

BUDGETS = "poddisruptionbudgets.policy"
_RBAC = "rbac.authorization.k8s.io"
PODS_HELD_MAX = 50_000
_CONFIG_MAPS = "configmaps"
_EDIT = "edit ConfigMap aws-auth"


class InProcessKubernetes:
    """Hands on one cluster. `find` returns it, None for as long as it does not exist."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._nodes: dict[str, tuple[Obj, Node]] = {}
        self._listed: dict[tuple[tuple[str, str], ...], tuple[tuple[Store, int], tuple[Node, ...]]] = {}
        """What labels were asked for -> the store and its revision then, and the nodes found."""
        self._pods: dict[tuple[str, str], tuple[Obj, Pod]] = {}

    async def nodes(self, selector: dict[str, str]) -> tuple[Node, ...]:
        store = (await self._ask("list nodes", lambda cluster: cluster)).store
        key, now = tuple(selector.items()), (store, store.changed_at("nodes"))
        seen, found = self._listed.get(key, (None, ()))
        if seen != now:
            # Asked at every pass over a group, for a few of all nodes: looked for once for each change.
            wanted = selector.items()
            found = tuple(
                self._node(obj)
                for obj in store.list("nodes")
                if wanted <= (obj["metadata"].get("labels") or {}).items()
            )
            self._listed[key] = now, found
        return found

    def _node(self, obj: Obj) -> Node:
        """Return a node as the port shows it, made once for each change of it."""
        name = obj["metadata"]["name"]
        held = self._nodes.get(name)
        if held is None or held[0] is not obj:
            held = self._nodes[name] = obj, translate.node(obj)
        return held[1]

    async def pods_on(self, node: str) -> tuple[Pod, ...]:
        found = await self._ask(f"list pods on {node}", lambda cluster: cluster.store.pods_on(node))
        return tuple(self._pod(each) for each in sorted(found, key=_place))

    async def pods_in(self, namespace: str) -> tuple[Pod, ...]:
        what = f"list pods in {namespace or 'every namespace'}"
        found = await self._ask(what, lambda cluster: cluster.store.list("pods", namespace or None))
        return tuple(self._pod(each) for each in found)

    def _pod(self, obj: Obj) -> Pod:
        """Return a pod as the port shows it, made once for each change of it."""
        place = _place(obj)
        held = self._pods.get(place)
        if held is None or held[0] is not obj:
            if len(self._pods) >= PODS_HELD_MAX:
                self._pods.clear()  # most of them are gone by now
            held = self._pods[place] = obj, translate.pod(obj)
        return held[1]

    async def budgets(self, namespace: str) -> tuple[Budget, ...]:
        what = f"list budgets in {namespace or 'every namespace'}"
        found = await self._ask(what, lambda cluster: cluster.store.list(BUDGETS, namespace or None))
        return tuple(translate.budget(each) for each in found)

    async def documents(self, api_version: str, plural: str) -> list[Obj]:
        group = api_version.rpartition("/")[0]
        resource = f"{plural}.{group}" if group else plural
        return await self._ask(f"list {plural}", lambda cluster: cluster.store.list(resource))

    async def evict(self, namespace: str, name: str, uid: str) -> Evicted | Blocked:
        """Ask for an eviction; a pod that is gone or was replaced counts as evicted."""
        try:
            cluster = await self._turn()
            cluster.api.evict(namespace, name, translate.eviction(namespace, name, uid))
        except ApiError as refused:
            outcome = translate.eviction_answer(refused.code, refused.status(), refused.retry_after_s)
            if outcome is None:
                raise _error(refused, f"evict {namespace}/{name}") from refused
            return outcome
        return Evicted()

    async def delete_pod(self, namespace: str, name: str, uid: str, *, grace_s: int | None) -> None:
        await self._do(
            f"delete pod {namespace}/{name}",
            lambda cluster: cluster.api.delete("pods", namespace, name, grace_s=grace_s, uid=uid),
            but=(404, 409),
        )

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
        await self._do(what, lambda cluster: cluster.api.delete("nodes", None, node), but=(404,))

    async def version(self) -> str:
        return await self._ask("ask for the version", lambda cluster: cluster.version)

    async def ensure_node_identity(self, role_arn: str) -> None:
        for plural, obj in node_identity.rbac().items():
            make = partial(_create, f"{plural}.{_RBAC}", obj)
            await self._do(f"create {obj['kind']} {node_identity.MANAGER}", make, but=(409,))
        await self._do(_EDIT, lambda cluster: _let_in(cluster.api, role_arn))

    async def remove_node_identity(self, role_arn: str) -> None:
        await self._do(_EDIT, lambda cluster: _shut_out(cluster.api, role_arn), but=(404,))

    async def watch(self) -> AsyncIterator[str]:
        """Yield node group names as something changes that concerns them, first those that are there now."""
        store = (await self._turn()).store
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
        await self._do(what, lambda cluster: cluster.api.patch("nodes", None, node, patch, MERGE_PATCH))

    async def _turn(self) -> ClusterHandle:
        """Let others run, then return the cluster. Raises: ApiError where there is none."""
        await asyncio.sleep(0)
        found = self._find()
        if found is None:
            raise no_such_path()
        return found

    async def _ask(self, what: str, work: Callable[[ClusterHandle], T]) -> T:
        """Return what work on the cluster returns; refusals leave as port errors."""
        try:
            return work(await self._turn())
        except ApiError as refused:
            raise _error(refused, what) from refused

    async def _do(
        self, what: str, work: Callable[[ClusterHandle], object], but: tuple[int, ...] = ()
    ) -> None:
        """Work on the cluster; refusals leave as port errors, and the codes of `but` count as done."""
        try:
            work(await self._turn())
        except ApiError as refused:
            if refused.code not in but:
                raise _error(refused, what) from refused


class _Watched:
    """Which node groups should look again. See `ports.Kubernetes.watch`."""

    def __init__(self, store: Store) -> None:
        self._changed: dict[str, None] = {}
        self._something = asyncio.Event()
        self._emptying: dict[str, str] = {}
        """Node that is cordoned or tainted -> its node group."""
        self._standing: dict[str, tuple[object, ...]] = {}
        for obj in store.list("nodes"):
            self.heard(Change("ADDED", "nodes", obj, store.revision))

    def heard(self, change: Change) -> None:
        if change.resource == "nodes":
            self._node(change)
        elif change.resource == "pods":
            group = self._emptying.get((change.object.get("spec") or {}).get("nodeName") or "")
            if group is not None and translate.has_left(change.type, change.object):
                self._say(group)
        elif change.resource == BUDGETS and translate.may_let_go(change.type, change.object):
            for group in self._emptying.values():
                self._say(group)

    def _node(self, change: Change) -> None:
        group = translate.node_group_of(change.object)
        if group is None:
            return
        name = change.object["metadata"]["name"]
        if change.type != "DELETED" and translate.is_emptying(change.object):
            self._emptying[name] = group
        else:
            self._emptying.pop(name, None)
        standing = () if change.type == "DELETED" else translate.standing(change.object)
        if standing != self._standing.get(name):
            self._say(group)
        if standing:
            self._standing[name] = standing
        else:
            self._standing.pop(name, None)

    def _say(self, group: str) -> None:
        self._changed[group] = None
        self._something.set()

    async def changed_groups(self) -> list[str]:
        await self._something.wait()
        self._something.clear()
        groups, self._changed = list(self._changed), {}
        return groups


def _error(refused: ApiError, what: str) -> PortError:
    return translate.error(refused.code, refused.status(), what, refused.retry_after_s)


def _create(resource: str, obj: Obj, cluster: ClusterHandle) -> None:
    cluster.api.create(resource, None, obj)


def _let_in(api: Api, role_arn: str) -> None:
    _edit_aws_auth(api, lambda text: node_identity.with_role(text, role_arn), create=True)


def _shut_out(api: Api, role_arn: str) -> None:
    _edit_aws_auth(api, lambda text: node_identity.without_role(text, role_arn), create=False)


def _edit_aws_auth(api: Api, change: Callable[[str], str], *, create: bool) -> None:
    """Change `mapRoles`. Nothing comes between reading and writing here, so that one try is enough."""
    space, name = node_identity.NAMESPACE, node_identity.AWS_AUTH
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


def _place(pod: Obj) -> tuple[str, str]:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]
