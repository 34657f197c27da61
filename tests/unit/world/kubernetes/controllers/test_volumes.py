"""Claims and volumes: who gets which, in which zone, and what pods say that wait for them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.world.kubernetes.controllers.cluster import Obj, Yard

CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"
ZONE = "topology.kubernetes.io/zone"


@pytest.fixture
def yard() -> Yard:
    yard = Yard()
    yard.storage_class()
    return yard


def node(yard: Yard, name: str, zone: str) -> None:
    made = yard.node(name)
    labels = {**made["metadata"]["labels"], ZONE: zone}
    yard.api.update("nodes", None, name, {**made, "metadata": {**made["metadata"], "labels": labels}})


def claim(yard: Yard, name: str = "data", **spec: Any) -> Obj:
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}, **spec}
    return yard.api.create(CLAIMS, "default", {"metadata": {"name": name}, "spec": wanted})


def pod(yard: Yard, name: str, claim_name: str = "data", **spec: Any) -> Obj:
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": claim_name}}
    container = {"name": "c", "image": "i:1"}
    body = {"metadata": {"name": name}, "spec": {"containers": [container], "volumes": [volume], **spec}}
    return yard.api.create("pods", "default", body)


def message(yard: Yard, name: str) -> str:
    conditions = yard.api.get("pods", "default", name)["status"]["conditions"]
    return str(next(each["message"] for each in conditions if each["type"] == "PodScheduled"))


def phase(yard: Yard, name: str = "data") -> str:
    return str(yard.api.get(CLAIMS, "default", name)["status"]["phase"])


def test_a_claim_waits_for_its_pod_and_gets_a_volume_in_the_zone_of_its_node(yard: Yard) -> None:
    node(yard, "n1", "a")
    claim(yard)
    yard.settle(5)
    assert phase(yard) == "Pending"
    pod(yard, "p")
    yard.settle(10)
    bound = yard.api.get(CLAIMS, "default", "data")
    assert bound["status"] == {
        "phase": "Bound",
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "5Gi"},
    }
    volume = yard.api.get(VOLUMES, None, bound["spec"]["volumeName"])
    terms = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert terms == [{"matchExpressions": [{"key": ZONE, "operator": "In", "values": ["a"]}]}]
    assert yard.api.get("pods", "default", "p")["status"]["phase"] == "Running"


def test_a_pod_follows_its_volume_to_the_zone_and_waits_when_the_zone_has_no_room(yard: Yard) -> None:
    node(yard, "n1", "a")
    claim(yard)
    pod(yard, "first")
    yard.settle(10)
    yard.api.delete("pods", "default", "first", grace_s=0)
    node(yard, "n2", "b")
    node(yard, "n3", "a")
    pod(yard, "second")
    yard.settle(10)
    assert yard.api.get("pods", "default", "second")["spec"]["nodeName"] in ("n1", "n3")
    for name in ("n1", "n3"):
        yard.api.delete("nodes", None, name)
    pod(yard, "third")
    yard.settle(10)
    assert message(yard, "third").startswith(
        "0/1 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity. preemption:"
    )


def test_a_pod_without_its_claim_waits_until_it_is_made(yard: Yard) -> None:
    node(yard, "n1", "a")
    pod(yard, "p")
    yard.settle(5)
    assert message(yard, "p") == (
        '0/1 nodes are available: persistentvolumeclaim "data" not found. not found'
    )
    claim(yard)
    yard.settle(20)
    assert phase(yard) == "Bound" and yard.api.get("pods", "default", "p")["spec"]["nodeName"] == "n1"


def test_immediate_classes_bind_at_once_and_unknown_ones_keep_the_pod_waiting(yard: Yard) -> None:
    node(yard, "n1", "a")
    body = {"metadata": {"name": "now"}, "provisioner": "ebs.csi.aws.com"}
    yard.api.create("storageclasses.storage.k8s.io", None, body)
    claim(yard, storageClassName="now")
    claim(yard, "odd", storageClassName="none-such")
    pod(yard, "p", "odd")
    yard.settle(5)
    assert (phase(yard), phase(yard, "odd")) == ("Bound", "Pending")
    assert "pod has unbound immediate PersistentVolumeClaims" in message(yard, "p")
    texts = {each["message"] for each in yard.store.list("events")}
    assert 'storageclass.storage.k8s.io "none-such" not found' in texts


def test_the_smallest_volume_that_suits_is_taken_before_one_is_provisioned(yard: Yard) -> None:
    for name, size in (("big", "50Gi"), ("fit", "6Gi"), ("small", "1Gi")):
        spec = {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "storageClassName": ""}
        yard.api.create(VOLUMES, None, {"metadata": {"name": name}, "spec": spec})
    claim(yard, storageClassName="")
    yard.settle(5)
    assert yard.api.get(CLAIMS, "default", "data")["spec"]["volumeName"] == "fit"
    phases = {each["metadata"]["name"]: each["status"]["phase"] for each in yard.store.list(VOLUMES)}
    assert phases == {"big": "Available", "fit": "Bound", "small": "Available"}
    yard.api.delete(CLAIMS, "default", "data")
    yard.settle(5)
    assert yard.api.get(VOLUMES, None, "fit")["status"]["phase"] == "Released"


def test_a_claim_in_use_stays_until_its_pod_is_gone_and_takes_its_volume_along(yard: Yard) -> None:
    node(yard, "n1", "a")
    claim(yard)
    pod(yard, "p")
    yard.settle(10)
    yard.api.delete(CLAIMS, "default", "data")
    yard.settle(10)
    assert yard.api.get(CLAIMS, "default", "data")["metadata"]["deletionTimestamp"]
    yard.api.delete("pods", "default", "p")
    yard.settle(40)
    assert yard.store.list(CLAIMS) == [] and yard.store.list(VOLUMES) == []


def test_ephemeral_volumes_come_and_go_with_their_pod(yard: Yard) -> None:
    node(yard, "n1", "a")
    template = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    volume = {"name": "scratch", "ephemeral": {"volumeClaimTemplate": template}}
    body = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}
    body["spec"]["volumes"] = [volume]
    yard.api.create("pods", "default", body)
    yard.settle(20)
    assert phase(yard, "p-scratch") == "Bound"
    assert yard.api.get("pods", "default", "p")["status"]["phase"] == "Running"
    yard.api.delete("pods", "default", "p")
    yard.settle(60)
    assert yard.store.list(CLAIMS) == []


def test_claims_that_name_no_class_get_the_default_and_are_protected(yard: Yard) -> None:
    made = claim(yard)
    assert made["spec"]["storageClassName"] == "standard"
    assert made["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
