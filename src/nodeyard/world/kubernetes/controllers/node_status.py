"""The kubelets' report on their own node: ready once the network plugin runs.

Only nodes whose Lease a simulated kubelet holds are reported on; others keep the status they were given.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nodeyard.world.kubernetes.controllers.controller import Controller
from nodeyard.world.kubernetes.controllers.kubelets import LEASES, NAMESPACE, is_held, lease_of
from nodeyard.world.kubernetes.controllers.pods import condition, is_leaving, with_condition
from nodeyard.world.kubernetes.store import Change, Store

Obj = dict[str, Any]

NETWORK_AGENTS = frozenset({"aws-node", "cilium", "calico-node"})
NETWORK_NOT_READY = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network "
    "plugin returns error: cni plugin not initialized"
)


def _is_agent(pod: Obj) -> bool:
    return (pod["metadata"].get("labels") or {}).get("k8s-app") in NETWORK_AGENTS


def network_ready(store: Store, node: Obj) -> bool:
    """Tell whether pods of a node can get an address."""
    name = node["metadata"]["name"]
    if lease_of(store, name) is None:
        return True
    if (node["metadata"].get("labels") or {}).get("kubernetes.io/os") == "windows":
        return True
    if any(
        _is_agent(pod) and pod["status"].get("phase") == "Running" and not is_leaving(pod)
        for pod in store.pods_on(name)
    ):
        return True
    # A plugin that has configured the node once leaves its configuration behind when its pod restarts.
    found = condition(node, "Ready")
    return found is not None and found.get("reason") in ("KubeletReady", "NodeStatusUnknown")


class NodeStatus(Controller):
    """Writes the Ready condition of nodes with a living kubelet."""

    watches = frozenset({"pods", "nodes", LEASES})
    has_network = staticmethod(network_ready)

    def changed(self, change: Change) -> None:
        obj = change.object
        if change.type == "DELETED":
            return
        if change.resource == "pods":
            if _is_agent(obj) and obj["spec"].get("nodeName"):
                self.queue.add(obj["spec"]["nodeName"])
        elif change.resource == "nodes" or obj["metadata"].get("namespace") == NAMESPACE:
            self.queue.add(obj["metadata"]["name"])

    def reconcile(self, key: str) -> None:
        node = self.store.get("nodes", None, key)
        if node is None or not is_held(lease_of(self.store, key)):
            return
        ready = self.has_network(self.store, node)
        old = condition(node, "Ready")
        if old is not None and old.get("status") == ("True" if ready else "False"):
            return
        conditions = reported(node.get("status", {}).get("conditions") or (), self.stamp(), ready=ready)
        self.store.put("nodes", {**node, "status": {**node.get("status", {}), "conditions": conditions}})
        word = "NodeReady" if ready else "NodeNotReady"
        self.api.event(node, "Normal", word, f"Node {key} status is now: {word}", "kubelet")


def reported(before: Iterable[Obj], now: str, *, ready: bool) -> list[Obj]:
    """Return the conditions of a node after its kubelet reported, as it does when it registers the node."""
    conditions = list(before)
    for kind, (status, reason, message) in _report(ready).items():
        new = {"type": kind, "status": status, "reason": reason, "message": message}
        conditions = with_condition(conditions, {**new, "lastHeartbeatTime": now}, now)
    return conditions


def _report(ready: bool) -> dict[str, tuple[str, str, str]]:
    memory = "kubelet has sufficient memory available"
    reports = {
        "MemoryPressure": ("False", "KubeletHasSufficientMemory", memory),
        "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
    }
    if not ready:
        reports["Ready"] = ("False", "KubeletNotReady", NETWORK_NOT_READY)
    return reports
