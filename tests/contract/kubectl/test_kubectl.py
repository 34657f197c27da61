"""An unmodified kubectl against the façade, over TLS."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from nodeyard.drivers.system import RealClock, SeededIds
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.certificates import Authority
from nodeyard.world.kubernetes.credentials import Tokens
from nodeyard.world.kubernetes.facade import Facade
from nodeyard.world.kubernetes.store import Store

KUBECTL = shutil.which("kubectl")
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed")

PLACE = ("111122223333", "eu-west-1", "demo")
TOKEN = "test-token"

Run = Callable[..., str]

WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.shop.example.com}
spec:
  group: shop.example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
    additionalPrinterColumns: [{name: Size, type: string, jsonPath: .spec.size}]
"""

WIDGET = """
apiVersion: shop.example.com/v1
kind: Widget
metadata: {name: w1}
spec: {size: big}
"""


@dataclass
class Cluster:
    version: str
    api: Api
    kubeconfig: Path


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    directory = tmp_path_factory.mktemp("cluster")
    clock, ids = RealClock(), SeededIds(1)
    api = Api(Store(clock, ids), clock, ids)
    api.create("namespaces", None, {"metadata": {"name": "default"}})
    authority = Authority(directory / "pki", clock.now())
    certificate, key = authority.server("127.0.0.1")
    listener = socket.create_server(("127.0.0.1", 0))
    made = Cluster("1.32", api, directory / "kubeconfig")
    facade = Facade(lambda *place: made if place == PLACE else None, Tokens(TOKEN, clock, None))
    config = uvicorn.Config(
        facade, ssl_certfile=certificate, ssl_keyfile=key, log_level="error", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    url = f"https://127.0.0.1:{listener.getsockname()[1]}/{'/'.join(PLACE)}"
    ca_data = base64.b64encode(authority.pem).decode()
    made.kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [
                    {"name": "c", "cluster": {"server": url, "certificate-authority-data": ca_data}}
                ],
                "users": [{"name": "u", "user": {"token": TOKEN}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }
        )
    )
    yield made
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture
def kubectl(cluster: Cluster, tmp_path: Path) -> Run:
    assert KUBECTL is not None
    program = KUBECTL

    def run(*words: str, stdin: str = "", fails: bool = False) -> str:
        environment = {"KUBECONFIG": str(cluster.kubeconfig), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            [program, *words], input=stdin, env=environment, capture_output=True, text=True, timeout=60
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def running_pod(api: Api, name: str, node: str, labels: dict[str, str], grace: int = 0) -> None:
    spec = {"containers": [{"name": "c", "image": "i:1"}], "terminationGracePeriodSeconds": grace}
    owner = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "rs", "uid": "u", "controller": True}]
    metadata = {"name": name, "labels": labels, "ownerReferences": owner}
    api.create(
        "replicasets.apps",
        "default",
        {
            "metadata": {"name": "rs"},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": spec},
            },
        },
    )
    api.create("pods", "default", {"metadata": metadata, "spec": spec})
    api.bind("default", name, node)
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    body: dict[str, Any] = {**api.get("pods", "default", name), "status": status}
    api.update("pods", "default", name, body, subresource="status")


def test_version_and_resources_are_discovered(kubectl: Run) -> None:
    assert "Server Version: v1.32" in kubectl("version")
    listed = kubectl("api-resources")
    assert "poddisruptionbudgets" in listed and "events.k8s.io/v1" in listed


def test_typed_creates_arrive_whole(kubectl: Run) -> None:
    kubectl("create", "ns", "typed")
    kubectl("create", "cm", "c", "-n", "typed", "--from-literal=a=b")
    kubectl("create", "secret", "generic", "s", "-n", "typed", "--from-literal=p=q")
    kubectl("create", "sa", "robot", "-n", "typed")
    kubectl("create", "deployment", "d", "-n", "typed", "--image=i:1", "--replicas=2", "--port=80")
    kubectl("create", "job", "j", "-n", "typed", "--image=i:1")
    kubectl("create", "role", "r", "-n", "typed", "--verb=get", "--resource=pods")
    kubectl("create", "service", "clusterip", "s", "-n", "typed", "--tcp=80:8080")
    assert kubectl("get", "cm", "c", "-n", "typed", "-o", "jsonpath={.data.a}") == "b"
    assert kubectl("get", "secret", "s", "-n", "typed", "-o", "jsonpath={.data.p}") == "cQ=="
    shown = json.loads(kubectl("get", "deploy", "d", "-n", "typed", "-o", "json"))
    container = shown["spec"]["template"]["spec"]["containers"][0]
    assert (shown["spec"]["replicas"], container["ports"][0]["containerPort"]) == (2, 80)
    target = kubectl("get", "svc", "s", "-n", "typed", "-o", "jsonpath={.spec.ports[0].targetPort}")
    assert target == "8080"


def test_apply_creates_configures_and_leaves_alone(kubectl: Run) -> None:
    assert "deployment.apps/web created" in kubectl("apply", "-f", "-", stdin=WORKLOAD)
    changed = WORKLOAD.replace("web:1", "web:2")
    assert "deployment.apps/web configured" in kubectl("apply", "-f", "-", stdin=changed)
    assert "deployment.apps/web unchanged" in kubectl("apply", "-f", "-", stdin=changed)
    out = kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=WORKLOAD)
    assert "deployment.apps/web serverside-applied" in out
    image = "jsonpath={.spec.template.spec.containers[0].image}"
    assert kubectl("get", "deploy", "web", "-o", image) == "web:1"
    kubectl("scale", "deploy", "web", "--replicas=5")
    assert kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "5"
    kubectl("rollout", "restart", "deploy", "web")
    assert "RollingUpdate" in kubectl("describe", "deploy", "web")


def test_rollout_status_follows_the_deployment(cluster: Cluster, kubectl: Run) -> None:
    kubectl("create", "deployment", "rolled", "--image=i:1", "--replicas=1")
    threading.Timer(1.0, finish_rollout, (cluster.api, "rolled")).start()
    out = kubectl("rollout", "status", "deploy", "rolled", "--timeout=30s")
    assert 'deployment "rolled" successfully rolled out' in out


def finish_rollout(api: Api, name: str) -> None:
    body = api.get("deployments.apps", "default", name)
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1)
    status = {"observedGeneration": body["metadata"]["generation"], **counts}
    api.update("deployments.apps", "default", name, {**body, "status": status}, subresource="status")


def test_nodes_are_labelled_tainted_and_cordoned(cluster: Cluster, kubectl: Run) -> None:
    cluster.api.create("nodes", None, {"metadata": {"name": "n1"}})
    kubectl("label", "node", "n1", "tier=front")
    kubectl("annotate", "node", "n1", "note=x")
    kubectl("taint", "node", "n1", "a=b:NoSchedule")
    kubectl("taint", "node", "n1", "c=d:NoExecute")
    kubectl("taint", "node", "n1", "a:NoSchedule-")
    kubectl("cordon", "n1")
    node = cluster.api.get("nodes", None, "n1")
    assert node["metadata"]["labels"] == {"tier": "front"}
    assert [taint["key"] for taint in node["spec"]["taints"]] == ["c"]
    assert "SchedulingDisabled" in kubectl("get", "nodes", "-o", "wide")
    kubectl("uncordon", "n1")
    assert "Unschedulable:      false" in kubectl("describe", "node", "n1")


def test_drains_evict_and_stop_at_a_budget(cluster: Cluster, kubectl: Run) -> None:
    api = cluster.api
    api.create("nodes", None, {"metadata": {"name": "drained"}})
    running_pod(api, "kept", "drained", {"app": "kept"})
    kubectl("create", "pdb", "guard", "--selector=app=kept", "--min-available=1")
    body = api.get("poddisruptionbudgets.policy", "default", "guard")
    status = {"observedGeneration": 1, "disruptionsAllowed": 0, "desiredHealthy": 1, "currentHealthy": 1}
    guarded = {**body, "status": status}
    api.update("poddisruptionbudgets.policy", "default", "guard", guarded, subresource="status")
    out = kubectl("drain", "drained", "--timeout=3s", fails=True)
    assert "Cannot evict pod as it would violate the pod's disruption budget" in out
    kubectl("delete", "pdb", "guard")
    assert "node/drained drained" in kubectl("drain", "drained", "--timeout=20s")
    assert api.store.pods_on("drained") == []


def test_custom_resources_are_there_at_once(kubectl: Run) -> None:
    kubectl("apply", "-f", "-", stdin=DEFINITION)
    assert "widget.shop.example.com/w1 created" in kubectl("apply", "-f", "-", stdin=WIDGET)
    assert kubectl("get", "wd").split() == ["NAME", "SIZE", "w1", "big"]


def test_questions_are_answered(kubectl: Run) -> None:
    assert kubectl("auth", "can-i", "delete", "pods").strip() == "yes"
    assert "system:masters" in kubectl("auth", "whoami")


def test_logs_and_exec_fail_with_a_reason(cluster: Cluster, kubectl: Run) -> None:
    kubectl("run", "lonely", "--image=i:1")
    assert "simulated" in kubectl("logs", "lonely", fails=True)
    assert "simulated" in kubectl("exec", "lonely", "--", "ls", fails=True)


def test_events_are_listed(cluster: Cluster, kubectl: Run) -> None:
    made = cluster.api.create("configmaps", "default", {"metadata": {"name": "told"}})
    cluster.api.event(made, "Warning", "Odd", "something odd", "test")
    assert "something odd" in kubectl("get", "events")
    assert "something odd" in kubectl("events")


def test_get_with_watch_prints_changes_as_they_come(cluster: Cluster) -> None:
    assert KUBECTL is not None
    words = [KUBECTL, "--kubeconfig", str(cluster.kubeconfig), "get", "cm", "-w"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines: list[str] = []
    assert process.stdout is not None
    stream = process.stdout
    reader = threading.Thread(target=lambda: lines.extend(iter(stream.readline, "")), daemon=True)
    reader.start()
    try:
        deadline = time.monotonic() + 30
        number = 0
        while not any("watched-" in line for line in lines[1:]) or number < 2:
            assert time.monotonic() < deadline, lines
            cluster.api.create("configmaps", "default", {"metadata": {"name": f"watched-{number}"}})
            number += 1
            threading.Event().wait(0.3)
    finally:
        process.terminate()
        process.wait(10)
    assert any("watched-" in line for line in lines)
