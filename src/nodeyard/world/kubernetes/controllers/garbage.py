"""The garbage collector: what loses its owner goes, and what deletion waits for is carried out.

Also removes the pods of nodes that are gone.
"""

from __future__ import annotations

from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.controller import Controller
from nodeyard.world.kubernetes.controllers.pods import is_leaving
from nodeyard.world.kubernetes.errors import ApiError
from nodeyard.world.kubernetes.store import Change, Store

Obj = dict[str, Any]
Key = tuple[str, str, str]

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
_QUARANTINE_S = 40.0


class GarbageCollector(Controller):
    """Follows owner references."""

    def __init__(self, api: Api, store: Store, clock: Clock, ids: Ids) -> None:
        super().__init__(api, store, clock, ids)
        self._dependents: dict[str, dict[Key, None]] = {}
        self._known: dict[str, Key] = {}

    def changed(self, change: Change) -> None:
        obj = change.object
        if change.resource == "events":
            return
        metadata = obj["metadata"]
        key = (change.resource, metadata.get("namespace", ""), metadata["name"])
        for reference in _references(change.previous or {}):
            self._dependents.get(reference["uid"], {}).pop(key, None)
        if change.type == "DELETED":
            self._gone(change, metadata["uid"])
            return
        self._known[metadata["uid"]] = key
        for reference in _references(obj):
            self._dependents.setdefault(reference["uid"], {})[key] = None
        # What has an owner now is looked at again when that goes, and so is a pod when its node goes.
        if change.type == "ADDED" and not self._has_owner(obj) and _references(obj):
            self.queue.add(("dependent", *key))
        if is_leaving(obj) and {FOREGROUND, ORPHAN} & set(metadata.get("finalizers") or ()):
            self.queue.add(("owner", *key))
        if change.resource == "pods" and change.type == "ADDED" and self._is_stray(obj):
            self.queue.after(("stray", *key), _QUARANTINE_S)

    def _gone(self, change: Change, uid: str) -> None:
        self._known.pop(uid, None)
        for dependent in self._dependents.get(uid, {}):
            self.queue.add(("dependent", *dependent))
        if not self._dependents.get(uid):
            self._dependents.pop(uid, None)
        for reference in _references(change.object):
            owner = self._known.get(reference["uid"])
            if owner is not None:
                self.queue.add(("owner", *owner))
        if change.resource == "nodes":
            name = change.object["metadata"]["name"]
            for pod in self.store.pods_on(name):
                space, pod_name = pod["metadata"]["namespace"], pod["metadata"]["name"]
                self.queue.after(("stray", "pods", space, pod_name), _QUARANTINE_S)

    def reconcile(self, key: tuple[str, str, str, str]) -> None:
        what, resource, space, name = key
        obj = self.store.get(resource, space or None, name)
        if obj is None:
            return
        if what == "dependent":
            self._check(resource, obj)
        elif what == "owner":
            self._finalize(resource, obj)
        elif self._is_stray(obj):
            self.api.delete("pods", space, name, grace_s=0, uid=obj["metadata"]["uid"])

    def _has_owner(self, obj: Obj) -> bool:
        return any(each["uid"] in self._known for each in _references(obj))

    def _is_stray(self, pod: Obj) -> bool:
        """Tell whether the node of a pod is gone."""
        home = pod["spec"].get("nodeName")
        return bool(home) and self.store.get("nodes", None, home) is None

    def _check(self, resource: str, obj: Obj) -> None:
        """Delete a dependent none of whose owners exists any longer."""
        if not _references(obj) or self._has_owner(obj) or is_leaving(obj):
            return
        metadata = obj["metadata"]
        self.api.delete(
            resource,
            metadata.get("namespace"),
            metadata["name"],
            uid=metadata["uid"],
            propagation="Background",
        )

    def _finalize(self, resource: str, obj: Obj) -> None:
        metadata = obj["metadata"]
        held = metadata.get("finalizers") or []
        dependents = list(self._dependents.get(metadata["uid"], {}))
        if ORPHAN in held:
            for key in dependents:
                self._release(key, metadata["uid"])
            self._drop(resource, obj, ORPHAN)
        elif FOREGROUND in held and is_leaving(obj):
            waiting = False
            for kind, space, name in dependents:
                found = self.store.get(kind, space or None, name)
                if found is None:
                    continue
                waiting = True
                if not is_leaving(found):
                    try:
                        self.api.delete(kind, space or None, name, propagation="Foreground")
                    except ApiError as refused:
                        if refused.code != 404:
                            raise
            if not waiting or not self._left(metadata["uid"]):
                self._drop(resource, obj, FOREGROUND)

    def _left(self, uid: str) -> bool:
        return bool(self._dependents.get(uid))

    def _release(self, key: Key, uid: str) -> None:
        found = self.store.get(key[0], key[1] or None, key[2])
        if found is None:
            return
        kept = [each for each in _references(found) if each["uid"] != uid]
        self.store.put(key[0], {**found, "metadata": {**found["metadata"], "ownerReferences": kept}})

    def _drop(self, resource: str, obj: Obj, finalizer: str) -> None:
        metadata = obj["metadata"]
        found = self.store.get(resource, metadata.get("namespace"), metadata["name"])
        if found is None or found["metadata"]["uid"] != metadata["uid"]:
            return
        kept = [each for each in found["metadata"].get("finalizers") or () if each != finalizer]
        changed = {**found, "metadata": {**found["metadata"], "finalizers": kept}}
        self.api.update(resource, metadata.get("namespace"), metadata["name"], changed)


def _references(obj: Obj) -> list[Obj]:
    found: list[Obj] = obj.get("metadata", {}).get("ownerReferences") or []
    return found
