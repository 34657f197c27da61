"""The node lifecycle controller: silence, taints, and what pods of a silent node become.

A node whose Lease ages beyond 40 simulated seconds turns Unknown. Conditions and cordons become taints.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.controllers.controller import Controller
from nodeyard.world.kubernetes.controllers.kubelets import (
    LEASE_SECONDS,
    LEASES,
    NAMESPACE,
    is_held,
    lease_of,
)
from nodeyard.world.kubernetes.controllers.pods import condition, is_ready, with_condition
from nodeyard.world.kubernetes.store import Change
from nodeyard.world.kubernetes.times import parsed

Obj = dict[str, Any]

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
_OWN = frozenset({NOT_READY, UNREACHABLE, UNSCHEDULABLE})
_SILENT = "Kubelet stopped posting node status."


class NodeLifecycle(Controller):
    """Watches Leases and writes taints."""

    watches = frozenset({"nodes", LEASES})

    def changed(self, change: Change) -> None:
        metadata = change.object["metadata"]
        if change.type == "DELETED":
            return
        if change.resource == "nodes" or metadata.get("namespace") == NAMESPACE:
            self.queue.add(metadata["name"])

    def reconcile(self, key: str) -> None:
        node = self.store.get("nodes", None, key)
        if node is None:
            return
        lease = lease_of(self.store, key)
        if lease is not None and not is_held(lease):
            renewed = lease.get("spec", {}).get("renewTime") or lease["metadata"]["creationTimestamp"]
            due = self.since(parsed(renewed), LEASE_SECONDS)
            if due > self.clock.now():
                self.queue.at(key, due)
            else:
                node = self._silent(node)
        self._taint(node)

    def _silent(self, node: Obj) -> Obj:
        ready = condition(node, "Ready")
        if ready is not None and ready.get("status") == "Unknown":
            return node
        now = self.stamp()
        conditions = list(node.get("status", {}).get("conditions") or ())
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready"):
            old = condition(node, kind) or {}
            new = {"type": kind, "status": "Unknown", "reason": "NodeStatusUnknown", "message": _SILENT}
            new["lastHeartbeatTime"] = old.get("lastHeartbeatTime", now)
            conditions = with_condition(conditions, new, now)
        node = self.store.put("nodes", {**node, "status": {**node["status"], "conditions": conditions}})
        name = node["metadata"]["name"]
        text = f"Node {name} status is now: NodeNotReady"
        self.api.event(node, "Normal", "NodeNotReady", text, "node-controller")
        for pod in self.store.pods_on(name):
            if is_ready(pod):
                mark = {"type": "Ready", "status": "False", "lastProbeTime": None}
                listed = with_condition(list(pod["status"]["conditions"]), mark, now)
                self.store.put("pods", {**pod, "status": {**pod["status"], "conditions": listed}})
        return node

    def _taint(self, node: Obj) -> None:
        ready = condition(node, "Ready")
        status = ready.get("status") if ready is not None else None
        wanted: list[tuple[str, str]] = []
        if status == "Unknown":
            wanted = [(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")]
        elif status == "False":
            wanted = [(NOT_READY, "NoSchedule"), (NOT_READY, "NoExecute")]
        if node.get("spec", {}).get("unschedulable"):
            wanted.append((UNSCHEDULABLE, "NoSchedule"))
        old = node.get("spec", {}).get("taints") or []
        held = {(each["key"], each["effect"]): each for each in old if each.get("key") in _OWN}
        if set(held) == set(wanted):
            return
        new = [each for each in old if each.get("key") not in _OWN]
        for key, effect in wanted:
            fresh = {"key": key, "effect": effect, "timeAdded": self.stamp()}
            new.append(held.get((key, effect), fresh))
        spec = {name: value for name, value in node["spec"].items() if name != "taints"}
        self.store.put("nodes", {**node, "spec": {**spec, "taints": new} if new else spec})
