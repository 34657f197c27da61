"""The eviction subresource: a deletion that disruption budgets can refuse.

Called by the API rules. The texts are those of the real API server, because drains read them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nodeyard.world.kubernetes.errors import (
    ApiError,
    cause,
    conflict,
    forbidden,
    internal,
    too_many_requests,
)
from nodeyard.world.kubernetes.selectors import selector_match
from nodeyard.world.kubernetes.store import Objects
from nodeyard.world.kubernetes.times import parsed, rfc3339

if TYPE_CHECKING:
    from nodeyard.world.kubernetes.api import Api

Obj = dict[str, Any]

BUDGETS = "poddisruptionbudgets.policy"
_MAX_DISRUPTED = 2_000
_REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."


def is_ready(pod: Obj) -> bool:
    """Tell whether a pod's Ready condition is true."""
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(item.get("type") == "Ready" and item.get("status") == "True" for item in conditions)


class Eviction:
    """Evicts pods of one cluster."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def evict(self, namespace: str, name: str, eviction: Obj) -> Obj:
        """Evict a pod and return the Status the subresource answers with.

        Raises: ApiError 404, 409, 429, 500.
        """
        pod = self._api.get("pods", namespace, name)
        options = eviction.get("deleteOptions") or {}
        wanted = (options.get("preconditions") or {}).get("uid")
        if wanted and wanted != pod["metadata"]["uid"]:
            has = pod["metadata"]["uid"]
            why = f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {has}"
            raise conflict("pods", name, why)
        dry_run = bool(options.get("dryRun"))
        if not _beyond_budgets(pod):
            self._ask_budget(pod, dry_run)
        if not dry_run:
            self._mark(pod)
        self._api.delete(
            "pods",
            namespace,
            name,
            grace_s=options.get("gracePeriodSeconds"),
            uid=pod["metadata"]["uid"],
            propagation=options.get("propagationPolicy"),
            dry_run=dry_run,
        )
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}

    def budgets_of(self, pod: Obj) -> Objects:
        """Return the budgets whose selector takes a pod."""
        labels = pod["metadata"].get("labels") or {}
        return [
            budget
            for budget in self._api.store.list(BUDGETS, pod["metadata"]["namespace"])
            if selector_match(budget.get("spec", {}).get("selector"), labels)
        ]

    def _ask_budget(self, pod: Obj, dry_run: bool) -> None:
        budgets = self.budgets_of(pod)
        if not budgets:
            return
        if len(budgets) > 1:
            raise internal(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not "
                "support.",
                reason="",
            )
        budget = budgets[0]
        status = budget.get("status") or {}
        if not is_ready(pod):
            policy = budget["spec"].get("unhealthyPodEvictionPolicy")
            healthy, desired = status.get("currentHealthy", 0), status.get("desiredHealthy", 0)
            if policy == "AlwaysAllow" or (healthy >= desired and desired > 0):
                return
        changed = _disrupted(budget, pod["metadata"]["name"], rfc3339(self._api.clock.now()))
        if not dry_run:
            self._api.store.put(BUDGETS, changed)

    def _mark(self, pod: Obj) -> None:
        """Record on the pod that an eviction ends it, as the API server does."""
        condition = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
            "lastTransitionTime": rfc3339(self._api.clock.now()),
        }
        status = pod.get("status", {})
        kept = [item for item in status.get("conditions") or () if item.get("type") != "DisruptionTarget"]
        if len(kept) == len(status.get("conditions") or ()):
            self._api.store.put("pods", {**pod, "status": {**status, "conditions": [*kept, condition]}})


def _beyond_budgets(pod: Obj) -> bool:
    """Tell whether no budget applies: the pod is over, has not begun, or is already on its way out."""
    phase = pod.get("status", {}).get("phase")
    return phase in ("Succeeded", "Failed", "Pending") or bool(pod["metadata"].get("deletionTimestamp"))


def _disrupted(budget: Obj, pod_name: str, now: str) -> Obj:
    """Return a budget with one disruption taken.

    Raises: ApiError 429 when it has none to give, 403 when its state is broken.
    """
    name = budget["metadata"]["name"]
    status = dict(budget.get("status") or {})
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        text = f"The disruption budget {name} is still being processed by the server."
        raise _refused(text, 10)
    allowed = int(status.get("disruptionsAllowed", 0))
    if allowed < 0:
        raise forbidden(BUDGETS, name, "pdb disruptions allowed is negative")
    disrupted = dict(status.get("disruptedPods") or {})
    if len(disrupted) > _MAX_DISRUPTED:
        raise forbidden(
            BUDGETS, name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        )
    if allowed == 0:
        needs, has = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        text = f"The disruption budget {name} needs {needs} healthy pods and has {has} currently"
        raise _refused(text, _retry_after(status, now))
    disrupted[pod_name] = now
    status |= {"disruptionsAllowed": allowed - 1, "disruptedPods": disrupted}
    return {**budget, "status": status}


def _retry_after(status: Obj, now: str) -> int | None:
    """Return how long to wait when the budget controller has only now failed to compute. Units: seconds."""
    for item in status.get("conditions") or ():
        if item.get("type") == "DisruptionAllowed" and item.get("reason") == "SyncFailed":
            since = item.get("lastTransitionTime")
            if since and (parsed(now) - parsed(since)).total_seconds() < 10:
                return 10
    return None


def _refused(text: str, retry_after_s: int | None = None) -> ApiError:
    return too_many_requests(_REFUSED, [cause("", text, "DisruptionBudget")], retry_after_s)
