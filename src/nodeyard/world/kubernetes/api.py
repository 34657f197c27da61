"""The rules of the Kubernetes API over one cluster's store: what each verb does to an object.

Called by the façade, the controllers and the simulated kubelets. Synchronous; knows no HTTP. What it returns
is shared with the store and must not be changed by callers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes import binding, creation, deletion, patches, replacement, scale
from nodeyard.world.kubernetes.apply import apply_merge, updated
from nodeyard.world.kubernetes.errors import (
    bad_request,
    conflict,
    forbidden,
    no_such_path,
    not_found,
)
from nodeyard.world.kubernetes.eviction import Eviction
from nodeyard.world.kubernetes.recorder import Recorder
from nodeyard.world.kubernetes.resources import DEFINITIONS, Resource
from nodeyard.world.kubernetes.selectors import predicate
from nodeyard.world.kubernetes.store import Objects, Store
from nodeyard.world.kubernetes.times import rfc3339

Obj = dict[str, Any]

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_LASTING_NAMESPACES = frozenset({"default", "kube-system", "kube-public"})
_KEPT_METADATA = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")


class Api:
    """Every verb of the API server over one store."""

    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self.store = store
        self.clock = clock
        self.ids = ids
        self._recorder = Recorder(store, clock, ids)
        self._eviction = Eviction(self)

    # --- reading ---

    def resource(self, key: str) -> Resource:
        """Return what a key such as `deployments.apps` names.

        Raises: ApiError 404 when the cluster does not serve it.
        """
        found = self.store.registry.get(key)
        if found is None:
            raise no_such_path()
        return found

    def get(self, resource: str, namespace: str | None, name: str) -> Obj:
        """Return an object.

        Raises: ApiError 404.
        """
        found = self.store.get(self.resource(resource).stored_as, namespace, name)
        if found is None:
            raise not_found(resource, name)
        return found

    def list(
        self, resource: str, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> Objects:
        """Return the objects that both selectors take, in order of namespace and name."""
        test = predicate(labels, fields)
        found = self.store.list(self.resource(resource).stored_as, namespace)
        return found if test is None else [obj for obj in found if test(obj)]

    # --- create ---

    def create(self, resource: str, namespace: str | None, obj: Obj, *, dry_run: bool = False) -> Obj:
        """Store a new object with name, uid, times, defaults and its first status.

        Raises: ApiError 400, 403, 404, 409, 422.
        """
        what = self.resource(resource)
        new = creation.created(what, namespace, obj, self.store, self.clock, self.ids)
        if dry_run:
            return new
        kept = self.store.put(what.stored_as, new)
        if resource == "namespaces":
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
            self.create("serviceaccounts", kept["metadata"]["name"], account)
        return kept

    # --- update ---

    def update(
        self,
        resource: str,
        namespace: str | None,
        name: str,
        obj: Obj,
        *,
        subresource: str | None = None,
        dry_run: bool = False,
    ) -> Obj:
        """Replace an object, or only the part that a subresource stands for.

        Raises: ApiError 404, 409, 422.
        """
        what = self.resource(resource)
        old = self.get(resource, namespace, name)
        if subresource == "scale":
            target = scale.scaled(old, obj, what)
            return scale.scale_of(self.update(resource, namespace, name, target, dry_run=dry_run), what)
        given = obj.get("metadata", {})
        if given.get("name", name) != name:
            raise bad_request(
                f"the name of the object ({given['name']}) does not match the name on the URL ({name})"
            )
        version = given.get("resourceVersion")
        if version and version != old["metadata"]["resourceVersion"]:
            raise conflict(resource, name)
        if given.get("uid") and given["uid"] != old["metadata"]["uid"]:
            why = f"Precondition failed: UID in precondition: {given['uid']}, UID in object meta: "
            raise conflict(resource, name, f"{why}{old['metadata']['uid']}")
        new = replacement.replaced(what, old, obj, subresource)
        return new if dry_run or new is old else self._keep(what, new)

    def _keep(self, what: Resource, new: Obj) -> Obj:
        """Store a changed object, or remove it when nothing holds it any longer."""
        metadata = new["metadata"]
        if deletion.released(what, new):
            self.store.put(what.stored_as, new)
            gone = self.store.remove(what.stored_as, metadata.get("namespace"), metadata["name"])
            return gone or new
        return self.store.put(what.stored_as, new)

    def patch(
        self,
        resource: str,
        namespace: str | None,
        name: str,
        patch: Any,
        content_type: str,
        *,
        subresource: str | None = None,
        field_manager: str = "",
        force: bool = False,
        dry_run: bool = False,
        read: Callable[[Obj], Obj] = lambda patched: patched,
    ) -> Obj:
        """Change an object by a patch of one of the four types; an apply patch creates what is missing.

        `read` judges what a patch of the other three makes. Raises: ApiError 400, 404, 409, 415, 422.
        """
        what = self.resource(resource)
        old = self.store.get(what.stored_as, namespace, name)
        if content_type == patches.APPLY_PATCH:
            if not field_manager:
                raise bad_request("fieldManager is required for apply patch; add ?fieldManager=<name>")
            stamp = rfc3339(self.clock.now())
            new = apply_merge(old, patch, what, field_manager, subresource or "", stamp, force)
            if old is None:
                new["metadata"].setdefault("name", name)
                return self.create(resource, namespace, new, dry_run=dry_run)
            return self.update(resource, namespace, name, new, subresource=subresource, dry_run=dry_run)
        if old is None:
            raise not_found(resource, name)
        if subresource == "scale":
            shown = scale.scale_of(old, what)
            changed = patches.patched(shown, patch, content_type, what)
        else:
            changed = read(patches.patched(old, patch, content_type, what))
            changed = self.owned(resource, namespace, name, changed, field_manager, subresource or "")
        return self.update(resource, namespace, name, changed, subresource=subresource, dry_run=dry_run)

    def owned(
        self,
        resource: str,
        namespace: str | None,
        name: str,
        new: Obj,
        manager: str,
        subresource: str = "",
    ) -> Obj:
        """Return an object about to be written with its manager as owner of what it changes.

        Owners are kept of objects that somebody applied. Raises: ApiError 404.
        """
        old = self.get(resource, namespace, name)
        if not manager or not old["metadata"].get("managedFields"):
            return new
        what, stamp = self.resource(resource), rfc3339(self.clock.now())
        fields = updated(old, new, what, manager, subresource, stamp)
        return {**new, "metadata": {**new.get("metadata", {}), "managedFields": fields}}

    # --- delete ---

    def delete(
        self,
        resource: str,
        namespace: str | None,
        name: str,
        *,
        grace_s: int | None = None,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: str | None = None,
        dry_run: bool = False,
    ) -> Obj:
        """Delete an object: at once, or by marking it when grace or finalizers hold it.

        Raises: ApiError 404, 409.
        """
        what = self.resource(resource)
        old = self.get(resource, namespace, name)
        metadata = old["metadata"]
        for word, wanted, has in (
            ("UID", uid, metadata["uid"]),
            ("ResourceVersion", resource_version, metadata["resourceVersion"]),
        ):
            if wanted and wanted != has:
                why = f"Precondition failed: {word} in precondition: {wanted}, {word} in object meta: {has}"
                raise conflict(resource, name, why)
        if resource == "namespaces" and name in _LASTING_NAMESPACES:
            raise forbidden(resource, name, "this namespace may not be deleted")
        marked = deletion.marked(what, old, self.clock, grace_s, propagation)
        if dry_run:
            return marked or old
        if marked is None and resource == DEFINITIONS:
            # The objects go first: without the definition nobody could name them any longer.
            for orphan in self.store.list(name):
                place = orphan["metadata"]
                self.store.remove(name, place.get("namespace"), place["name"])
        if marked is None:
            return self.store.remove(what.stored_as, metadata.get("namespace"), name) or old
        return old if replacement.is_same(old, marked) else self._keep(what, marked)

    def pod_gone(self, namespace: str, name: str, uid: str) -> None:
        """Finish the deletion of a pod whose containers have stopped; finalizers still hold it."""
        old = self.store.get("pods", namespace, name)
        if old is None or old["metadata"]["uid"] != uid:
            return
        self.delete("pods", namespace, name, grace_s=0, uid=uid)

    # --- pods ---

    def evict(self, namespace: str, name: str, eviction: Obj | None = None) -> Obj:
        """Delete a pod if the disruption budgets that cover it allow it.

        Raises: ApiError 404, 409, 429, 500.
        """
        return self._eviction.evict(namespace, name, eviction or {})

    def bind(self, namespace: str, pod: str, node: str) -> Obj:
        """Assign a pod to a node.

        Raises: ApiError 404; 409 when the pod is assigned or being deleted.
        """
        bound = binding.bound(self.get("pods", namespace, pod), node, rfc3339(self.clock.now()))
        return self.store.put("pods", bound)

    def event(self, obj: Obj, type: str, reason: str, message: str, component: str) -> None:
        """Record an Event about an object; a repetition raises the count of the first."""
        self._recorder.record(obj, type, reason, message, component)
