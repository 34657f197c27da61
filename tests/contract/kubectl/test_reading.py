"""What kubectl prints of a living cluster: tables, documents, descriptions, watches, questions."""

from __future__ import annotations

import json
import threading
from queue import Queue

import pytest

from tests.contract.kubectl.conftest import Kubectl

WORKLOADS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web, tier: front}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1", resources: {requests: {cpu: 100m}}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "db:1", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Gi}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: sum}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: sum, image: "sum:1"}]}}}
"""


@pytest.fixture(scope="module")
def space(kubectl: Kubectl) -> str:
    """A namespace where one of each workload has come to rest."""
    name = kubectl.space("reading")
    kubectl("apply -f -", stdin=WORKLOADS, space=name)
    kubectl("rollout status deploy/web --timeout=60s", space=name)
    kubectl("rollout status sts/db --timeout=60s", space=name)
    kubectl("wait --for=condition=complete job/sum --timeout=60s", space=name)
    return name


def lines(printed: str) -> list[list[str]]:
    return [line.split() for line in printed.strip().splitlines()]


def test_get_shows_the_columns_of_each_kind(kubectl: Kubectl, space: str) -> None:
    assert lines(kubectl("get deploy", space=space))[1][:4] == ["web", "2/2", "2", "2"]
    assert lines(kubectl("get sts", space=space))[1][:2] == ["db", "1/1"]
    assert lines(kubectl("get job", space=space))[1][:3] == ["sum", "Complete", "1/1"]
    assert lines(kubectl("get pdb", space=space))[1][:4] == ["web", "1", "N/A", "1"]
    claim = lines(kubectl("get pvc", space=space))[1]
    assert (claim[0], claim[1], claim[3:6]) == ("data-db-0", "Bound", ["2Gi", "RWO", "gp2"])
    assert kubectl("get sc").count("gp2 (default)") == 1


def test_get_all_and_all_namespaces(kubectl: Kubectl, space: str) -> None:
    everything = kubectl("get all", space=space)
    for name in ("pod/db-0", "service/web", "deployment.apps/web", "statefulset.apps/db", "job.batch/sum"):
        assert name in everything
    assert {"kube-system", space} <= {line[0] for line in lines(kubectl("get pods -A"))}


def test_wide_tables_have_more_columns(kubectl: Kubectl, space: str) -> None:
    heads, row = lines(kubectl("get pod db-0 -o wide", space=space))
    assert {"IP", "NODE"} <= set(heads) and any(word.startswith("yard-") for word in row)
    assert "INTERNAL-IP" in kubectl("get nodes -o wide")


def test_selectors_and_sorting(kubectl: Kubectl, space: str) -> None:
    assert len(lines(kubectl("get pods -l app=web --no-headers", space=space))) == 2
    assert "db-0" not in kubectl("get pods -l", "app notin (db)", space=space)
    running = kubectl("get pods --field-selector=status.phase=Running -o name", space=space)
    assert "pod/db-0" in running and "sum" not in running
    named = kubectl("get pods --sort-by=.metadata.name -o name", space=space).split()
    assert named == sorted(named)
    assert "front" in kubectl("get deploy -L tier", space=space)


def test_documents_come_in_every_form(kubectl: Kubectl, space: str) -> None:
    assert "kind: Deployment" in kubectl("get deploy web -o yaml", space=space)
    assert json.loads(kubectl("get deploy web -o json", space=space))["status"]["readyReplicas"] == 2
    shown = kubectl("get pods -o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName", space=space)
    assert lines(shown)[0] == ["NAME", "NODE"]
    path = "jsonpath={.items[*].metadata.name}"
    assert "db-0" in kubectl("get pods -o", path, space=space)
    template = "go-template={{range .items}}{{.metadata.name}} {{end}}"
    assert "db-0" in kubectl("get pods -o", template, space=space)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("node yard-1", ["Non-terminated Pods", "Allocated resources", "topology.kubernetes.io/zone"]),
        ("pod db-0", ["Node:", "yard-", "ClaimName:   data-db-0", "Successfully assigned reading/db-0"]),
        ("deploy web", ["2 desired | 2 updated | 2 total | 2 available", "ScalingReplicaSet"]),
        ("pdb web", ["Min available:  1", "Allowed disruptions:  1", "Current:              2"]),
        (
            "sts db",
            ["Replicas:           1 desired | 1 total", "create Pod db-0 in StatefulSet db successful"],
        ),
        ("job sum", ["Pods Statuses:", "0 Active (0 Ready) / 1 Succeeded / 0 Failed", "SuccessfulCreate"]),
        ("pvc data-db-0", ["Status:        Bound", "Used By:       db-0", "ProvisioningSucceeded"]),
        ("svc web", ["Selector:", "app=web", "Endpoints:", ":80"]),
    ],
)
def test_descriptions_tell_the_state_and_the_events(
    kubectl: Kubectl, space: str, what: str, words: list[str]
) -> None:
    printed = kubectl(f"describe {what}", space=space)
    for word in words:
        assert word in printed, printed


def test_services_have_endpoints_in_both_forms(kubectl: Kubectl, space: str) -> None:
    assert lines(kubectl("get endpointslices -l kubernetes.io/service-name=web", space=space))[1][1:3] == [
        "IPv4",
        "80",
    ]
    addresses = "jsonpath={.subsets[0].addresses[*].ip}"
    assert len(kubectl("get endpoints web -o", addresses, space=space).split("Warning")[0].split()) == 2


def test_a_pending_pod_says_why_in_the_words_of_the_real_scheduler(kubectl: Kubectl, space: str) -> None:
    overrides = json.dumps({"spec": {"nodeSelector": {"pool": "none"}}})
    kubectl("run stuck --image=i:1 --overrides", overrides, space=space)
    told = kubectl.until("events --for pod/stuck", "FailedScheduling", space=space)
    assert (
        "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes "
        "are available: 2 Preemption is not helpful for scheduling."
    ) in told
    assert lines(kubectl("get pod stuck --no-headers", space=space))[0][2] == "Pending"


def test_events_are_listed_and_filtered(kubectl: Kubectl, space: str) -> None:
    assert "SuccessfulCreate" in kubectl("get events", space=space)
    only = kubectl("get events --field-selector=reason=Scheduled -o custom-columns=R:.reason", space=space)
    assert set(only.split()) == {"R", "Scheduled"}
    assert "Job completed" in kubectl("events --for job/sum", space=space)


def test_wait_ends_when_the_condition_holds_and_tells_when_it_does_not(kubectl: Kubectl, space: str) -> None:
    assert "condition met" in kubectl("wait --for=condition=Ready pod/db-0 --timeout=30s", space=space)
    assert "condition met" in kubectl("wait --for=jsonpath={.status.phase}=Running pod/db-0", space=space)
    late = kubectl("wait --for=condition=Ready pod/none --timeout=1s", fails=True, space=space)
    assert "not found" in late


def test_a_watch_prints_each_change(kubectl: Kubectl, space: str) -> None:
    kubectl("run first --image=i:1 --labels=app=watched", space=space)
    kubectl("wait --for=condition=Ready pod/first --timeout=60s", space=space)
    process = kubectl.start(f"get pods -w -n {space} -l app=watched")
    assert process.stdout is not None
    stream, printed = process.stdout, Queue[str]()
    reader = threading.Thread(target=lambda: [printed.put(line) for line in stream], daemon=True)
    reader.start()
    states = []
    try:
        while not printed.get(timeout=30).startswith("first"):
            pass  # from here on it watches
        kubectl("run watched --image=i:1 --labels=app=watched", space=space)
        while "Running" not in states:
            words = printed.get(timeout=30).split()
            states += words[2:3] if words[0] == "watched" else []
    finally:
        process.terminate()
        process.wait(10)
    assert {"Pending", "ContainerCreating"} & set(states)


def test_the_cluster_says_what_it_is_and_has(kubectl: Kubectl) -> None:
    assert "Server Version: v1.33" in kubectl("version")
    assert "is running at" in kubectl("cluster-info")
    kinds = kubectl("api-resources --no-headers")
    for kind in ("StatefulSet", "PersistentVolumeClaim", "PriorityClass", "ResourceQuota", "LimitRange"):
        assert kind in kinds
    assert "apps/v1" in kubectl("api-versions")
    assert "KIND:       Pod" in kubectl("explain pod")


def test_questions_about_rights_are_answered(kubectl: Kubectl) -> None:
    assert kubectl("auth can-i create pods").strip() == "yes"
    assert "system:masters" in kubectl("auth whoami")


def test_what_a_simulated_cluster_cannot_do_is_said_clearly(kubectl: Kubectl, space: str) -> None:
    assert "Metrics API not available" in kubectl("top nodes", fails=True)
    assert "simulated" in kubectl("logs db-0", fails=True, space=space)
    assert "simulated" in kubectl("exec db-0 -- ls", fails=True, space=space)
    assert 'pods "none" not found' in kubectl("get pod none", fails=True, space=space)
    assert "the server doesn't have a resource type" in kubectl("get nonsense", fails=True)
