"""kubectl rollout over Deployments, StatefulSets and DaemonSets; jobs and volumes as a user drives them."""

from __future__ import annotations

import json

import pytest

from tests.contract.kubectl.conftest import Kubectl

IMAGES = "jsonpath={.spec.template.spec.containers[0].image}"


@pytest.fixture(scope="module")
def space(kubectl: Kubectl) -> str:
    return kubectl.space("rolling")


def manifest(kind: str, name: str, **spec: object) -> str:
    pod = {"containers": [{"name": "c", "image": "i:1"}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    body = {"selector": {"matchLabels": {"app": name}}, "template": template, **spec}
    return json.dumps({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": body})


def test_a_deployment_is_rolled_out_paused_undone_and_restarted(kubectl: Kubectl, space: str) -> None:
    kubectl("create deployment web --image=i:1 --replicas=3", space=space)
    done = kubectl("rollout status deploy/web --timeout=60s", space=space)
    assert 'deployment "web" successfully rolled out' in done
    kubectl("set image deploy/web i=i:2", space=space)
    kubectl("annotate deploy/web kubernetes.io/change-cause=second", space=space)
    kubectl("rollout status deploy/web --timeout=60s", space=space)
    history = kubectl("rollout history deploy/web", space=space)
    assert "1         <none>" in history and "2         second" in history
    assert "Image:\ti:1" in kubectl("rollout history deploy/web --revision=1", space=space)
    assert "rolled back" in kubectl("rollout undo deploy/web --to-revision=1", space=space)
    kubectl("rollout status deploy/web --timeout=60s", space=space)
    assert kubectl("get deploy web -o", IMAGES, space=space) == "i:1"
    assert "paused" in kubectl("rollout pause deploy/web", space=space)
    kubectl("set image deploy/web i=i:3", space=space)
    kubectl.until("get deploy web --no-headers", r"web\s+3/3\s+0\s+3", space=space)
    kubectl("rollout resume deploy/web", space=space)
    kubectl("rollout status deploy/web --timeout=60s", space=space)
    assert "restarted" in kubectl("rollout restart deploy/web", space=space)
    assert "successfully rolled out" in kubectl("rollout status deploy/web --timeout=60s", space=space)


@pytest.mark.parametrize(("kind", "short"), [("StatefulSet", "sts"), ("DaemonSet", "ds")])
def test_other_workloads_have_a_history_that_can_be_taken_back(
    kubectl: Kubectl, space: str, kind: str, short: str
) -> None:
    extra = {"replicas": 2, "serviceName": "x"} if kind == "StatefulSet" else {}
    kubectl("apply -f -", stdin=manifest(kind, short, **extra), space=space)
    kubectl(f"rollout status {short}/{short} --timeout=60s", space=space)
    kubectl(f"set image {short}/{short} c=i:2", space=space)
    kubectl(f"rollout status {short}/{short} --timeout=90s", space=space)
    history = kubectl(f"rollout history {short}/{short}", space=space)
    assert [line.split()[0] for line in history.strip().splitlines()[-2:]] == ["1", "2"]
    assert "rolled back" in kubectl(f"rollout undo {short}/{short}", space=space)
    kubectl(f"rollout status {short}/{short} --timeout=90s", space=space)
    pods = "jsonpath={.items[*].spec.containers[0].image}"
    assert set(kubectl(f"get pods -l app={short} -o", pods, space=space).split()) == {"i:1"}
    kubectl(f"rollout restart {short}/{short}", space=space)
    kubectl(f"rollout status {short}/{short} --timeout=90s", space=space)


def test_a_stateful_set_is_scaled_and_keeps_its_claims(kubectl: Kubectl, space: str) -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    claim["spec"]["resources"] = {"requests": {"storage": "1Gi"}}  # type: ignore[index]
    extra = {"replicas": 2, "serviceName": "kept", "volumeClaimTemplates": [claim]}
    kubectl("apply -f -", stdin=manifest("StatefulSet", "kept", **extra), space=space)
    kubectl("rollout status sts/kept --timeout=60s", space=space)
    kubectl("scale sts kept --replicas=1", space=space)
    kubectl("wait --for=delete pod/kept-1 --timeout=60s", space=space)
    claims = kubectl("get pvc -o name", space=space).split()
    assert claims == [f"persistentvolumeclaim/data-kept-{number}" for number in (0, 1)]
    zone = (
        "jsonpath={.items[*].spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].values[0]}"
    )
    assert set(kubectl("get pv -o", zone).split()) <= {"eu-west-1a", "eu-west-1b"}
    frozen = kubectl(
        "patch sts kept --type=merge -p",
        '{"spec":{"podManagementPolicy":"Parallel"}}',
        fails=True,
        space=space,
    )
    assert "updates to statefulset spec for fields other than" in frozen


def test_a_job_is_suspended_resumed_and_waited_for(kubectl: Kubectl, space: str) -> None:
    pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i:1"}]}
    marks = {"annotations": {"nodeyard.dev/run-seconds": "60"}}
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "pause"}}
    body["spec"] = {"template": {"metadata": marks, "spec": pod}}
    kubectl("apply -f -", stdin=json.dumps(body), space=space)
    kubectl("patch job pause --type=merge -p", '{"spec":{"suspend":true}}', space=space)
    kubectl.until("get job pause --no-headers", "Suspended", space=space)
    kubectl("patch job pause --type=merge -p", '{"spec":{"suspend":false}}', space=space)
    kubectl("wait --for=condition=complete job/pause --timeout=60s", space=space)
    assert kubectl("get job pause --no-headers", space=space).split()[1:3] == ["Complete", "1/1"]


def test_a_stuck_rollout_is_reported_when_its_time_is_over(kubectl: Kubectl, space: str) -> None:
    pod = {"containers": [{"name": "c", "image": "i:1", "resources": {"requests": {"cpu": "64"}}}]}
    template = {"metadata": {"labels": {"app": "stuck"}}, "spec": pod}
    stuck = manifest("Deployment", "stuck", replicas=1, template=template, progressDeadlineSeconds=60)
    kubectl("apply -f -", stdin=stuck, space=space)
    told = kubectl("rollout status deploy/stuck --timeout=60s", fails=True, space=space)
    assert 'deployment "stuck" exceeded its progress deadline' in told
