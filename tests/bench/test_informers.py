"""How long a worker takes to copy a large cluster, and what the copy costs."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from nodeyard.app import serving
from nodeyard.drivers.system import RealClock, SeededIds
from nodeyard.world.kubernetes.embedded import EmbeddedKubernetes
from tests.bench.figures import Figure, Figures

NODES, PODS = 5_000, 50_000
COPY = ("-m", "tests.bench.listing")
PLACE = ("111122223333", "eu-west-1", "large")

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]


def node(number: int) -> dict[str, Any]:
    """Return a node as large as kubelet makes it; the first one is cordoned."""
    name = f"ip-10-{number >> 8}-{number & 255}-1.eu-west-1.compute.internal"
    labels = {
        "eks.amazonaws.com/nodegroup": f"group-{number % 20}",
        "kubernetes.io/hostname": name,
        "topology.kubernetes.io/zone": "eu-west-1a",
        "node.kubernetes.io/instance-type": "m5.large",
    }
    conditions = [
        {"type": kind, "status": "False", "reason": "KubeletHasSufficient", "message": "kubelet is well"}
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")
    ]
    conditions.append({"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "ready"})
    images = [
        {"names": [f"registry.example.com/image-{n}@sha256:{n:064x}"], "sizeBytes": n} for n in range(20)
    ]
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"providerID": f"aws:///eu-west-1a/i-{number:017x}", "unschedulable": number == 0},
        "status": {"conditions": conditions, "images": images},
    }


def pod(number: int, on: str) -> dict[str, Any]:
    """Return a Running pod of about three thousand bytes."""
    variables = [{"name": f"SETTING_{n}", "value": "x" * 40} for n in range(20)]
    app = {"name": "app", "image": "registry.example.com/app:1", "env": variables}
    volume = {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": f"app-{number % 500}",
        "uid": f"{number % 500:08x}-0000-4000-8000-000000000000",
        "controller": True,
    }
    kinds = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    conditions = [
        {"type": each, "status": "True", "lastTransitionTime": "2026-01-01T12:00:00Z"} for each in kinds
    ]
    status = {"name": "app", "ready": True, "restartCount": 0, "containerID": f"containerd://{number:064x}"}
    return {
        "metadata": {
            "name": f"app-{number % 500}-{number:05x}",
            "labels": {"app": f"app-{number % 500}", "pod-template-hash": "7d4c9b"},
            "ownerReferences": [owner],
        },
        "spec": {"nodeName": on, "containers": [app], "volumes": [volume]},
        "status": {"phase": "Running", "conditions": conditions, "containerStatuses": [status]},
    }


async def test_copying_a_large_cluster(tmp_path: Path, figures: Figures) -> None:
    socket = serving.bound("127.0.0.1", 0, "--kube-port")
    clusters = EmbeddedKubernetes(
        clock=RealClock(), ids=SeededIds(1), data_dir=tmp_path, host="127.0.0.1", port=socket.getsockname()[1]
    )
    server = serving.server(clusters.asgi, clusters.certificate())
    task = asyncio.create_task(server.serve(sockets=[socket]))
    handle = await clusters.create(*PLACE, "1.34")
    # No controllers: they are another figure, and the processor is shared with the copy that is measured.
    clusters._tasks[PLACE].cancel()
    names = []
    for number in range(NODES):
        made = handle.api.create("nodes", None, node(number))
        names.append(made["metadata"]["name"])
    for number in range(PODS):
        handle.api.create("pods", "default", pod(number, names[number % NODES]))
    handle.store.flush()
    told = {
        "url": handle.url,
        "ca": clusters.ca_data,
        "token": clusters.internal_token,
        "nodes": NODES,
        "pods": PODS,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *COPY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate(json.dumps(told).encode() + b"\n")
    found = json.loads(said)
    what = f"{NODES:,} nodes and {PODS:,} pods of the embedded API, served on the same two processors"
    figures.add(Figure("copy of a large cluster", found["seconds"], "s", what, bar=10))
    figures.add(Figure("memory of a process with that copy", found["mb"], "MB", what, bar=500))
    server.should_exit = True
    await task
