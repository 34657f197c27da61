"""kubectl cordon, taint and drain, as the person does it who takes a node out by hand."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from tests.contract.kubectl.conftest import Kubectl


@pytest.fixture(scope="module")
def space(kubectl: Kubectl) -> Iterator[str]:
    for name in ("drain-1", "drain-2"):
        kubectl.node(name, "eu-west-1c")
    yield kubectl.space("draining")
    kubectl("delete ns draining --timeout=60s")
    kubectl("delete node drain-1 drain-2")


def workload(name: str, replicas: int, **spec: object) -> str:
    """Return a deployment whose pods go to the nodes of these tests only."""
    pod = {"nodeSelector": {"topology.kubernetes.io/zone": "eu-west-1c"}, **spec}
    pod["containers"] = [{"name": "c", "image": "i:1"}]
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    body = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return json.dumps(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": body}
    )


def settle(kubectl: Kubectl, space: str, name: str, replicas: int, **spec: object) -> None:
    kubectl("apply -f -", stdin=workload(name, replicas, **spec), space=space)
    kubectl(f"rollout status deploy/{name} --timeout=60s", space=space)


def pods_on(kubectl: Kubectl, space: str, node: str) -> list[str]:
    return kubectl(f"get pods --field-selector=spec.nodeName={node} -o name", space=space).split()


def test_a_cordoned_node_gets_no_new_pods(kubectl: Kubectl, space: str) -> None:
    assert "node/drain-1 cordoned" in kubectl("cordon drain-1")
    assert "already cordoned" in kubectl("cordon drain-1")
    assert "Ready,SchedulingDisabled" in kubectl("get node drain-1")
    settle(kubectl, space, "avoid", 3)
    assert pods_on(kubectl, space, "drain-1") == []
    assert "node/drain-1 uncordoned" in kubectl("uncordon drain-1")
    kubectl("delete deploy avoid", space=space)


def test_taints_keep_pods_off_and_push_them_out(kubectl: Kubectl, space: str) -> None:
    settle(kubectl, space, "pushed", 4)
    assert pods_on(kubectl, space, "drain-2")
    assert "node/drain-2 tainted" in kubectl("taint node drain-2 owner=me:NoExecute")
    kubectl.until("get pods --field-selector=spec.nodeName=drain-2", "No resources found", space=space)
    assert "node/drain-2 untainted" in kubectl("taint node drain-2 owner-")
    kubectl("delete deploy pushed", space=space)


def test_a_drain_waits_for_a_budget_and_goes_on_when_it_is_lifted(kubectl: Kubectl, space: str) -> None:
    settle(kubectl, space, "kept", 2)
    kubectl("create pdb kept --selector=app=kept --min-available=2", space=space)
    kubectl.until("get pdb kept --no-headers", r"kept\s+2\s+N/A\s+0", space=space)
    process = kubectl.start("drain drain-1 --ignore-daemonsets --timeout=60s")
    assert process.stdout is not None
    printed: list[str] = []
    stream = process.stdout
    reader = threading.Thread(target=lambda: printed.extend(iter(stream.readline, "")), daemon=True)
    reader.start()
    try:
        for _ in range(200):
            if any("violate the pod's disruption budget" in line for line in printed):
                break
            reader.join(0.1)
        assert any("Cannot evict pod as it would violate the pod's disruption budget" in x for x in printed)
        kubectl("delete pdb kept", space=space)
        assert process.wait(60) == 0, printed
    finally:
        process.kill()
        reader.join(5)
    assert any("node/drain-1 drained" in line for line in printed)
    assert pods_on(kubectl, space, "drain-1") == []
    kubectl("rollout status deploy/kept --timeout=60s", space=space)
    kubectl("uncordon drain-1")
    kubectl("delete deploy kept", space=space)


def test_a_drain_refuses_what_it_would_lose_and_names_the_flags(kubectl: Kubectl, space: str) -> None:
    settle(kubectl, space, "scratch", 2, volumes=[{"name": "tmp", "emptyDir": {}}])
    overrides = {"spec": {"nodeName": "drain-1"}}
    kubectl("run bare --image=i:1 --overrides", json.dumps(overrides), space=space)
    kubectl.until("get pod bare --no-headers", "Running", space=space)
    refused = kubectl("drain drain-1", fails=True)
    for flag in ("--ignore-daemonsets", "--force"):
        assert flag in refused
    assert "--delete-emptydir-data" in kubectl("drain drain-1 --ignore-daemonsets --force", fails=True)
    done = kubectl("drain drain-1 --ignore-daemonsets --force --delete-emptydir-data --timeout=60s")
    assert "ignoring DaemonSet-managed Pods" in done and "node/drain-1 drained" in done
    assert pods_on(kubectl, space, "drain-1") == []
    assert "aws-node" in kubectl("get pods --field-selector=spec.nodeName=drain-1", space="kube-system")
    kubectl("uncordon drain-1")
    kubectl("delete deploy scratch", space=space)


def test_disabled_eviction_goes_past_budgets(kubectl: Kubectl, space: str) -> None:
    settle(kubectl, space, "forced", 2)
    kubectl("create pdb forced --selector=app=forced --min-available=2", space=space)
    kubectl.until("get pdb forced --no-headers", r"forced\s+2\s+N/A\s+0", space=space)
    done = kubectl("drain drain-2 --ignore-daemonsets --disable-eviction --timeout=60s")
    assert "node/drain-2 drained" in done
    assert pods_on(kubectl, space, "drain-2") == []
    kubectl("uncordon drain-2")
    kubectl("delete deploy,pdb forced", space=space)
