"""The Node object that a machine registers, with the figures of a real EKS node of its type. Pure.

Source: amazon-eks-ami, reserved resources (bootstrap.sh and nodeadm); Kubernetes, well-known labels.
"""

from __future__ import annotations

from typing import Any

from nodeyard import catalog
from nodeyard.catalog import InstanceType, Release
from nodeyard.world.aws.fleet import Machine
from nodeyard.world.kubernetes.controllers.node_status import reported
from nodeyard.world.machines.user_data import Instructions

Obj = dict[str, Any]

ROOT_VOLUME_GIB = 20
ROOT_VOLUME_OVERHEAD_KI = 12_308
MEMORY_SEEN = 0.94
"""The share of a machine's memory that its kernel leaves visible; observed on t3.medium."""
EVICTION_MIB = 100
UNKNOWN_TYPE = InstanceType("unknown", 2, 4096, "x86_64", None, 0, 3, 6)

_CPU_RESERVED = ((1, 0.06), (1, 0.01), (2, 0.005))
_CPU_RESERVED_ABOVE = 0.0025


def node(machine: Machine, told: Instructions, kubernetes_version: str) -> Obj:
    """Return the Node that kubelet registers, not ready yet."""
    kind = catalog.default().instance_type(machine.instance_type) or UNKNOWN_TYPE
    release = catalog.default().release_of_image(machine.region, machine.image_id)
    ami = catalog.default().ami_type(release.ami_type) if release else None
    family = ami.family if ami else "AL2023"
    windows = family == "WINDOWS"
    known = catalog.default().version(kubernetes_version)
    kubelet = release.kubelet if release else known.patch if known else f"{kubernetes_version}.0"
    built = f"v{kubelet}" if family == "CUSTOM" else f"v{kubelet}-eks-{_mark(kubelet)}"
    most = told.max_pods or kind.max_pods
    arch = "arm64" if kind.architecture == "arm64" else "amd64"
    capacity, allocatable = resources(kind, most)
    taints = [
        {"key": key, "effect": effect} | ({"value": value} if value else {})
        for key, value, effect in told.taints
    ]
    # Admission puts it on every new node; the node lifecycle controller takes it off.
    taints.append({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"})
    spec: Obj = {"providerID": f"aws:///{machine.zone}/{machine.id}", "taints": taints}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": machine.private_dns_name,
            "labels": labels(machine, told, arch, windows),
            "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
        },
        "spec": spec,
        "status": {
            "capacity": capacity,
            "allocatable": allocatable,
            "addresses": [
                {"type": "InternalIP", "address": machine.private_ip},
                {"type": "InternalDNS", "address": machine.private_dns_name},
                {"type": "Hostname", "address": machine.private_dns_name},
            ],
            "nodeInfo": {
                **_system(family, release),
                "architecture": arch,
                "bootID": machine.id,
                "machineID": f"ec2{machine.id[2:]}",
                "systemUUID": f"ec2{machine.id[2:]}",
                "kubeletVersion": built,
                "kubeProxyVersion": built,
                "operatingSystem": "windows" if windows else "linux",
            },
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        },
    }


def registering(node: Obj, now: str) -> Obj:
    """Return a Node with the first report of its kubelet, which registers it so."""
    return {**node, "status": {**node["status"], "conditions": reported((), now, ready=False)}}


MONITORED = (
    "AcceleratedHardwareReady",
    "ContainerRuntimeReady",
    "KernelReady",
    "NetworkingReady",
    "StorageReady",
)
"""Conditions of the node monitoring agent. Source: EKS User Guide, node health issues."""


def booted_again(held: Obj, now: str, boot_id: str) -> Obj:
    """Return the Node after its machine booted anew: the monitoring agent starts and finds nothing wrong."""
    status = held["status"]
    conditions = [
        {
            **each,
            "status": "True",
            "reason": f"{each['type'].removesuffix('Ready')}IsReady",
            "message": "",
            "lastTransitionTime": now,
        }
        if each["type"] in MONITORED and each["status"] == "False"
        else each
        for each in status.get("conditions") or ()
    ]
    info = {**status.get("nodeInfo", {}), "bootID": boot_id}
    return {**held, "status": {**status, "conditions": conditions, "nodeInfo": info}}


SYSTEMS: dict[str, dict[str, str]] = {
    "AL2": {
        "osImage": "Amazon Linux 2",
        "kernelVersion": "5.10.245-241.976.amzn2.x86_64",
        "containerRuntimeVersion": "containerd://1.7.29",
    },
    "AL2023": {
        "osImage": "Amazon Linux 2023.9.20251117",
        "kernelVersion": "6.12.55-74.119.amzn2023.x86_64",
        "containerRuntimeVersion": "containerd://2.1.4",
    },
    "BOTTLEROCKET": {
        "osImage": "Bottlerocket OS 1.51.0 (aws-k8s)",
        "kernelVersion": "6.12.53",
        "containerRuntimeVersion": "containerd://2.1.4+bottlerocket",
    },
    "WINDOWS": {
        "osImage": "Windows Server 2022 Datacenter",
        "kernelVersion": "10.0.20348.4405",
        "containerRuntimeVersion": "containerd://1.7.28",
    },
}


def _system(family: str, release: Release | None) -> dict[str, str]:
    if family != "CUSTOM" or release is None:
        return SYSTEMS[family]
    return SYSTEMS["AL2023"] | {"osImage": release.image_name}


def _mark(kubelet: str) -> str:
    return f"{sum(ord(each) * 7919**place for place, each in enumerate(kubelet)) & 0xFFFFFFF:07x}"


def labels(machine: Machine, told: Instructions, arch: str, windows: bool) -> dict[str, str]:
    """Return the labels of kubelet and the cloud controller, over what the machine was told."""
    system = "windows" if windows else "linux"
    return told.labels | {
        "beta.kubernetes.io/arch": arch,
        "beta.kubernetes.io/instance-type": machine.instance_type,
        "beta.kubernetes.io/os": system,
        "failure-domain.beta.kubernetes.io/region": machine.region,
        "failure-domain.beta.kubernetes.io/zone": machine.zone,
        "kubernetes.io/arch": arch,
        "kubernetes.io/hostname": machine.private_dns_name,
        "kubernetes.io/os": system,
        "node.kubernetes.io/instance-type": machine.instance_type,
        "topology.ebs.csi.aws.com/zone": machine.zone,
        "topology.kubernetes.io/region": machine.region,
        "topology.kubernetes.io/zone": machine.zone,
    }


def resources(kind: InstanceType, max_pods: int) -> tuple[dict[str, str], dict[str, str]]:
    """Return capacity and allocatable."""
    memory = int(kind.memory_mib * 1024 * MEMORY_SEEN)
    free = memory - (255 + 11 * kind.max_pods + EVICTION_MIB) * 1024
    disk = ROOT_VOLUME_GIB * 1024 * 1024 - ROOT_VOLUME_OVERHEAD_KI
    fixed = {"pods": str(max_pods), "hugepages-1Gi": "0", "hugepages-2Mi": "0"}
    if kind.accelerator == "nvidia" and kind.accelerators:
        fixed["nvidia.com/gpu"] = str(kind.accelerators)
    if kind.accelerator == "neuron" and kind.accelerators:
        fixed["aws.amazon.com/neuron"] = str(kind.accelerators)
    capacity = {"cpu": str(kind.vcpus), "memory": f"{memory}Ki", "ephemeral-storage": f"{disk}Ki"}
    allocatable = {
        "cpu": f"{kind.vcpus * 1000 - _cpu_reserved(kind.vcpus)}m",
        "memory": f"{free}Ki",
        "ephemeral-storage": str(int(disk * 1024 * 0.9) - (1 << 30)),
    }
    return capacity | fixed, allocatable | fixed


def _cpu_reserved(vcpus: int) -> int:
    reserved, left = 0.0, vcpus
    for cores, share in _CPU_RESERVED:
        taken = min(cores, left)
        reserved += taken * share
        left -= taken
    return round((reserved + left * _CPU_RESERVED_ABOVE) * 1000)
