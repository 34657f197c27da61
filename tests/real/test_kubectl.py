"""The same kubectl commands against the embedded cluster and a real one: codes and output are the same.

What may differ is taken out first: ages, hashes, addresses, versions. What does differ, and why, is told in
docs/explanation/embedded-world.md.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import threading
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.kubectl.conftest import Kubectl, Living
from tests.plane import Plane, running
from tests.real.machines import asked

MERGE = "application/merge-patch+json"
NODES = ("yard-1", "yard-2")
WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web, set: a}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1", resources: {requests: {cpu: 100m}}}]}
"""
BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
"""
FILES = {
    "web.yaml": WEB,
    "more.yaml": WEB.replace("web:1", "web:2").replace("replicas: 2", "replicas: 3"),
    "other.yaml": WEB.replace("{app: web}}", "{app: other}}"),
    "typo.yaml": WEB.replace("replicas", "replica").replace("name: web, labels", "name: typo, labels"),
    "text.yaml": WEB.replace("replicas: 2", "replicas: two"),
    "wrong.yaml": WEB.replace("{name: web, labels", "{name: Web_, labels").replace("100m", "2, memory: 1x"),
    "budget.yaml": BUDGET,
    "both.yaml": BUDGET.replace("minAvailable: 2", "minAvailable: 2, maxUnavailable: 1"),
    "kind.yaml": "apiVersion: v1\nkind: Nothing\nmetadata: {name: x}\n",
    "secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: 'not base64!'}\n",
    "service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: 1x}\nspec: {ports: [{port: 0}]}\n",
}

CHAPTERS = {
    "reading": """
        apply -f web.yaml -f budget.yaml
        rollout status deploy/web --timeout=60s
        get deploy -o wide
        get deploy web -o jsonpath={.status.replicas}
        get deploy,pdb -o name
        get deploy -o custom-columns=N:.metadata.name,R:.spec.replicas
        get deploy web -o go-template={{.metadata.name}}
        get deploy --show-labels
        get pods --sort-by=.spec.nodeName -o custom-columns=N:.spec.nodeName,P:.status.phase
        get pods --field-selector spec.foo=1
        get deploy web nothing
        get nothing
        get pods -n nowhere
        describe deploy web
        describe pdb web
        describe pods nothing
        explain pod.spec.nothing
        auth can-i delete nodes
        top nodes
        wait deploy/web --for=condition=Available --timeout=20s
        wait deploy/web --for=jsonpath={.spec.replicas}=2 --timeout=20s
        wait deploy/web --for=condition=Nothing --timeout=1s
        wait pod/nothing --for=delete --timeout=1s
        """,
    "refusals": """
        create -f typo.yaml
        apply -f typo.yaml --server-side
        create -f typo.yaml --validate=warn
        create -f text.yaml
        create -f wrong.yaml
        create -f both.yaml
        create -f kind.yaml
        create -f secret.yaml
        create -f service.yaml
        create namespace Web_
        create -f web.yaml
        create -f web.yaml
        replace -f other.yaml
        patch deploy web -p {"spec":{"nothing":1}}
        patch deploy web --type merge -p {"spec":{"replicas":-1}}
        patch deploy nothing -p {"spec":{"replicas":1}}
        set resources deploy/web --requests=cpu=2 --limits=cpu=1
        scale deploy web --replicas=3 --current-replicas=9
        rollout undo deploy/web --to-revision=99
        delete namespace default
        delete pod nothing
        drain nothing
        """,
    "writing": """
        apply -f web.yaml
        apply -f more.yaml --dry-run=server
        apply -f more.yaml
        apply -f web.yaml --server-side
        apply -f web.yaml --server-side --field-manager=other --force-conflicts
        label deploy web a=b
        label deploy web a=c
        annotate deploy web a-
        rollout status deploy/web --timeout=60s
        rollout history deploy/web
        rollout restart deploy/web
        rollout pause deploy/web
        rollout undo deploy/web
        rollout resume deploy/web
        set image deploy/web web=web:9
        expose deploy web --port=80
        get service web -o jsonpath={.status}
        create job sum --image=app:1
        get job sum -o jsonpath={.metadata.labels}
        run one --image=app:1
        create configmap c --from-literal=a=b
        delete pod one --now
        delete deploy web --cascade=foreground
        """,
    "draining": """
        run bare --image=app:1 --labels=app=bare --overrides={"spec":{"nodeName":"yard-2"}}
        create pdb bare --selector=app=bare --min-available=1
        wait pod/bare --for=condition=Ready --timeout=60s
        wait pdb/bare --for=jsonpath={.status.currentHealthy}=1 --timeout=60s
        taint node yard-1 yard-2 k=v:PreferNoSchedule
        taint node yard-1 yard-2 k-
        drain yard-1 yard-2 --pod-selector=app=bare --timeout=5s
        drain -l kubernetes.io/os=linux --pod-selector=app=bare --force --timeout=3s --dry-run=server
        drain -l kubernetes.io/os=linux --pod-selector=app=bare --force --timeout=3s
        delete pdb bare
        drain -l kubernetes.io/os=linux --pod-selector=app=bare --force --timeout=30s
        get nodes
        uncordon yard-1 yard-2
        uncordon yard-1
        """,
}
_VARIES = (
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UID"),
    (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "TIME"),
    (r"-[bcdfghjklmnpqrstvwxz2456789]{8,10}(-[bcdfghjklmnpqrstvwxz2456789]{5})?\b", "-HASH"),
    (r"\b(\d+m)?\d+(\.\d+)?s\b", "AGE"),
    (r"[ \t]+", " "),
    (r"Waiting for deployment.*\n", ""),
    (r"(?s)(\n Total: \d+\n)Events:.*", r"\1"),
)
"""What is taken out: how long a rollout takes and which of its moments kubectl sees is chance, and so is
whether the real controller of budgets finds a budget before its pods, which it then says in an event."""


@dataclass(frozen=True)
class Side:
    """A cluster as kubectl reaches it."""

    name: str
    program: str
    kubeconfig: Path
    home: Path

    def tells(self, chapter: str) -> list[str]:
        """Run the commands of a chapter in a namespace of its own; return what each printed."""
        self.run("create", "namespace", chapter)
        lines = [line.split() for line in CHAPTERS[chapter].strip().splitlines()]
        return [self.run(*(() if "-n" in words else ("-n", chapter)), *words) for words in lines]

    def run(self, *words: str) -> str:
        environment = {"KUBECONFIG": str(self.kubeconfig), "HOME": str(self.home), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            [self.program, *words],
            env=environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        printed = done.stdout + done.stderr
        for pattern, word in _VARIES:
            printed = re.sub(pattern, word, printed)
        return f"$ {' '.join(words)}\n{printed}[{done.returncode}]"


def _kubelets(plane: Plane, over: threading.Event) -> None:
    """Be the kubelets of the real cluster: pods that have a node run, and those that are deleted go."""
    conditions = [{"type": each, "status": "True"} for each in ("Ready", "ContainersReady")]
    runs = {"status": {"phase": "Running", "conditions": conditions}}
    while not over.wait(0.2):
        for pod in asked(plane, "GET", "/api/v1/pods")["items"]:
            metadata = pod["metadata"]
            path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
            with contextlib.suppress(urllib.error.HTTPError):  # it may be gone since
                if metadata.get("deletionTimestamp"):
                    asked(plane, "DELETE", path, {"gracePeriodSeconds": 0})
                elif pod["spec"].get("nodeName") and pod["status"]["phase"] == "Pending":
                    asked(plane, "PATCH", f"{path}/status", runs, MERGE)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    """The embedded cluster and the real one, each with two nodes."""
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not installed")
    folder = tmp_path_factory.mktemp("sides")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    with running("--node-monitor-grace-period", "1h") as plane:
        living = Living(tmp_path_factory.mktemp("living"))
        over = threading.Event()
        kubelets = threading.Thread(target=_kubelets, args=(plane, over))
        try:
            kubectl = Kubectl(program, living, folder)
            for name in NODES:
                kubectl.node(name)
                node = json.loads(kubectl(f"get node {name} -o json"))
                metadata = {"name": name, "labels": node["metadata"]["labels"]}
                body = {"metadata": metadata, "status": node["status"]}
                asked(plane, "POST", "/api/v1/nodes", body)
            kubelets.start()
            yield (
                Side("embedded", program, living.kubeconfig, folder),
                Side("real", program, plane.kubeconfig, folder),
            )
        finally:
            over.set()
            if kubelets.is_alive():
                kubelets.join(30)
            living.stop()


@pytest.mark.timeout(400)  # a hundred and sixty programs are started, which a busy machine does slowly
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_kubectl_prints_the_same(sides: tuple[Side, Side], chapter: str) -> None:
    with ThreadPoolExecutor(2) as both:
        embedded, real = both.map(lambda side: side.tells(chapter), sides)
    assert embedded == real
