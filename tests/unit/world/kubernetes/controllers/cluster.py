"""A cluster in memory with a clock that tests move."""

from __future__ import annotations

from typing import Any

from nodeyard.drivers.system.ids import SeededIds
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers import Controllers
from nodeyard.world.kubernetes.controllers.kubelets import HELD, LEASES, NAMESPACE
from nodeyard.world.kubernetes.controllers.system_workloads import install
from nodeyard.world.kubernetes.store import Store
from nodeyard.world.kubernetes.times import micro_time
from tests.fakes import FakeClock

Obj = dict[str, Any]


class Yard:
    """Store, API and controllers together."""

    def __init__(self, *, system: bool = False) -> None:
        self.clock = FakeClock()
        self.ids = SeededIds(7)
        self.store = Store(self.clock, self.ids)
        self.api = Api(self.store, self.clock, self.ids)
        for name in ("default", "kube-system", "kube-node-lease"):
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self.api.create("namespaces", None, body)
        if system:
            install(self.api, "1.34")
        self.controllers = Controllers(self.api, self.store, self.clock, self.ids)

    def settle(self, seconds: float = 30.0) -> None:
        """Run the controllers through simulated seconds."""
        end = self.clock.after(seconds)
        while True:
            due = self.controllers.step()
            if due is None or due > end:
                break
            if due > self.clock.now():
                self.clock.advance((due - self.clock.now()).total_seconds())
        self.clock.advance((end - self.clock.now()).total_seconds())
        self.controllers.step()

    def node(self, name: str, *, kubelet: bool = False, cpu: str = "4", **spec: Any) -> Obj:
        """Add a node: ready by hand, or reported on by a simulated kubelet."""
        labels = {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name}
        labels["topology.kubernetes.io/zone"] = f"eu-west-1{'abc'[sum(name.encode()) % 3]}"
        status: Obj = {
            "allocatable": {"cpu": cpu, "memory": "16Gi", "pods": "58"},
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
        }
        if kubelet:
            lease = {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": name, "annotations": {HELD: "true"}},
                "spec": {"holderIdentity": name, "renewTime": micro_time(self.clock.now())},
            }
            self.api.create(LEASES, NAMESPACE, lease)
        else:
            status["conditions"] = [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]
        body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
        return self.api.create("nodes", None, {**body, "spec": spec, "status": status})

    def silence(self, name: str) -> None:
        """Let the kubelet of a node die."""
        lease = self.api.get(LEASES, NAMESPACE, name)
        metadata = {**lease["metadata"], "annotations": {}}
        self.store.put(LEASES, {**lease, "metadata": metadata})

    def storage_class(self, name: str = "standard", mode: str = "WaitForFirstConsumer") -> Obj:
        """Create the storage class that claims get by default."""
        marks = {"storageclass.kubernetes.io/is-default-class": "true"}
        body: Obj = {"metadata": {"name": name, "annotations": marks}, "volumeBindingMode": mode}
        body |= {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass"}
        return self.api.create(
            "storageclasses.storage.k8s.io", None, {**body, "provisioner": "ebs.csi.aws.com"}
        )

    def deployment(self, name: str, replicas: int, **spec: Any) -> Obj:
        """Create a deployment of one small container."""
        body = workload("Deployment", name, spec)
        body["spec"]["replicas"] = replicas
        return self.api.create("deployments.apps", "default", body)

    def pods(self, namespace: str = "default") -> list[Obj]:
        """Return the pods of a namespace."""
        return self.store.list("pods", namespace)


def workload(kind: str, name: str, pod_spec: Obj | None = None, image: str = "app:1") -> Obj:
    """Return a workload of the apps group."""
    container = {"name": "app", "image": image, "resources": {"requests": {"cpu": "100m"}}}
    spec = {"containers": [container], **(pod_spec or {})}
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
