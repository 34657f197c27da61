"""What a real cluster has on our nodes, as the store that simulated kubelets and machines work on.

Both sides write: what the API server tells is put into the store, what kubelets put there is told to the API
server. The status of our nodes and pods is the kubelets': as long as something of theirs waits to be told, an
older status that comes by the watch does not undo it. Everything else is the API server's.
Source: Kubernetes, API concepts (resource versions of one resource can be compared as numbers).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nodeyard.ports import Clock, Conflict, Ids, NotFound
from nodeyard.world.joined.api_server import ApiServer
from nodeyard.world.joined.outbox import Key, Outbox
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.kubelets import (
    HELD,
    LEASE_SECONDS,
    LEASES,
    NAMESPACE,
    is_held,
)
from nodeyard.world.kubernetes.store import Change, Store
from nodeyard.world.kubernetes.times import micro_time

Obj = dict[str, Any]

JOINED_BY = "nodeyard.dev/joined-by"
"""The annotation that says whose simulated machine a node is: other nodes are never touched."""
_TOLD = frozenset({"nodes", "pods", "events", LEASES})
_SERVERS_OWN = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")


class Mirror:
    """`owner` marks the nodes of this data directory."""

    def __init__(self, server: ApiServer, clock: Clock, ids: Ids, owner: str) -> None:
        self.store = Store(clock, ids)
        self.api = Api(self.store, clock, ids)
        self.outbox = Outbox(self._push)
        self._server = server
        self._clock = clock
        self._ids = ids
        self._owner = owner
        self._remote: dict[Key, Obj] = {}
        """What the API server has, as far as it told."""
        self._ended: set[str] = set()
        """The uids of what was deleted here and is still to be told of by the watch."""
        self._taking = False
        for name in ("default", NAMESPACE):
            self.store.put("namespaces", {"kind": "Namespace", "metadata": {"name": name}})
        self.store.listen(self._written)

    def hold(self, name: str) -> None:
        """Let the kubelet of a node that was there before go on: nothing of its lease is kept here."""
        with self._quiet():
            metadata = {"name": name, "namespace": NAMESPACE, "annotations": {HELD: "true"}}
            metadata["uid"] = self._ids.uuid()
            self.store.put(LEASES, {"metadata": metadata, "spec": {"holderIdentity": name}})
        self.outbox.add((LEASES, NAMESPACE, name))

    def renew(self) -> None:
        """Renew the lease of every living kubelet."""
        for lease in self.store.list(LEASES, NAMESPACE):
            if is_held(lease):
                self.outbox.add((LEASES, NAMESPACE, lease["metadata"]["name"]))

    # --- from the API server ---

    def told(self, resource: str, before: Obj | None, after: Obj | None) -> None:
        """Take what the watch tells."""
        if after is not None and before is not None and _uid(before) != _uid(after):
            self._drop(resource, before)
        if after is not None:
            self.take(resource, after)
        elif before is not None:
            self._drop(resource, before)

    def take(self, resource: str, obj: Obj) -> None:
        """Take an object as the API server has it."""
        key = _key(resource, obj)
        held, kept = self._remote.get(key), self.store.get(*key)
        if _uid(obj) in self._ended or not self._is_ours(resource, obj) or _is_older(obj, held):
            return
        self._remote[key] = obj
        if key in self.outbox:
            if kept is None and held is not None and _uid(held) == _uid(obj):
                return  # it ended here, and that is about to be told
            if kept is not None and _uid(kept) == _uid(obj):
                obj = {**obj, "status": kept.get("status", {})}
            elif kept is not None and resource == "nodes":
                return  # a new machine of this name is about to be registered
        self._put(resource, obj)

    def _drop(self, resource: str, obj: Obj) -> None:
        key = _key(resource, obj)
        self._ended.discard(_uid(obj))
        if (held := self._remote.get(key)) is not None and _uid(held) == _uid(obj):
            del self._remote[key]
        kept = self.store.get(*key)
        if kept is None or _uid(kept) != _uid(obj):
            return
        with self._quiet():
            self.store.remove(*key)
            if resource == "nodes":
                self.store.remove(LEASES, NAMESPACE, key[2])

    def _is_ours(self, resource: str, obj: Obj) -> bool:
        if resource == "nodes":
            return bool((obj["metadata"].get("annotations") or {}).get(JOINED_BY) == self._owner)
        node = obj["spec"].get("nodeName")
        return bool(node) and self.store.get("nodes", None, node) is not None

    def _put(self, resource: str, obj: Obj) -> None:
        with self._quiet():
            self.store.put(resource, obj)

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Change the store without telling the API server, which knows."""
        self._taking = True
        try:
            yield
        finally:
            self._taking = False

    # --- to the API server ---

    def _written(self, change: Change) -> None:
        if self._taking or change.resource not in _TOLD:
            return
        if change.resource != "events" or change.type == "ADDED":
            self.outbox.add(_key(change.resource, change.object))

    async def _push(self, key: Key) -> None:
        """Tell the API server what an object is now. Raises: PortError."""
        kept = self.store.get(*key)
        if key[0] == "nodes":
            await self._push_node(key, kept)
        elif key[0] == "pods":
            await self._push_pod(key, kept)
        elif key[0] == LEASES:
            await self._push_lease(key, kept)
        elif kept is not None:
            await self._server.record(_as_kubelets_do(kept))

    async def _push_node(self, key: Key, kept: Obj | None) -> None:
        held = self._remote.get(key)
        if held is not None and (kept is None or not _is_same_machine(kept, held)):
            await self._end(key, held)
            held = None
        if kept is None:
            return
        if held is None:
            try:
                held = await self._server.register(self._bare(kept))
            except Conflict as taken:
                raise Conflict(
                    f"Somebody else's node {key[2]} is in the cluster: delete it, and the machine joins."
                ) from taken
            self._adopt(key, held)
        elif _uid(held) != _uid(kept):
            self._adopt(key, held)  # an earlier try had succeeded
        elif kept.get("status") != held.get("status"):
            self.take("nodes", await self._server.report("nodes", kept))

    def _adopt(self, key: Key, registered: Obj) -> None:
        """Give the node of a new machine the uid and marks of the real one; its status stays."""
        self._remote[key] = registered
        kept = self.store.get(*key)
        if kept is None or not _is_same_machine(kept, registered):
            self.outbox.add(key)  # the machine ended meanwhile
            return
        self._put("nodes", {**registered, "status": kept.get("status", {})})
        if kept.get("status") != registered.get("status"):
            self.outbox.add(key)
        if self.store.get(LEASES, NAMESPACE, key[2]) is not None:
            self.outbox.add((LEASES, NAMESPACE, key[2]))

    def _bare(self, node: Obj) -> Obj:
        metadata = {name: value for name, value in node["metadata"].items() if name not in _SERVERS_OWN}
        metadata["annotations"] = {**(metadata.get("annotations") or {}), JOINED_BY: self._owner}
        return {**node, "metadata": metadata}

    async def _push_pod(self, key: Key, kept: Obj | None) -> None:
        held = self._remote.get(key)
        if held is None:
            return
        if kept is None or (_has_ended(kept) and not _has_ended(held)):
            await self._end(key, held)
        elif _uid(kept) == _uid(held) and kept.get("status") != held.get("status"):
            self.take("pods", await self._server.report("pods", kept))

    async def _end(self, key: Key, held: Obj) -> None:
        try:
            left = await self._server.end(key[0], held)
        except NotFound:
            left = {}
        if (left.get("metadata") or {}).get("finalizers"):
            self._remote[key] = left
            self._put(key[0], left)
            return
        self._ended.add(_uid(held))
        if self._remote.get(key) is held:
            del self._remote[key]

    async def _push_lease(self, key: Key, kept: Obj | None) -> None:
        node = self._remote.get(("nodes", "", key[2]))
        if kept is None or node is None:
            return  # gone with its node, or to come with it
        owner = {"apiVersion": "v1", "kind": "Node", "name": key[2], "uid": _uid(node)}
        spec = {"holderIdentity": key[2], "leaseDurationSeconds": LEASE_SECONDS, "renewTime": self._now()}
        metadata = {"name": key[2], "namespace": NAMESPACE, "ownerReferences": [owner]}
        await self._server.renew({"metadata": metadata, "spec": spec})

    def _now(self) -> str:
        return micro_time(self._clock.now())


def _key(resource: str, obj: Obj) -> Key:
    return resource, obj["metadata"].get("namespace") or "", obj["metadata"]["name"]


def _uid(obj: Obj) -> str:
    return str(obj["metadata"].get("uid"))


def _is_older(obj: Obj, held: Obj | None) -> bool:
    """Tell whether something newer of the same object is known: answers overtake the watch."""
    if held is None or _uid(held) != _uid(obj):
        return False
    try:
        return _version(obj) < _version(held)
    except ValueError:
        return False  # a server whose versions are no numbers


def _version(obj: Obj) -> int:
    return int(obj["metadata"].get("resourceVersion", ""))


def _is_same_machine(one: Obj, other: Obj) -> bool:
    return bool(one["spec"].get("providerID") == other["spec"].get("providerID"))


def _has_ended(pod: Obj) -> bool:
    """Tell whether the containers of a pod have stopped after its deletion."""
    metadata = pod["metadata"]
    return bool(metadata.get("deletionTimestamp")) and not metadata.get("deletionGracePeriodSeconds")


def _as_kubelets_do(event: Obj) -> Obj:
    """Return an event to record. Kubelets give the name of a node as its uid; `kubectl describe` asks so."""
    metadata = {name: value for name, value in event["metadata"].items() if name not in _SERVERS_OWN}
    involved = {name: value for name, value in event["involvedObject"].items() if name != "resourceVersion"}
    if involved.get("kind") == "Node":
        involved["uid"] = involved["name"]
    return {**event, "metadata": metadata, "involvedObject": involved}
