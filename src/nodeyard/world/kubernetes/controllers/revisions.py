"""ControllerRevisions: the templates that a StatefulSet or a DaemonSet has had, which `rollout undo` reads.

Called by the controllers of both. A revision holds the template as a patch that puts it back.
Source: Kubernetes, package controller/history.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.pods import digest, is_leaving, owner_of, owner_reference

Obj = dict[str, Any]

REVISIONS = "controllerrevisions.apps"
HASH = "controller-revision-hash"


def template_of(revision: Obj) -> Obj:
    """Return the pod template that a revision holds."""
    template = revision["data"]["spec"]["template"]
    return {key: value for key, value in template.items() if key != "$patch"}


def owned(api: Api, owner: Obj) -> list[Obj]:
    """Return the revisions of a workload, the oldest first."""
    found = [
        obj
        for kind, obj in api.store.owned_by(owner["metadata"]["uid"])
        if kind == REVISIONS and not is_leaving(obj)
    ]
    return sorted(found, key=lambda each: (int(each.get("revision", 0)), each["metadata"]["name"]))


def ensure_update(api: Api, owner: Obj) -> Obj:
    """Return the revision of the present template, made or raised to the newest."""
    template = owner["spec"]["template"]
    found = owned(api, owner)
    newest = int(found[-1].get("revision", 0)) if found else 0
    same = next((each for each in reversed(found) if template_of(each) == template), None)
    if same is None:
        return _create(api, owner, newest + 1)
    if same is not found[-1]:
        return api.store.put(REVISIONS, {**same, "revision": newest + 1})
    return same


def _create(api: Api, owner: Obj, number: int) -> Obj:
    template = owner["spec"]["template"]
    mark = digest(template)
    labels = {**(template.get("metadata", {}).get("labels") or {}), "controller.kubernetes.io/hash": mark}
    metadata: Obj = {
        "name": f"{owner['metadata']['name']}-{mark}",
        "labels": {**labels, HASH: mark},
        "ownerReferences": [owner_reference(owner)],
    }
    orphan = api.store.get(REVISIONS, owner["metadata"]["namespace"], metadata["name"])
    if orphan is not None and owner_of(orphan) is None and template_of(orphan) == template:
        # Left by an owner that was deleted without its dependents: the new owner takes it over.
        owners = {"ownerReferences": metadata["ownerReferences"]}
        return api.store.put(REVISIONS, {**orphan, "metadata": {**orphan["metadata"], **owners}})
    given = owner["metadata"].get("annotations") or {}
    if given:
        metadata["annotations"] = dict(given)
    return api.create(
        REVISIONS,
        owner["metadata"]["namespace"],
        {
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": metadata,
            "data": {"spec": {"template": {**template, "$patch": "replace"}}},
            "revision": number,
        },
    )


def prune(api: Api, owner: Obj, live: set[str]) -> None:
    """Delete the oldest revisions that no pod has, beyond the number that the workload keeps."""
    spare = [each for each in owned(api, owner) if each["metadata"]["name"] not in live]
    limit = owner["spec"].get("revisionHistoryLimit")
    for each in spare[: max(len(spare) - (10 if limit is None else int(limit)), 0)]:
        api.delete(REVISIONS, each["metadata"]["namespace"], each["metadata"]["name"])
