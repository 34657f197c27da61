"""The control plane of the tests itself: it is real, whole, on loopback only, and ends when told to."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from tests.plane import Plane, running, until


def kubectl(plane: Plane, *words: str, body: Any = None) -> dict[str, Any]:
    """Run kubectl and return what it prints as JSON."""
    found = shutil.which("kubectl")
    if found is None:
        pytest.skip("kubectl is not installed")
    command = [found, "--kubeconfig", str(plane.kubeconfig), *words, "-o", "json"]
    done = subprocess.run(
        command, input=json.dumps(body) if body else None, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found_json: dict[str, Any] = json.loads(done.stdout)
    return found_json


NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "node-1", "labels": {"kubernetes.io/hostname": "node-1"}},
    "status": {
        "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"},
        "capacity": {"cpu": "4", "memory": "8Gi", "pods": "10"},
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
    },
}
WEB = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "app", "image": "app:1"}]},
        },
    },
}


def test_its_controllers_and_its_scheduler_work(plane: Plane) -> None:
    assert tuple(int(part) for part in plane.version.lstrip("v").split(".")[:2]) >= (1, 34)
    assert plane.server.startswith("https://127.0.0.1:")
    kubectl(plane, "create", "-f", "-", body=NODE)
    kubectl(plane, "create", "-f", "-", body=WEB)

    def placed() -> bool:
        pods = kubectl(plane, "get", "pods", "-l", "app=web")["items"]
        return len(pods) == 2 and all(each["spec"].get("nodeName") == "node-1" for each in pods)

    until(placed)


@pytest.mark.parametrize("how", ["its standard input closes", "SIGTERM"])
def test_it_ends_when(how: str) -> None:
    with running() as plane:
        if how == "SIGTERM":
            plane.process.terminate()
        else:
            assert plane.process.stdin is not None
            plane.process.stdin.close()
        assert plane.process.wait(30) == 0
