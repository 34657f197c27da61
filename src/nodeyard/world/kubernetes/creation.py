"""What a new object gets before it is stored: name, uid, times, defaults and its first status.

Called by the API rules. The store is only read.
"""

from __future__ import annotations

from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes import deletion
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
    forbidden,
    invalid,
    not_found,
)
from nodeyard.world.kubernetes.resources import DEFINITIONS, Resource
from nodeyard.world.kubernetes.store import Store
from nodeyard.world.kubernetes.times import rfc3339
from nodeyard.world.kubernetes.validation import validate

Obj = dict[str, Any]

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def created(what: Resource, namespace: str | None, obj: Obj, store: Store, clock: Clock, ids: Ids) -> Obj:
    """Return the object as it is to be stored.

    Raises: ApiError 400, 403, 404, 409, 422.
    """
    new = copied(obj)
    metadata = _identify(what, namespace, new, store)
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = metadata["generateName"] + _suffix(ids, 5)
    name = metadata.get("name", "")
    if name and store.entry(what.stored_as, metadata.get("namespace"), name):
        raise already_exists(what.key, name)
    for field in ("resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"):
        metadata.pop(field, None)
    metadata["uid"] = ids.uuid()
    metadata["creationTimestamp"] = rfc3339(clock.now())
    if "spec" in new and what.plural not in ("pods", "nodes", "namespaces", "services"):
        metadata["generation"] = 1
    apply_defaults(new)
    if what.key == "pods":
        admit_pod(new, store)
    elif what.key == "persistentvolumeclaims":
        admit_claim(new, store)
    elif what.key == "services":
        admit_service(new, ids.random())
    causes = validate(new)
    if causes:
        raise invalid(what.qualified_kind, name or metadata.get("generateName", ""), causes)
    prepare_status(new)
    if what.key == DEFINITIONS:
        deletion.accept_definition(new, rfc3339(clock.now()))
    return new


def _suffix(ids: Ids, length: int) -> str:
    """Return random letters of the kind that end generated names."""
    count = len(_SUFFIX_LETTERS)
    return "".join(_SUFFIX_LETTERS[int(ids.random() * count) % count] for _ in range(length))


def _identify(what: Resource, namespace: str | None, obj: Obj, store: Store) -> Obj:
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
    home = store.get("namespaces", None, space)
    if home is None:
        raise not_found("namespaces", space)
    if home.get("status", {}).get("phase") == "Terminating":
        why = f"unable to create new content in namespace {space} because it is being terminated"
        text = f"namespace {space} is being terminated"
        item = cause("metadata.namespace", text, "NamespaceTerminating")
        raise forbidden(what.key, metadata.get("name", ""), why, [item])
    return metadata
