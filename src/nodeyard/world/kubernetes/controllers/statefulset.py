"""The StatefulSet controller: numbered pods that keep their names and claims, one step at a time.

Each look does what the order of the set allows now, then writes the status; the next change of a pod leads to
the next look. Source: Kubernetes, package controller/statefulset, updateStatefulSet.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from nodeyard.world.kubernetes.controllers import revisions
from nodeyard.world.kubernetes.controllers.controller import Controller, Place, place_of
from nodeyard.world.kubernetes.controllers.pods import (
    is_finished,
    is_leaving,
    owner_of,
    owner_reference,
)
from nodeyard.world.kubernetes.controllers.stateful_pods import (
    claim_name,
    claims_of,
    holder,
    is_healthy,
    is_running,
    ordinal,
    ready_for,
    revision_of,
    start_ordinal,
    stateful_pod,
)
from nodeyard.world.kubernetes.errors import ApiError
from nodeyard.world.kubernetes.selectors import selector_match
from nodeyard.world.kubernetes.store import Change

Obj = dict[str, Any]

STATEFUL_SETS = "statefulsets.apps"
CLAIMS = "persistentvolumeclaims"
_COMPONENT = "statefulset-controller"


class StatefulSets(Controller):
    """Creates, replaces and deletes the pods of StatefulSets in their order."""

    watches = frozenset({STATEFUL_SETS, "pods"})

    def changed(self, change: Change) -> None:
        obj = change.object
        if change.resource == STATEFUL_SETS:
            if change.type != "DELETED":
                self.queue.add(place_of(obj))
            return
        owner = owner_of(obj)
        if owner is not None and owner["kind"] == "StatefulSet":
            self.queue.add((obj["metadata"]["namespace"], owner["name"]))

    def reconcile(self, key: Place) -> None:
        wanted = self.store.get(STATEFUL_SETS, *key)
        if wanted is None:
            return
        update = revisions.ensure_update(self.api, wanted)
        current = self._current(wanted, update)
        if not is_leaving(wanted):
            self._adopt(wanted)
            self._step(wanted, current, update)
        self._status(key, current, update)

    def _current(self, wanted: Obj, update: Obj) -> Obj:
        """Return the revision that pods outside the update keep."""
        name = (wanted.get("status") or {}).get("currentRevision", "")
        return self.store.get(revisions.REVISIONS, wanted["metadata"]["namespace"], name) or update

    def _pods(self, wanted: Obj) -> dict[int, Obj]:
        """Return the pods of a set by their numbers."""
        owned = self.store.owned_by(wanted["metadata"]["uid"])
        found = ((ordinal(wanted, obj), obj) for kind, obj in owned if kind == "pods")
        return dict(sorted(_numbered(found), key=lambda each: each[0]))

    def _numbers(self, wanted: Obj) -> range:
        start = start_ordinal(wanted)
        return range(start, start + int(wanted["spec"].get("replicas", 1)))

    def _adopt(self, wanted: Obj) -> None:
        """Take over fitting pods that nobody controls, as an orphaning deletion leaves them."""
        space = wanted["metadata"]["namespace"]
        for number in self._numbers(wanted):
            pod = self.store.get("pods", space, f"{wanted['metadata']['name']}-{number}")
            if pod is None or is_leaving(pod) or owner_of(pod) is not None:
                continue
            if selector_match(wanted["spec"]["selector"], pod["metadata"].get("labels") or {}):
                owners = [*(pod["metadata"].get("ownerReferences") or ()), owner_reference(wanted)]
                self.store.put("pods", {**pod, "metadata": {**pod["metadata"], "ownerReferences": owners}})

    # --- one step ---

    def _step(self, wanted: Obj, current: Obj, update: Obj) -> None:
        ordered = wanted["spec"].get("podManagementPolicy") != "Parallel"
        numbers, pods = self._numbers(wanted), self._pods(wanted)
        for number in numbers:
            revision = current if number < numbers.start + _partition(wanted) else update
            if not self._fill(wanted, number, pods.get(number), revision) and ordered:
                return
        condemned = sorted((number for number in pods if number not in numbers), reverse=True)
        unhealthy = next((n for n in sorted(pods) if not is_healthy(pods[n])), None)
        for number in condemned:
            pod = pods[number]
            if ordered and not is_leaving(pod) and not is_running(pod) and number != unhealthy:
                return
            if not is_leaving(pod):
                self._release(wanted, number, pod)
                self._delete(wanted, pod)
            if ordered:
                return
        self._roll(wanted, pods, update)

    def _fill(self, wanted: Obj, number: int, pod: Obj | None, revision: Obj) -> bool:
        """Bring the pod of a number about; tell whether it is there, ready and stays."""
        if pod is None:
            self._create(wanted, number, revision)
            return False
        if is_leaving(pod):
            return False
        if is_finished(pod):
            text = (
                f"StatefulSet {'/'.join(place_of(wanted))} is recreating failed Pod {pod['metadata']['name']}"
            )
            self.api.event(wanted, "Warning", "RecreatingFailedPod", text, _COMPONENT)
            self._delete(wanted, pod)
            return False
        self._ensure_claims(wanted, number)
        return self._available(wanted, pod)

    def _available(self, wanted: Obj, pod: Obj) -> bool:
        if not is_running(pod):
            return False
        least = self.span(float(wanted["spec"].get("minReadySeconds") or 0))
        left = ready_for(pod, least, self.clock.now())
        if left > timedelta(0):
            self.queue.at(place_of(wanted), self.clock.now() + left)
        return left == timedelta(0)

    def _roll(self, wanted: Obj, pods: dict[int, Obj], update: Obj) -> None:
        """Replace the last pod of an old revision, once all pods after it are well."""
        if (wanted["spec"].get("updateStrategy") or {}).get("type") == "OnDelete":
            return
        least = start_ordinal(wanted) + _partition(wanted)
        for number in reversed(self._numbers(wanted)):
            if number < least:
                return
            pod = pods.get(number)
            if pod is None:
                return
            if revision_of(pod) != update["metadata"]["name"] and not is_leaving(pod):
                self._delete(wanted, pod)
                return
            if is_leaving(pod) or not self._available(wanted, pod):
                return

    # --- pods and claims ---

    def _create(self, wanted: Obj, number: int, revision: Obj) -> None:
        name = revision["metadata"]["name"]
        pod = stateful_pod(wanted, revisions.template_of(revision), name, number)
        named = f"Pod {pod['metadata']['name']} in StatefulSet {wanted['metadata']['name']}"
        try:
            self._ensure_claims(wanted, number)
            self.api.create("pods", wanted["metadata"]["namespace"], pod)
        except ApiError as refused:
            text = f"create {named} failed error: {refused.message}"
            self.api.event(wanted, "Warning", "FailedCreate", text, _COMPONENT)
            raise
        self.api.event(wanted, "Normal", "SuccessfulCreate", f"create {named} successful", _COMPONENT)

    def _ensure_claims(self, wanted: Obj, number: int) -> None:
        space = wanted["metadata"]["namespace"]
        for claim in claims_of(wanted, number):
            name = claim["metadata"]["name"]
            if self.store.get(CLAIMS, space, name) is not None:
                continue
            self.api.create(CLAIMS, space, claim)
            whole = wanted["metadata"]["name"]
            text = f"create Claim {name} Pod {whole}-{number} in StatefulSet {whole} success"
            self.api.event(wanted, "Normal", "SuccessfulCreate", text, _COMPONENT)

    def _release(self, wanted: Obj, number: int, pod: Obj) -> None:
        """Let the claims of a pod that is scaled away go with it, where the set says so."""
        policy = wanted["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
        if policy.get("whenScaled") != "Delete":
            return
        for template in wanted["spec"].get("volumeClaimTemplates") or ():
            name = claim_name(template, wanted, number)
            claim = self.store.get(CLAIMS, wanted["metadata"]["namespace"], name)
            if claim is not None:
                metadata = {**claim["metadata"], "ownerReferences": [holder(pod)]}
                self.store.put(CLAIMS, {**claim, "metadata": metadata})

    def _delete(self, wanted: Obj, pod: Obj) -> None:
        self.api.delete("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])
        text = f"delete Pod {pod['metadata']['name']} in StatefulSet {wanted['metadata']['name']} successful"
        self.api.event(wanted, "Normal", "SuccessfulDelete", text, _COMPONENT)

    # --- status ---

    def _status(self, key: Place, current: Obj, update: Obj) -> None:
        wanted = self.store.get(STATEFUL_SETS, *key)
        if wanted is None:
            return
        pods = list(self._pods(wanted).values())
        old, new = current["metadata"]["name"], update["metadata"]["name"]
        staying = [pod for pod in pods if not is_leaving(pod)]
        replicas = int(wanted["spec"].get("replicas", 1))
        status: Obj = {
            "observedGeneration": wanted["metadata"].get("generation", 1),
            "replicas": len(pods),
            "readyReplicas": sum(is_running(pod) for pod in pods),
            "availableReplicas": sum(self._available(wanted, pod) for pod in pods),
            "currentReplicas": sum(revision_of(pod) == old for pod in staying),
            "updatedReplicas": sum(revision_of(pod) == new for pod in staying),
            "currentRevision": old,
            "updateRevision": new,
            "collisionCount": 0,
        }
        rolling = (wanted["spec"].get("updateStrategy") or {}).get("type") != "OnDelete"
        counts = [status[name] for name in ("updatedReplicas", "readyReplicas", "replicas")]
        if rolling and all(count == replicas for count in counts):
            status |= {"currentReplicas": status["updatedReplicas"], "currentRevision": new}
        kept = {name: value for name, value in status.items() if value or name in _ALWAYS}
        if self.put_status(STATEFUL_SETS, wanted, kept):
            live = {kept["currentRevision"], new, *(revision_of(pod) for pod in pods)}
            revisions.prune(self.api, wanted, live)


_ALWAYS = frozenset({"replicas", "availableReplicas", "collisionCount"})


def _numbered(found: Any) -> list[tuple[int, Obj]]:
    return [(number, obj) for number, obj in found if number is not None]


def _partition(wanted: Obj) -> int:
    """Return how many of the first pods an update leaves alone."""
    strategy = wanted["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return 0
    return int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
