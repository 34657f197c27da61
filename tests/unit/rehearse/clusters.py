"""Small clusters as `kubectl get -o json` prints them, for rehearsals."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from nodeyard.rehearse.snapshot import Snapshot, from_kubectl

Obj = dict[str, Any]

TAKEN = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
CREATED, SCHEDULED = "2026-11-02T09:00:00Z", "2026-11-02T10:00:00Z"


def uid(*names: str) -> str:
    """Return the same uid for the same names."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, "/".join(names)))


def condition(kind: str, at: str, status: str = "True") -> Obj:
    return {"type": kind, "status": status, "lastTransitionTime": at}


class Cluster:
    """Collects objects; `snapshot` returns what a snapshot of them holds."""

    def __init__(self) -> None:
        self.objects: list[Obj] = []
        self.nodes: list[str] = []
        self._daemons: list[str] = []

    def add(self, kind: str, name: str, namespace: str | None = None, **members: Any) -> Obj:
        meta = {"name": name, "uid": uid(kind, namespace or "", name), "creationTimestamp": CREATED}
        if namespace:
            meta["namespace"] = namespace
        obj = {"kind": kind, "metadata": {**meta, **members.pop("metadata", {})}, **members}
        self.objects.append(obj)
        return obj

    def node(self, name: str, zone: str = "eu-west-1a", group: str = "blue", **more: Any) -> str:
        labels = {
            "eks.amazonaws.com/nodegroup": group,
            "topology.kubernetes.io/zone": zone,
            "node.kubernetes.io/instance-type": "m5.large",
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
        }
        sizes = {"cpu": more.get("cpu", "1930m"), "memory": "7244720Ki", "pods": "29"}
        status = {
            "allocatable": sizes,
            "capacity": {**sizes, "cpu": "2"},
            "nodeInfo": {"kubeletVersion": "v1.33.4-eks-1", "architecture": "amd64"},
            "conditions": [condition("Ready", "2026-11-02T09:00:20Z") | {"reason": "KubeletReady"}],
        }
        self.add("Node", name, metadata={"labels": labels}, spec={}, status=status)
        self.nodes.append(name)
        return name

    def pod(self, name: str, node: str | None, spec: Obj, **more: Any) -> Obj:
        owner, labels = more.get("owner"), more.get("labels") or {}
        meta: Obj = {"labels": labels}
        if owner is not None:
            reference = {"kind": owner["kind"], "name": owner["metadata"]["name"], "controller": True}
            meta["ownerReferences"] = [reference | {"uid": owner["metadata"]["uid"], "apiVersion": "apps/v1"}]
        status: Obj = {"phase": "Pending", "conditions": []}
        if node is not None:
            ready = more.get("ready", "2026-11-02T10:00:12Z")
            status = {"phase": "Running", "conditions": [condition("PodScheduled", SCHEDULED)]}
            status["conditions"] += [
                condition(each, ready) for each in ("Initialized", "ContainersReady", "Ready")
            ]
            spec = {**spec, "nodeName": node}
        return self.add("Pod", name, more.get("namespace", "shop"), metadata=meta, spec=spec, status=status)

    def deployment(self, name: str, homes: list[str | None], *, cpu: str = "100m", **more: Any) -> None:
        labels, space = {"app": name}, more.get("namespace", "shop")
        hashed = {**labels, "pod-template-hash": "abc12"}
        pod = pod_spec(name, cpu, **more.get("spec", {}))
        base = {"replicas": len(homes), "selector": {"matchLabels": labels}}
        top = self.add(
            "Deployment",
            name,
            space,
            metadata={"labels": labels, "generation": 1},
            spec={**base, "template": {"metadata": {"labels": labels}, "spec": pod}},
            status={"replicas": len(homes), "readyReplicas": len(homes)},
        )
        owner = {"kind": "Deployment", "name": name, "uid": top["metadata"]["uid"], "controller": True}
        marks = {"deployment.kubernetes.io/revision": "3"}
        sets = self.add(
            "ReplicaSet",
            f"{name}-abc12",
            space,
            metadata={
                "labels": hashed,
                "annotations": marks,
                "generation": 1,
                "ownerReferences": [{**owner, "apiVersion": "apps/v1"}],
            },
            spec={
                "replicas": len(homes),
                "selector": {"matchLabels": hashed},
                "template": {"metadata": {"labels": hashed}, "spec": pod},
            },
            status={"replicas": len(homes), "readyReplicas": len(homes), "availableReplicas": len(homes)},
        )
        for number, home in enumerate(homes):
            self.pod(f"{name}-abc12-{number}", home, pod, owner=sets, labels=hashed, namespace=space)

    def daemonset(self, name: str, namespace: str = "kube-system") -> None:
        labels = {"k8s-app": name}
        pod = pod_spec(name, "25m") | {"hostNetwork": True, "tolerations": [{"operator": "Exists"}]}
        spec = {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        }
        top = self.add("DaemonSet", name, namespace, metadata={"generation": 1}, spec=spec, status={})
        for number, node in enumerate(self.nodes):
            marks = {**labels, "controller-revision-hash": "7d9f"}
            self.pod(f"{name}-{number}", node, pod, owner=top, labels=marks, namespace=namespace)

    def statefulset(self, name: str, homes: list[str], **more: Any) -> None:
        labels, space = {"app": name}, more.get("namespace", "shop")
        pod = pod_spec(name, "100m", **more.get("spec", {}))
        spec = {"replicas": len(homes), "selector": {"matchLabels": labels}, "serviceName": name}
        spec["template"] = {"metadata": {"labels": labels}, "spec": pod}
        top = self.add("StatefulSet", name, space, metadata={"generation": 1}, spec=spec, status={})
        for number, home in enumerate(homes):
            mark = {**labels, "controller-revision-hash": f"{name}-59d", "apps.kubernetes.io/pod-index": "0"}
            self.pod(f"{name}-{number}", home, pod, owner=top, labels=mark, namespace=space)

    def budget(self, name: str, app: str | None = None, namespace: str = "shop", **spec: Any) -> None:
        selector = {"matchLabels": {"app": app or name}}
        self.add("PodDisruptionBudget", name, namespace, spec={"selector": selector, **spec})

    def document(self) -> Obj:
        return {"apiVersion": "v1", "kind": "List", "items": self.objects}

    def snapshot(self) -> Snapshot:
        return from_kubectl([("cluster.json", self.objects)], taken_at=TAKEN)


def pod_spec(name: str, cpu: str, **more: Any) -> Obj:
    container: Obj = {"name": name, "image": f"{name}:1", "resources": {"requests": {"cpu": cpu}}}
    container["env"] = [{"name": "PASSWORD", "value": "hunter2-secret"}]
    return {"containers": [container], "terminationGracePeriodSeconds": 30, "restartPolicy": "Always", **more}


def three_nodes() -> Cluster:
    """Return a cluster of three nodes of group blue in three zones, with a network agent."""
    cluster = Cluster()
    for letter in "abc":
        cluster.node(f"ip-10-0-0-{ord(letter)}.ec2.internal", f"eu-west-1{letter}")
    for space in ("default", "kube-system", "shop"):
        cluster.add("Namespace", space, metadata={"labels": {"kubernetes.io/metadata.name": space}})
    cluster.daemonset("aws-node")
    return cluster
