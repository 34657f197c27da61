"""The taint eviction controller: pods that do not tolerate a NoExecute taint leave, at once or in time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nodeyard.world.kubernetes.controllers.controller import Controller, place_of
from nodeyard.world.kubernetes.controllers.fit import tolerates
from nodeyard.world.kubernetes.controllers.pods import is_leaving, with_condition
from nodeyard.world.kubernetes.store import Change
from nodeyard.world.kubernetes.times import parsed

Obj = dict[str, Any]


def _taints(node: Obj | None) -> list[Obj]:
    found = (node or {}).get("spec", {}).get("taints") or ()
    return [each for each in found if each.get("effect") == "NoExecute"]


class TaintEviction(Controller):
    """Deletes pods that outstay a taint."""

    watches = frozenset({"nodes", "pods"})

    def changed(self, change: Change) -> None:
        obj = change.object
        if change.type == "DELETED":
            return
        if change.resource == "nodes":
            if _taints(obj) != _taints(change.previous):
                for pod in self.store.pods_on(obj["metadata"]["name"]):
                    self.queue.add(place_of(pod))
        elif _taints(self.store.get("nodes", None, obj["spec"].get("nodeName", ""))):
            was = change.previous
            if was is None or was.get("spec") != obj.get("spec"):
                self.queue.add(place_of(obj))

    def reconcile(self, key: tuple[str, str]) -> None:
        pod = self.store.get("pods", *key)
        if pod is None or is_leaving(pod) or not pod["spec"].get("nodeName"):
            return
        taints = _taints(self.store.get("nodes", None, pod["spec"]["nodeName"]))
        if not taints:
            return
        due = self._due(pod, taints)
        if due is None:
            return
        if due > self.clock.now():
            self.queue.at(key, due)
            return
        mark = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager"}
        mark["message"] = "Taint manager: deleting due to NoExecute taint"
        conditions = with_condition(list(pod["status"].get("conditions") or ()), mark, self.stamp())
        kept = self.store.put("pods", {**pod, "status": {**pod["status"], "conditions": conditions}})
        text = f"Marking for deletion Pod {key[0]}/{key[1]}"
        self.api.event(kept, "Normal", "TaintManagerEviction", text, "taint-eviction-controller")
        self.api.delete("pods", *key)

    def _due(self, pod: Obj, taints: list[Obj]) -> datetime | None:
        """Return when a pod must go, None for never."""
        start = self.clock.now()
        limits: list[float] = []
        for taint in taints:
            matching = [each for each in pod["spec"].get("tolerations") or () if tolerates(each, taint)]
            if not matching:
                return start
            limits += [
                float(t["tolerationSeconds"]) for t in matching if t.get("tolerationSeconds") is not None
            ]
            if taint.get("timeAdded"):
                start = min(start, parsed(taint["timeAdded"]))
        return self.since(start, max(min(limits), 0.0)) if limits else None
