"""The rules of the Kubernetes API over one cluster's store: what each verb does to an object.

Called by the façade, the controllers and the simulated kubelets. Synchronous; knows no HTTP. What it returns
is shared with the store and must not be changed by callers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes import deletion, patches, scale
from nodeyard.world.kubernetes.apply import apply_merge, updated
from nodeyard.world.kubernetes.defaults import (
    admit_claim,
    admit_pod,
    admit_service,
    apply_defaults,
    prepare_status,
)
from nodeyard.world.kubernetes.documents import copied
from nodeyard.world.kubernetes.errors import (
    already_exists,
    bad_request,
    cause,
    conflict,
    forbidden,
    invalid,
    no_such_path,
    not_found,
    unsupported_media_type,
)
from nodeyard.world.kubernetes.eviction import Eviction
from nodeyard.world.kubernetes.recorder import Recorder
from nodeyard.world.kubernetes.resources import Resource
from nodeyard.world.kubernetes.selectors import predicate
from nodeyard.world.kubernetes.store import Objects, Store
from nodeyard.world.kubernetes.times import rfc3339
from nodeyard.world.kubernetes.validation import validate, validate_update

Obj = dict[str, Any]

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
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
        new = copied(obj)
        metadata = self._identify(what, namespace, new)
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + self.suffix(5)
        name = metadata.get("name", "")
        if name and self.store.entry(what.stored_as, metadata.get("namespace"), name):
            raise already_exists(resource, name)
        for field in ("resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"):
            metadata.pop(field, None)
        metadata["uid"] = self.ids.uuid()
        metadata["creationTimestamp"] = rfc3339(self.clock.now())
        if "spec" in new and what.plural not in ("pods", "nodes", "namespaces", "services"):
            metadata["generation"] = 1
        apply_defaults(new)
        if resource == "pods":
            admit_pod(new, self.store)
        elif resource == "persistentvolumeclaims":
            admit_claim(new, self.store)
        elif resource == "services":
            admit_service(new, self.ids.random())
        causes = validate(new)
        if causes:
            raise invalid(_kind_word(what), name or metadata.get("generateName", ""), causes)
        prepare_status(new)
        if resource == _DEFINITIONS:
            deletion.accept_definition(new, rfc3339(self.clock.now()))
        if dry_run:
            return new
        kept = self.store.put(what.stored_as, new)
        if resource == "namespaces":
            self._welcome(name)
        return kept

    def suffix(self, length: int) -> str:
        """Return random letters of the kind that end generated names."""
        count = len(_SUFFIX_LETTERS)
        return "".join(_SUFFIX_LETTERS[int(self.ids.random() * count) % count] for _ in range(length))

    def _identify(self, what: Resource, namespace: str | None, obj: Obj) -> Obj:
        """Check apiVersion, kind and namespace of a new object; return its metadata."""
        given = (obj.setdefault("apiVersion", what.api_version), obj.setdefault("kind", what.kind))
        if given[1] != what.kind or str(given[0]).partition("/")[0] != what.api_version.partition("/")[0]:
            raise bad_request(
                f"{given[1]} in version {given[0]!r} cannot be handled as a {what.kind} in "
                f"{what.api_version}; send the object to the path of its own kind"
            )
        if what.storage:
            obj["apiVersion"] = "v1"
        metadata: Obj = obj.setdefault("metadata", {})
        if not what.namespaced:
            metadata.pop("namespace", None)
            return metadata
        space = namespace or metadata.get("namespace") or "default"
        if metadata.setdefault("namespace", space) != space:
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on the request"
            )
        home = self.store.get("namespaces", None, space)
        if home is None:
            raise not_found("namespaces", space)
        if home.get("status", {}).get("phase") == "Terminating":
            why = f"unable to create new content in namespace {space} because it is being terminated"
            text = f"namespace {space} is being terminated"
            item = cause("metadata.namespace", text, "NamespaceTerminating")
            raise forbidden(what.key, metadata.get("name", ""), why, [item])
        return metadata

    def _welcome(self, namespace: str) -> None:
        """Put into a new namespace what every namespace has."""
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        self.create("serviceaccounts", namespace, account)

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
        return self._replace(what, old, obj, subresource, dry_run)

    def _replace(self, what: Resource, old: Obj, obj: Obj, subresource: str | None, dry_run: bool) -> Obj:
        if subresource == "status":
            status = copied(obj.get("status") or {})
            new = {**old, "metadata": dict(old["metadata"]), "status": status}
            owners = obj.get("metadata", {}).get("managedFields")
            if owners:
                new["metadata"]["managedFields"] = copied(owners)
        else:
            new = self._settled(what, old, obj)
        if _same(old, new):
            return old
        was, now = _content(old), _content(new)
        if "generation" in old["metadata"] and was != now:
            new["metadata"]["generation"] = old["metadata"]["generation"] + 1
        if dry_run:
            return new
        return self._keep(what, new)

    def _settled(self, what: Resource, old: Obj, obj: Obj) -> Obj:
        """Return the object to store for a whole update: what the client may not change is as it was."""
        keeps_status = "status" in what.subresources or what.plural == "pods"
        new = copied({key: value for key, value in obj.items() if not keeps_status or key != "status"})
        new["apiVersion"], new["kind"] = old["apiVersion"], old["kind"]
        if what.storage == "" and what.custom and obj.get("apiVersion"):
            new["apiVersion"] = obj["apiVersion"]
        metadata = new.setdefault("metadata", {})
        before = old["metadata"]
        metadata["name"] = before["name"]
        if "namespace" in before:
            metadata["namespace"] = before["namespace"]
        for field in _KEPT_METADATA:
            metadata.pop(field, None)
            if field in before:
                metadata[field] = before[field]
        metadata.setdefault("managedFields", before.get("managedFields"))
        if not metadata["managedFields"]:
            del metadata["managedFields"]
        if keeps_status and "status" in old:
            new["status"] = old["status"]  # shared: nothing that was stored changes in place
        if what.key == "services":
            for field in ("clusterIP", "clusterIPs"):
                if old["spec"].get(field):
                    new.setdefault("spec", {}).setdefault(field, old["spec"][field])
        apply_defaults(new)
        causes = validate(new) + validate_update(old, new)
        if causes:
            raise invalid(_kind_word(what), before["name"], causes)
        return new

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
            changed = self._patched(shown, patch, content_type, what)
        else:
            changed = read(self._patched(old, patch, content_type, what))
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

    @staticmethod
    def _patched(old: Obj, patch: Any, content_type: str, what: Resource) -> Obj:
        if content_type == patches.JSON_PATCH:
            new = patches.json_patch(old, patch)
        elif content_type == patches.MERGE_PATCH:
            new = patches.merge_patch(old, patch)
        elif content_type == patches.STRATEGIC_PATCH and not what.custom:
            new = patches.strategic_merge(old, patch, what.kind)
        else:
            raise unsupported_media_type(
                f"the body of the request was in an unknown format - {content_type} is not accepted for "
                f"{what.key}; use {patches.JSON_PATCH}, {patches.MERGE_PATCH} or {patches.APPLY_PATCH}"
            )
        if not isinstance(new, dict):
            raise bad_request("the patched object is no longer an object")
        return new

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
        if marked is None and resource == _DEFINITIONS:
            # The objects go first: without the definition nobody could name them any longer.
            for orphan in self.store.list(name):
                place = orphan["metadata"]
                self.store.remove(name, place.get("namespace"), place["name"])
        if marked is None:
            return self.store.remove(what.stored_as, metadata.get("namespace"), name) or old
        return old if _same(old, marked) else self._keep(what, marked)

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
        old = self.get("pods", namespace, pod)
        if old["spec"].get("nodeName"):
            raise conflict(
                "pods/binding", pod, f"pod {pod} is already assigned to node {old['spec']['nodeName']!r}"
            )
        if old["metadata"].get("deletionTimestamp"):
            raise conflict("pods/binding", pod, f"pod {pod} is being deleted, cannot be assigned to a host")
        status = old.get("status", {})
        kept = [item for item in status.get("conditions", []) if item.get("type") != "PodScheduled"]
        scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None}
        scheduled["lastTransitionTime"] = rfc3339(self.clock.now())
        new = {**old, "spec": {**old["spec"], "nodeName": node}}
        new["status"] = {**status, "conditions": [*kept, scheduled]}
        return self.store.put("pods", new)

    def event(self, obj: Obj, type: str, reason: str, message: str, component: str) -> None:
        """Record an Event about an object; a repetition raises the count of the first."""
        self._recorder.record(obj, type, reason, message, component)


def _kind_word(what: Resource) -> str:
    return f"{what.kind}.{what.group}" if what.group else what.kind


def _content(obj: Obj) -> Obj:
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}


def _same(old: Obj, new: Obj) -> bool:
    """Tell whether nothing changed, apart from the version the client sent along."""
    if _content(old) != _content(new) or old.get("status") != new.get("status"):
        return False
    skipped = ("resourceVersion", "managedFields")
    was = {
        key: value for key, value in old["metadata"].items() if key not in skipped and value not in ({}, [])
    }
    now = {
        key: value for key, value in new["metadata"].items() if key not in skipped and value not in ({}, [])
    }
    return was == now
