"""The Deployment controller: replica sets that follow the template, rolled over within their limits."""

from __future__ import annotations

import copy
from typing import Any

from nodeyard.world.kubernetes.controllers.controller import Controller, place_of
from nodeyard.world.kubernetes.controllers.deployment_status import deployment_status
from nodeyard.world.kubernetes.controllers.pods import (
    digest,
    is_leaving,
    is_true,
    owner_of,
    owner_reference,
    share,
)
from nodeyard.world.kubernetes.controllers.replicaset import REPLICA_SETS
from nodeyard.world.kubernetes.store import Change
from nodeyard.world.kubernetes.times import parsed

Obj = dict[str, Any]

DEPLOYMENTS = "deployments.apps"
HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
_DESIRED = "deployment.kubernetes.io/desired-replicas"
_MAXIMUM = "deployment.kubernetes.io/max-replicas"
_NOT_COPIED = frozenset({"kubectl.kubernetes.io/last-applied-configuration", REVISION, _DESIRED, _MAXIMUM})
_COMPONENT = "deployment-controller"


class Deployments(Controller):
    """Rolls deployments out."""

    watches = frozenset({DEPLOYMENTS, REPLICA_SETS, "pods"})

    def changed(self, change: Change) -> None:
        obj = change.object
        if change.resource == DEPLOYMENTS:
            if change.type != "DELETED":
                self.queue.add(place_of(obj))
            return
        if change.resource == "pods":
            # Only Recreate waits for pods; everything else is told by the replica sets.
            if change.type == "DELETED":
                self._pod_gone(obj)
            return
        owner = owner_of(obj)
        if owner is not None and owner["kind"] == "Deployment":
            self.queue.add((obj["metadata"]["namespace"], owner["name"]))

    def _pod_gone(self, pod: Obj) -> None:
        owner = owner_of(pod)
        if owner is None or owner["kind"] != "ReplicaSet":
            return
        sets = self.store.get(REPLICA_SETS, pod["metadata"]["namespace"], owner["name"])
        above = owner_of(sets) if sets is not None else None
        if above is not None:
            self.queue.add((pod["metadata"]["namespace"], above["name"]))

    def reconcile(self, key: tuple[str, str]) -> None:
        wanted = self.store.get(DEPLOYMENTS, *key)
        if wanted is None or is_leaving(wanted):
            return
        found = self._sets(wanted)
        template = wanted["spec"]["template"]
        new = next((each for each in found if _plain(each["spec"]["template"]) == template), None)
        old = [each for each in found if each is not new]
        recreate = (wanted["spec"].get("strategy") or {}).get("type") == "Recreate"
        if wanted["spec"].get("paused"):
            if new is not None:
                self._scale(new, int(wanted["spec"]["replicas"]), wanted)
        elif recreate:
            if self._clear(old):
                new = self._current(wanted, new, found)
                self._scale(new, int(wanted["spec"]["replicas"]), wanted)
        else:
            new = self._current(wanted, new, found)
            self._roll(wanted, new, old)
        self._status(key, new)
        self._clean(key)

    def _sets(self, wanted: Obj) -> list[Obj]:
        owned = self.store.owned_by(wanted["metadata"]["uid"])
        return [obj for kind, obj in owned if kind == REPLICA_SETS and not is_leaving(obj)]

    # --- the replica set of the template ---

    def _current(self, wanted: Obj, new: Obj | None, found: list[Obj]) -> Obj:
        """Return the replica set of the present template, made or raised to the newest revision."""
        newest = max((_revision(each) for each in found if each is not new), default=0)
        if new is None:
            new = self._make(wanted, newest + 1)
        else:
            # Annotations follow the deployment: the cause of a change is often written after the change.
            marks = _copied_annotations(wanted)
            if _revision(new) <= newest:
                marks[REVISION] = str(newest + 1)
            has = new["metadata"].get("annotations") or {}
            if any(has.get(key) != value for key, value in marks.items()):
                new = self._annotate(REPLICA_SETS, new, marks)
        if _revision(wanted) != _revision(new):
            self._annotate(DEPLOYMENTS, wanted, {REVISION: str(_revision(new))})
        return new

    def _make(self, wanted: Obj, revision: int) -> Obj:
        template = copy.deepcopy(wanted["spec"]["template"])
        mark = digest(wanted["spec"]["template"])
        labels = template["metadata"].setdefault("labels", {})
        labels[HASH] = mark
        annotations = _copied_annotations(wanted)
        selector = copy.deepcopy(wanted["spec"]["selector"])
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH: mark}
        spec: Obj = {"replicas": 0, "selector": selector, "template": template}
        if wanted["spec"].get("minReadySeconds"):
            spec["minReadySeconds"] = wanted["spec"]["minReadySeconds"]
        metadata = {
            "name": f"{wanted['metadata']['name']}-{mark}",
            "labels": dict(labels),
            "annotations": {**annotations, REVISION: str(revision)},
            "ownerReferences": [owner_reference(wanted)],
        }
        body = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec}
        return self.api.create(REPLICA_SETS, wanted["metadata"]["namespace"], body)

    def _annotate(self, resource: str, obj: Obj, added: dict[str, str]) -> Obj:
        annotations = {**(obj["metadata"].get("annotations") or {}), **added}
        return self.store.put(resource, {**obj, "metadata": {**obj["metadata"], "annotations": annotations}})

    # --- scaling ---

    def _scale(self, each: Obj, replicas: int, wanted: Obj | None = None) -> None:
        if int(each["spec"]["replicas"]) == replicas:
            return
        metadata = each["metadata"]
        changed = {**each, "spec": {**each["spec"], "replicas": replicas}}
        changed["metadata"] = {**metadata, "generation": int(metadata.get("generation", 1)) + 1}
        if wanted is not None:
            total = int(wanted["spec"]["replicas"])
            marks = {_DESIRED: str(total), _MAXIMUM: str(total + _surge(wanted))}
            changed["metadata"]["annotations"] = {**(metadata.get("annotations") or {}), **marks}
            word = "up" if replicas > int(each["spec"]["replicas"]) else "down"
            before = each["spec"]["replicas"]
            text = f"Scaled {word} replica set {metadata['name']} from {before} to {replicas}"
            self.api.event(wanted, "Normal", "ScalingReplicaSet", text, _COMPONENT)
        self.store.put(REPLICA_SETS, changed)

    def _clear(self, old: list[Obj]) -> bool:
        """Scale old replica sets to nothing; tell whether none of their pods is left."""
        left = False
        for each in old:
            self._scale(each, 0)
            left = left or any(
                kind == "pods" and obj["status"].get("phase") not in ("Succeeded", "Failed")
                for kind, obj in self.store.owned_by(each["metadata"]["uid"])
            )
        return not left

    def _roll(self, wanted: Obj, new: Obj, old: list[Obj]) -> None:
        replicas = int(wanted["spec"]["replicas"])
        surge, missing = _surge(wanted), _missing(wanted)
        has = int(new["spec"]["replicas"])
        total = has + sum(int(each["spec"]["replicas"]) for each in old)
        if has > replicas:
            self._scale(new, replicas, wanted)
        elif has < replicas:
            room = replicas + surge - total
            if room > 0:
                self._scale(new, min(has + room, replicas), wanted)
        new = self.api.get(REPLICA_SETS, new["metadata"]["namespace"], new["metadata"]["name"])
        self._shrink(wanted, new, old, replicas - missing)

    def _shrink(self, wanted: Obj, new: Obj, old: list[Obj], least: int) -> None:
        """Scale old replica sets down as far as availability allows, broken pods first."""
        has = int(new["spec"]["replicas"])
        total = has + sum(int(each["spec"]["replicas"]) for each in old)
        waiting = has - _available(new)
        room = total - least - waiting
        for each in sorted(old, key=_revision):
            broken = min(max(int(each["spec"]["replicas"]) - _available(each), 0), max(room, 0))
            if broken:
                self._scale(each, int(each["spec"]["replicas"]) - broken, wanted)
                room -= broken
        spare = _available(new) + sum(_available(each) for each in old) - least
        for each in sorted(old, key=_revision):
            now = self.api.get(REPLICA_SETS, each["metadata"]["namespace"], each["metadata"]["name"])
            step = min(int(now["spec"]["replicas"]), max(spare, 0), max(room, 0))
            if step:
                self._scale(now, int(now["spec"]["replicas"]) - step, wanted)
                spare -= step
                room -= step

    # --- the end of a step ---

    def _status(self, key: tuple[str, str], new: Obj | None) -> None:
        wanted = self.api.get(DEPLOYMENTS, *key)
        found = self._sets(wanted)
        current = self.store.get(REPLICA_SETS, key[0], new["metadata"]["name"]) if new else None
        deadline = None
        limit = wanted["spec"].get("progressDeadlineSeconds")
        progressing = next(
            (c for c in wanted["status"].get("conditions") or () if c["type"] == "Progressing"), None
        )
        if limit and progressing is not None:
            deadline = self.since(parsed(progressing.get("lastUpdateTime", self.stamp())), int(limit))
        late = deadline is not None and deadline <= self.clock.now()
        least = int(wanted["spec"]["replicas"]) - _missing(wanted)
        status = deployment_status(wanted, found, current, least, late, self.stamp())
        self.put_status(DEPLOYMENTS, wanted, status)
        if deadline is not None and not late:
            self.queue.at(key, deadline)

    def _clean(self, key: tuple[str, str]) -> None:
        """Delete the oldest empty replica sets beyond the history limit."""
        wanted = self.api.get(DEPLOYMENTS, *key)
        if not is_true(wanted, "Available"):
            return
        limit = int(wanted["spec"].get("revisionHistoryLimit", 10))
        template = wanted["spec"]["template"]
        empty = [
            each
            for each in self._sets(wanted)
            if not each["spec"]["replicas"]
            and not each["status"].get("replicas")
            and _plain(each["spec"]["template"]) != template
        ]
        for each in sorted(empty, key=_revision)[: max(len(empty) - limit, 0)]:
            self.api.delete(REPLICA_SETS, key[0], each["metadata"]["name"], uid=each["metadata"]["uid"])


def _copied_annotations(wanted: Obj) -> dict[str, str]:
    """Return the annotations of a deployment that its newest replica set has too."""
    given = wanted["metadata"].get("annotations") or {}
    return {key: value for key, value in given.items() if key not in _NOT_COPIED}


def _revision(obj: Obj) -> int:
    return int((obj["metadata"].get("annotations") or {}).get(REVISION, 0))


def _available(each: Obj) -> int:
    return int(each.get("status", {}).get("availableReplicas", 0))


def _plain(template: Obj) -> Obj:
    """Return the template of a replica set as its deployment has it."""
    metadata = dict(template.get("metadata") or {})
    metadata["labels"] = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH}
    return {**template, "metadata": metadata}


def _surge(wanted: Obj) -> int:
    rolling = (wanted["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    return share(rolling.get("maxSurge", 0), int(wanted["spec"]["replicas"]), up=True)


def _missing(wanted: Obj) -> int:
    """Return how many replicas may be unavailable; one where neither limit would allow a step."""
    rolling = (wanted["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    count = share(rolling.get("maxUnavailable", 0), int(wanted["spec"]["replicas"]), up=False)
    if (wanted["spec"].get("strategy") or {}).get("type") == "Recreate":
        return 0
    return max(count, 0 if _surge(wanted) else 1)
