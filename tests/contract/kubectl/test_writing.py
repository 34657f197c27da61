"""What kubectl changes: apply, the generators of create, patches, labels, deletions."""

from __future__ import annotations

import json

import pytest

from tests.contract.kubectl.conftest import Kubectl


@pytest.fixture(scope="module")
def space(kubectl: Kubectl) -> str:
    return kubectl.space("writing")


CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: %s, labels: {part: "%s"}}
data: {key: "%s"}
"""

GENERATED = (
    ("deployment d1 --image=i:1 --replicas=2", "deployment.apps/d1 created"),
    ("configmap c1 --from-literal=a=b", "configmap/c1 created"),
    ("secret generic s1 --from-literal=p=q", "secret/s1 created"),
    ("serviceaccount robot", "serviceaccount/robot created"),
    ("job j1 --image=i:1", "job.batch/j1 created"),
    ("cronjob cj1 --image=i:1 --schedule=@hourly", "cronjob.batch/cj1 created"),
    (
        "poddisruptionbudget b1 --selector=app=d1 --max-unavailable=25%",
        "poddisruptionbudget.policy/b1 created",
    ),
    ("quota q1 --hard=pods=10,requests.cpu=4", "resourcequota/q1 created"),
    ("service clusterip v1 --tcp=80:8080", "service/v1 created"),
    ("role r1 --verb=get --resource=pods", "role.rbac.authorization.k8s.io/r1 created"),
    ("rolebinding rb1 --role=r1 --user=me", "rolebinding.rbac.authorization.k8s.io/rb1 created"),
    ("ingress i1 --rule=a.example/*=v1:80", "ingress.networking.k8s.io/i1 created"),
)


@pytest.mark.parametrize(("line", "printed"), GENERATED)
def test_create_generators_are_understood(kubectl: Kubectl, space: str, line: str, printed: str) -> None:
    assert printed in kubectl(f"create {line}", space=space)


def test_create_generators_without_a_namespace_are_understood(kubectl: Kubectl) -> None:
    made = kubectl("create priorityclass urgent --value=1000 --preemption-policy=Never")
    assert "priorityclass.scheduling.k8s.io/urgent created" in made
    assert kubectl("get pc urgent -o", "jsonpath={.value} {.preemptionPolicy}") == "1000 Never"
    assert "namespace/generated created" in kubectl("create namespace generated")
    assert "serviceaccount/default" in kubectl("get sa -o name", space="generated")
    assert "clusterrole" in kubectl("create clusterrole cr1 --verb=get --resource=nodes")
    token_space = kubectl("get cm -o name", space="generated")
    assert "configmap/kube-root-ca.crt" in token_space


def test_what_generators_sent_arrived_whole(kubectl: Kubectl, space: str) -> None:
    budget = json.loads(kubectl("get pdb b1 -o json", space=space))
    assert budget["spec"] == {"maxUnavailable": "25%", "selector": {"matchLabels": {"app": "d1"}}}
    quota = json.loads(kubectl("get quota q1 -o json", space=space))
    assert quota["spec"]["hard"] == {"pods": "10", "requests.cpu": "4"}
    assert kubectl("get cj cj1 -o", "jsonpath={.spec.schedule}", space=space) == "@hourly"


def test_apply_creates_changes_and_leaves_alone(kubectl: Kubectl, space: str) -> None:
    assert "configmap/a1 created" in kubectl("apply -f -", stdin=CONFIG % ("a1", "x", "1"), space=space)
    assert "configmap/a1 configured" in kubectl("apply -f -", stdin=CONFIG % ("a1", "x", "2"), space=space)
    assert "configmap/a1 unchanged" in kubectl("apply -f -", stdin=CONFIG % ("a1", "x", "2"), space=space)
    assert kubectl("get cm a1 -o", "jsonpath={.data.key}", space=space) == "2"
    assert "(server dry run)" in kubectl(
        "apply --dry-run=server -f -", stdin=CONFIG % ("a2", "x", "2"), space=space
    )
    assert "NotFound" in kubectl("get cm a2", fails=True, space=space)
    difference = kubectl("diff -f -", stdin=CONFIG % ("a1", "x", "3"), space=space, fails=True)
    assert '+  key: "3"' in difference


def test_apply_prunes_what_is_no_longer_named(kubectl: Kubectl, space: str) -> None:
    both = CONFIG % ("p1", "pruned", "1") + "---" + CONFIG % ("p2", "pruned", "1")
    kubectl("apply -f -", stdin=both, space=space)
    words = "apply --prune -l part=pruned --prune-allowlist=core/v1/ConfigMap -f -"
    assert "configmap/p2 pruned" in kubectl(words, stdin=CONFIG % ("p1", "pruned", "1"), space=space)
    assert "configmap/p1" in kubectl("get cm -l part=pruned -o name", space=space)


def test_server_side_apply_keeps_owners_apart(kubectl: Kubectl, space: str) -> None:
    first = kubectl(
        "apply --server-side --field-manager=one -f -", stdin=CONFIG % ("ss", "x", "1"), space=space
    )
    assert "configmap/ss serverside-applied" in first
    other = CONFIG % ("ss", "x", "2")
    refused = kubectl("apply --server-side --field-manager=two -f -", stdin=other, space=space, fails=True)
    assert 'conflict with "one"' in refused and ".data.key" in refused
    kubectl("apply --server-side --field-manager=two --force-conflicts -f -", stdin=other, space=space)
    assert kubectl("get cm ss -o", "jsonpath={.data.key}", space=space) == "2"


def test_patches_of_three_types_change_what_they_name(kubectl: Kubectl, space: str) -> None:
    kubectl("create deployment pd --image=i:1", space=space)
    strategic = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "s:1"}]}}}}
    kubectl("patch deploy pd -p", json.dumps(strategic), space=space)
    images = "jsonpath={.spec.template.spec.containers[*].image}"
    assert sorted(kubectl("get deploy pd -o", images, space=space).split()) == ["i:1", "s:1"]
    kubectl("patch deploy pd --type=merge -p", '{"spec":{"replicas":3}}', space=space)
    steps = '[{"op":"replace","path":"/spec/replicas","value":4}]'
    assert "deployment.apps/pd patched" in kubectl("patch deploy pd --type=json -p", steps, space=space)
    assert kubectl("get deploy pd -o", "jsonpath={.spec.replicas}", space=space) == "4"
    kubectl("patch deploy pd --subresource=scale --type=merge -p", '{"spec":{"replicas":1}}', space=space)
    assert kubectl("get deploy pd -o", "jsonpath={.spec.replicas}", space=space) == "1"


def test_labels_and_annotations_are_set_kept_and_taken_away(kubectl: Kubectl, space: str) -> None:
    kubectl("create cm marked", space=space)
    assert "configmap/marked labeled" in kubectl("label cm marked a=1 b=2", space=space)
    assert "already has a value" in kubectl("label cm marked a=3", fails=True, space=space)
    kubectl("label cm marked a=3 b- --overwrite", space=space)
    assert kubectl("get cm marked -o", "jsonpath={.metadata.labels}", space=space) == '{"a":"3"}'
    assert "annotated" in kubectl("annotate cm marked note=x", space=space)


def test_set_image_scale_expose_and_environment(kubectl: Kubectl, space: str) -> None:
    kubectl("create deployment shown --image=i:1 --port=8080", space=space)
    assert "image updated" in kubectl("set image deploy/shown i=i:2", space=space)
    assert "scaled" in kubectl("scale deploy/shown --replicas=2 --current-replicas=1", space=space)
    assert "service/shown exposed" in kubectl("expose deploy shown --port=80 --target-port=8080", space=space)
    kubectl("set resources deploy/shown --requests=cpu=50m", space=space)
    kubectl("set env deploy/shown MODE=fast", space=space)
    shown = json.loads(kubectl("get deploy shown -o json", space=space))
    container = shown["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "i:2" and container["env"] == [{"name": "MODE", "value": "fast"}]
    kubectl.until("get endpoints shown --no-headers", r":8080,.*:8080", space=space)


def test_deletion_waits_takes_labels_grace_and_force(kubectl: Kubectl, space: str) -> None:
    for name in ("gone-1", "gone-2", "gone-3"):
        kubectl(f"run {name} --image=i:1 --labels=kind={name[:4]}", space=space)
    kubectl.until("get pod gone-1 --no-headers", "Running", space=space)
    assert 'pod "gone-1" deleted' in kubectl("delete pod gone-1 --grace-period=5", space=space)
    assert "NotFound" in kubectl("get pod gone-1", fails=True, space=space)
    forced = kubectl("delete pod gone-2 --force --grace-period=0", space=space)
    assert 'pod "gone-2" force deleted' in forced
    assert 'pod "gone-3" deleted' in kubectl("delete pod -l kind=gone", space=space)
    assert "No resources found" in kubectl("get pod -l kind=gone", space=space)
    assert kubectl("delete pod none --ignore-not-found", space=space) == ""


def test_deleting_an_owner_takes_or_leaves_its_dependents(kubectl: Kubectl, space: str) -> None:
    kubectl("create deployment owner --image=i:1", space=space)
    kubectl.until("get pods -l app=owner --no-headers", "Running", space=space)
    kubectl("delete deploy owner --cascade=orphan", space=space)
    assert "replicaset.apps/owner-" in kubectl("get rs -l app=owner -o name", space=space)
    kubectl("delete rs -l app=owner --cascade=foreground", space=space)
    assert "No resources found" in kubectl("get pods -l app=owner", space=space)


def test_a_namespace_is_emptied_before_it_goes(kubectl: Kubectl) -> None:
    name = kubectl.space("leaving")
    kubectl("create deployment d --image=i:1", space=name)
    kubectl("create job j --image=i:1", space=name)
    assert 'namespace "leaving" deleted' in kubectl("delete ns leaving --timeout=60s")
    assert "NotFound" in kubectl("get ns leaving", fails=True)


def test_stale_edits_and_bad_objects_are_refused_with_the_reason(kubectl: Kubectl, space: str) -> None:
    bad = CONFIG % ("Bad_Name", "x", "1")
    assert "a lowercase RFC 1123 subdomain" in kubectl("apply -f -", stdin=bad, fails=True, space=space)
    kubectl("create cm stale", space=space)
    old = kubectl("get cm stale -o json", space=space)
    kubectl("label cm stale now=here", space=space)
    refused = kubectl("replace -f -", stdin=old, fails=True, space=space)
    assert "the object has been modified" in refused
    assert 'configmaps "stale" already exists' in kubectl("create cm stale", fails=True, space=space)


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


def test_custom_resources_are_there_at_once_and_go_with_their_definition(
    kubectl: Kubectl, space: str
) -> None:
    kubectl("apply -f -", stdin=DEFINITION)
    assert "widget.shop.example.com/w1 created" in kubectl("apply -f -", stdin=WIDGET, space=space)
    assert kubectl("get wd", space=space).split() == ["NAME", "SIZE", "w1", "big"]
    kubectl("delete crd widgets.shop.example.com")
    assert "could not find the requested resource" in kubectl("get widgets", fails=True, space=space)
