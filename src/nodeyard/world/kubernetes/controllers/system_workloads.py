"""The workloads that every EKS cluster starts with: aws-node, kube-proxy and coredns.

Called when a cluster is made and again on each start: what exists stays as it is.
"""

from __future__ import annotations

from typing import Any

from nodeyard.world.kubernetes.api import Api

Obj = dict[str, Any]

_REGISTRY = "602401143452.dkr.ecr.us-west-2.amazonaws.com"
_SPACE = "kube-system"
_SPACES = ("default", "kube-node-lease", "kube-public", _SPACE)
_PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
_COREDNS = {"k8s-app": "kube-dns", "eks.amazonaws.com/component": "coredns"}


def install(api: Api, version: str) -> None:
    """Create what is missing of the system workloads of a cluster of a version such as 1.34."""
    for name in _SPACES:
        _ensure(
            api, "namespaces", None, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        )
    for name, value in _PRIORITIES.items():
        body = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}}
        _ensure(api, "priorityclasses.scheduling.k8s.io", None, {**body, "value": value})
    _ensure(api, "storageclasses.storage.k8s.io", None, _default_class())
    for name in ("aws-node", "kube-proxy", "coredns"):
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        _ensure(api, "serviceaccounts", _SPACE, account)
    _ensure(api, "daemonsets.apps", _SPACE, _aws_node())
    _ensure(api, "daemonsets.apps", _SPACE, _kube_proxy(version))
    _ensure(api, "deployments.apps", _SPACE, _coredns())
    _ensure(api, "poddisruptionbudgets.policy", _SPACE, _coredns_budget())
    _ensure(api, "services", _SPACE, _dns_service())


def _ensure(api: Api, resource: str, namespace: str | None, obj: Obj) -> None:
    if api.store.get(resource, namespace, obj["metadata"]["name"]) is None:
        api.create(resource, namespace, obj)


def _default_class() -> Obj:
    """Return the storage class that claims get which name none: volumes of one zone, made with their pod."""
    marks = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "gp2", "annotations": marks},
        "provisioner": "kubernetes.io/aws-ebs",
        "parameters": {"fsType": "ext4", "type": "gp2"},
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _node_affinity() -> Obj:
    expressions = [
        {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]},
        {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64", "arm64"]},
        {
            "key": "eks.amazonaws.com/compute-type",
            "operator": "NotIn",
            "values": ["fargate", "hybrid", "auto"],
        },
    ]
    terms = {"nodeSelectorTerms": [{"matchExpressions": expressions}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def _daemon_set(name: str, unavailable: str, spec: Obj, extra: Obj) -> Obj:
    labels = {"k8s-app": name, **extra}
    common: Obj = {
        "serviceAccountName": name,
        "priorityClassName": "system-node-critical",
        "hostNetwork": True,
        "tolerations": [{"operator": "Exists"}],
        "affinity": _node_affinity(),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": _SPACE, "labels": labels},
        "spec": {
            "selector": {"matchLabels": {"k8s-app": name}},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": unavailable}},
            "template": {"metadata": {"labels": labels}, "spec": {**common, **spec}},
        },
    }


def _aws_node() -> Obj:
    agent = {
        "name": "aws-node",
        "image": f"{_REGISTRY}/amazon-k8s-cni:v1.20.4-eksbuild.2",
        "ports": [{"containerPort": 61678, "name": "metrics"}],
        "resources": {"requests": {"cpu": "25m"}},
    }
    policy = {
        "name": "aws-eks-nodeagent",
        "image": f"{_REGISTRY}/amazon/aws-network-policy-agent:v1.2.7-eksbuild.1",
        "resources": {"requests": {"cpu": "25m"}},
    }
    spec: Obj = {"containers": [agent, policy], "terminationGracePeriodSeconds": 10}
    return _daemon_set("aws-node", "10%", spec, {"app.kubernetes.io/name": "aws-node"})


def _kube_proxy(version: str) -> Obj:
    container = {
        "name": "kube-proxy",
        "image": f"{_REGISTRY}/eks/kube-proxy:v{version}.0-minimal-eksbuild.1",
        "resources": {"requests": {"cpu": "100m"}},
    }
    extra = {"eks.amazonaws.com/component": "kube-proxy"}
    return _daemon_set("kube-proxy", "10%", {"containers": [container]}, extra)


def _coredns() -> Obj:
    container = {
        "name": "coredns",
        "image": f"{_REGISTRY}/eks/coredns:v1.12.3-eksbuild.1",
        "ports": [
            {"containerPort": 53, "name": "dns", "protocol": "UDP"},
            {"containerPort": 53, "name": "dns-tcp", "protocol": "TCP"},
            {"containerPort": 9153, "name": "metrics", "protocol": "TCP"},
        ],
        "resources": {"limits": {"memory": "170Mi"}, "requests": {"cpu": "100m", "memory": "70Mi"}},
    }
    term = {
        "labelSelector": {"matchExpressions": [{"key": "k8s-app", "operator": "In", "values": ["kube-dns"]}]},
        "topologyKey": "kubernetes.io/hostname",
    }
    preferred = {
        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]
    }
    spec: Obj = {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "tolerations": [
            {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
            {"key": "CriticalAddonsOnly", "operator": "Exists"},
        ],
        "affinity": {**_node_affinity(), "podAntiAffinity": preferred},
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }
        ],
        "containers": [container],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "coredns", "namespace": _SPACE, "labels": _COREDNS},
        "spec": {
            "replicas": 2,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}},
            "selector": {"matchLabels": _COREDNS},
            "template": {"metadata": {"labels": _COREDNS}, "spec": spec},
        },
    }


def _coredns_budget() -> Obj:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "coredns", "namespace": _SPACE, "labels": _COREDNS},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": _COREDNS}},
    }


def _dns_service() -> Obj:
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
        {"name": "metrics", "port": 9153, "protocol": "TCP"},
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-dns", "namespace": _SPACE, "labels": {"k8s-app": "kube-dns"}},
        "spec": {"clusterIP": "172.20.0.10", "selector": {"k8s-app": "kube-dns"}, "ports": ports},
    }
