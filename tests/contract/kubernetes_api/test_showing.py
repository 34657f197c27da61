"""What kubectl shows of objects: the rows of tables, cell by cell, as both servers make them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.kubernetes_api.doors import TABLE, Door
from tests.contract.kubernetes_api.test_reading import a_map, a_pod
from tests.contract.kubernetes_api.test_writing import a_deployment

Obj = dict[str, Any]
Cells = dict[tuple[str, bool], list[Any]]
_CHANCE = re.compile(r"^(\d+[smh])+$|^<invalid>$|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _workload(kind: str, **spec: Any) -> Obj:
    whole = a_deployment()["spec"]
    whole.pop("replicas")
    return {"metadata": {"name": "web"}, "spec": {**whole, **spec}}


def _job() -> Obj:
    spec = {"restartPolicy": "Never", "containers": [{"name": "app", "image": "app:1"}]}
    return {"metadata": {"name": "web"}, "spec": {"suspend": True, "template": {"spec": spec}}}


def _volume(name: str, space: str) -> Obj:
    spec = {
        "capacity": {"storage": "5Gi"},
        "accessModes": ["ReadWriteOnce", "ReadOnlyMany"],
        "storageClassName": "none",
        "hostPath": {"path": "/x"},
    }
    return {"metadata": {"name": f"{name}-{space}"}, "spec": spec}


CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
GATED = {"schedulingGates": [{"name": "example.com/wait"}], "initContainers": [{"name": "i", "image": "i:1"}]}
SERVICE = {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80, "nodePort": 30080}]}
BUDGET = {"maxUnavailable": "30%", "selector": {"matchLabels": {"app": "nobody"}}}
TAINTED = {"unschedulable": True, "taints": [{"key": "k", "effect": "NoSchedule"}]}
STATUS = {
    "conditions": [{"type": "Ready", "status": "True"}],
    "addresses": [
        {"type": "InternalIP", "address": "10.0.0.1"},
        {"type": "ExternalIP", "address": "1.2.3.4"},
    ],
    "nodeInfo": {
        "kubeletVersion": "v1.34.1",
        "osImage": "Linux",
        "kernelVersion": "6",
        "containerRuntimeVersion": "containerd://2",
        **dict.fromkeys(("machineID", "systemUUID", "bootID", "kubeProxyVersion"), ""),
        "operatingSystem": "linux",
        "architecture": "amd64",
    },
}
LABELS = {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/edge": ""}
MADE: dict[str, tuple[str, Any]] = {
    "pods": ("pods", a_pod("web", **GATED)),
    "configmaps": ("configmaps", a_map("web")),
    "secrets": ("secrets", {"metadata": {"name": "web"}, "type": "Opaque", "stringData": {"a": "1"}}),
    "services": ("services", {"metadata": {"name": "web"}, "spec": {**SERVICE, "clusterIP": "10.96.7.7"}}),
    "deployments": ("apps/v1:deployments", a_deployment()),
    "statefulsets": ("apps/v1:statefulsets", _workload("StatefulSet", replicas=0, serviceName="web")),
    "daemonsets": ("apps/v1:daemonsets", _workload("DaemonSet")),
    "replicasets": ("apps/v1:replicasets", _workload("ReplicaSet", replicas=0)),
    "jobs": ("batch/v1:jobs", _job()),
    "budgets": ("policy/v1:poddisruptionbudgets", {"metadata": {"name": "web"}, "spec": BUDGET}),
    "claims": (
        "persistentvolumeclaims",
        {"metadata": {"name": "web"}, "spec": {**CLAIM, "storageClassName": "none"}},
    ),
    "accounts": ("serviceaccounts", {"metadata": {"name": "web"}}),
}


def _compared(cell: Any) -> Any:
    """Return a cell without what differs from one moment and one object to the next."""
    return _CHANCE.sub("*", cell) if isinstance(cell, str) else cell


@pytest.fixture(scope="session")
def rows() -> Cells:
    """What each server's rows say, to compare them once both were asked."""
    return {}


async def compared(door: Door, rows: Cells, what: str, path: str, name: str) -> None:
    answer = await door.ask("GET", path, accept=TABLE)
    (cells,) = [each["cells"] for each in answer.body["rows"] if each["cells"][0] == name]
    rows[what, door.real] = [_compared(each) for each in cells[1:]]
    if (what, not door.real) in rows:
        assert rows[what, False] == rows[what, True]


@pytest.mark.parametrize("what", MADE)
async def test_a_row_has_the_same_cells(door: Door, what: str, rows: Cells) -> None:
    path, body = MADE[what]
    await door.make(path, body)

    async def settled() -> bool:
        found = (await door.get(f"{path}/web")).body
        if what == "jobs":  # its controller tells by a condition that it holds the job back
            return bool((found.get("status") or {}).get("conditions"))
        seen = (found.get("status") or {}).get("observedGeneration")
        return seen is None or bool(seen == found["metadata"]["generation"])

    await door.until(settled)
    await compared(door, rows, what, path, "web")


async def test_the_row_of_a_node_has_the_same_cells(door: Door, rows: Cells) -> None:
    name = f"node-{door.space}"
    body = {"metadata": {"name": name, "labels": LABELS}, "spec": TAINTED, "status": STATUS}
    await door.make("/api/v1/nodes", body)
    await compared(door, rows, "nodes", "/api/v1/nodes", name)


async def test_the_row_of_a_volume_has_the_same_cells(door: Door, rows: Cells) -> None:
    body = _volume("volume", door.space)
    await door.make("/api/v1/persistentvolumes", body)
    name = body["metadata"]["name"]

    async def settled() -> bool:
        found = (await door.get(f"/api/v1/persistentvolumes/{name}")).body
        return bool(found["status"].get("phase") == "Available")

    await door.until(settled)
    await compared(door, rows, "volumes", "/api/v1/persistentvolumes", name)


async def test_a_row_shows_the_object_as_it_is_asked_for(door: Door) -> None:
    await door.make("configmaps", a_map("web"))
    for include, kind in (("Object", "ConfigMap"), ("Metadata", "PartialObjectMetadata")):
        answer = await door.ask("GET", "configmaps/web", accept=TABLE, includeObject=include)
        (row,) = answer.body["rows"]
        assert row["object"]["kind"] == kind and row["object"]["metadata"]["name"] == "web"
    answer = await door.ask("GET", "configmaps/web", accept=TABLE, includeObject="None")
    assert "object" not in answer.body["rows"][0] or answer.body["rows"][0]["object"] is None


async def test_a_watch_of_tables_tells_its_columns_once(door: Door) -> None:
    for name in ("a", "b"):
        await door.make("configmaps", a_map(name, mine="1"))
    events = await door.watch("configmaps", 2, accept=TABLE, labelSelector="mine")
    assert [kind for kind, _ in events] == ["ADDED", "ADDED"]
    assert [bool(each.get("columnDefinitions")) for _, each in events] == [True, False]
    assert sorted(each["rows"][0]["cells"][0] for _, each in events) == ["a", "b"]
