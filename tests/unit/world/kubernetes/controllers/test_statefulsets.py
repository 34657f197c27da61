"""StatefulSets: order, names, claims, updates and replacement."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.world.kubernetes.controllers.cluster import Obj, Yard, workload

SETS = "statefulsets.apps"
CLAIMS = "persistentvolumeclaims"


@pytest.fixture
def yard() -> Yard:
    yard = Yard()
    yard.node("n1", cpu="16")
    yard.storage_class()
    return yard


def make(yard: Yard, replicas: int, pod_spec: Obj | None = None, **spec: Any) -> Obj:
    body = workload("StatefulSet", "db", pod_spec)
    body["spec"] |= {"replicas": replicas, "serviceName": "db", **spec}
    return yard.api.create(SETS, "default", body)


def names(yard: Yard) -> list[str]:
    return [pod["metadata"]["name"] for pod in yard.pods()]


def status(yard: Yard) -> Obj:
    found: Obj = yard.api.get(SETS, "default", "db")["status"]
    return found


def change(yard: Yard, **spec: Any) -> None:
    old = yard.api.get(SETS, "default", "db")
    yard.api.update(SETS, "default", "db", {**old, "spec": {**old["spec"], **spec}})


def new_image(yard: Yard, image: str, **spec: Any) -> None:
    template = yard.api.get(SETS, "default", "db")["spec"]["template"]
    container = {**template["spec"]["containers"][0], "image": image}
    change(yard, template={**template, "spec": {**template["spec"], "containers": [container]}}, **spec)


def images(yard: Yard) -> list[str]:
    return [pod["spec"]["containers"][0]["image"] for pod in yard.pods()]


def test_pods_come_one_after_another_with_lasting_names(yard: Yard) -> None:
    make(yard, 3)
    yard.controllers.step()
    assert names(yard) == ["db-0"]
    yard.settle(20)
    assert names(yard) == ["db-0", "db-1", "db-2"]
    pod = yard.pods()[1]
    assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == ("db-1", "db")
    assert pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "1"
    assert status(yard)["readyReplicas"] == status(yard)["currentReplicas"] == 3
    assert status(yard)["currentRevision"] == status(yard)["updateRevision"]


def test_an_unready_pod_holds_up_those_after_it(yard: Yard) -> None:
    body = workload("StatefulSet", "db")
    body["spec"] |= {"replicas": 3, "serviceName": "db"}
    body["spec"]["template"]["metadata"]["annotations"] = {"nodeyard.dev/ready-seconds": "never"}
    yard.api.create(SETS, "default", body)
    yard.settle(60)
    assert names(yard) == ["db-0"]


def test_parallel_sets_start_all_pods_at_once(yard: Yard) -> None:
    make(yard, 4, podManagementPolicy="Parallel")
    yard.controllers.step()
    assert len(names(yard)) == 4


def test_scaling_down_takes_the_highest_number_first(yard: Yard) -> None:
    make(yard, 3)
    yard.settle(20)
    change(yard, replicas=1)
    yard.controllers.step()
    leaving = [each["metadata"]["name"] for each in yard.pods() if "deletionTimestamp" in each["metadata"]]
    assert leaving == ["db-2"]
    yard.settle(30)
    assert names(yard) == ["db-0"]


def test_ordinals_begin_where_the_set_says(yard: Yard) -> None:
    make(yard, 2, ordinals={"start": 5})
    yard.settle(20)
    assert names(yard) == ["db-5", "db-6"]


def test_an_update_goes_from_the_last_pod_to_the_first(yard: Yard) -> None:
    make(yard, 3)
    yard.settle(20)
    new_image(yard, "app:2")
    yard.settle(3)
    assert images(yard)[:2] == ["app:1", "app:1"]
    assert status(yard)["currentRevision"] != status(yard)["updateRevision"]
    yard.settle(60)
    assert images(yard) == ["app:2"] * 3
    assert status(yard)["currentRevision"] == status(yard)["updateRevision"]
    assert status(yard)["updatedReplicas"] == 3


def test_a_partition_keeps_lower_pods_on_the_old_template_even_when_replaced(yard: Yard) -> None:
    make(yard, 3, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})
    yard.settle(20)
    new_image(yard, "app:2")
    yard.settle(30)
    assert images(yard) == ["app:1", "app:1", "app:2"]
    yard.api.delete("pods", "default", "db-0")
    yard.settle(30)
    assert images(yard) == ["app:1", "app:1", "app:2"]


def test_on_delete_sets_change_a_pod_only_when_it_is_deleted(yard: Yard) -> None:
    make(yard, 2, updateStrategy={"type": "OnDelete"})
    yard.settle(20)
    new_image(yard, "app:2")
    yard.settle(30)
    assert images(yard) == ["app:1", "app:1"]
    yard.api.delete("pods", "default", "db-1")
    yard.settle(30)
    assert images(yard) == ["app:1", "app:2"]


def test_a_template_that_comes_back_takes_up_its_old_revision(yard: Yard) -> None:
    make(yard, 1)
    yard.settle(20)
    first = status(yard)["currentRevision"]
    new_image(yard, "app:2")
    yard.settle(20)
    new_image(yard, "app:1")
    yard.settle(20)
    assert status(yard)["currentRevision"] == first
    numbers = {r["metadata"]["name"]: r["revision"] for r in yard.store.list("controllerrevisions.apps")}
    assert numbers[first] == 3 and len(numbers) == 2


def test_old_revisions_beyond_the_limit_go(yard: Yard) -> None:
    make(yard, 1, revisionHistoryLimit=1)
    for number in range(2, 6):
        yard.settle(20)
        new_image(yard, f"app:{number}")
    yard.settle(30)
    assert [r["revision"] for r in yard.store.list("controllerrevisions.apps")] in ([4, 5], [5, 4])


def test_each_pod_has_its_own_claim_which_stays_when_the_pod_goes(yard: Yard) -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    claim["spec"]["accessModes"] = ["ReadWriteOnce"]
    make(yard, 2, volumeClaimTemplates=[claim])
    yard.settle(30)
    assert [c["metadata"]["name"] for c in yard.store.list(CLAIMS)] == ["data-db-0", "data-db-1"]
    volume = yard.pods()[0]["spec"]["volumes"][-1]
    assert volume["persistentVolumeClaim"] == {"claimName": "data-db-0"}
    change(yard, replicas=1)
    yard.settle(30)
    assert len(yard.store.list(CLAIMS)) == 2


def test_claims_go_with_scaled_away_pods_where_the_set_says_so(yard: Yard) -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    claim["spec"]["resources"] = {"requests": {"storage": "1Gi"}}
    policy = {"whenScaled": "Delete", "whenDeleted": "Delete"}
    make(yard, 2, volumeClaimTemplates=[claim], persistentVolumeClaimRetentionPolicy=policy)
    yard.settle(30)
    change(yard, replicas=1)
    yard.settle(60)
    assert [c["metadata"]["name"] for c in yard.store.list(CLAIMS)] == ["data-db-0"]
    yard.api.delete(SETS, "default", "db")
    yard.settle(60)
    assert yard.store.list(CLAIMS) == []


def test_a_pod_lost_with_its_node_comes_back_under_its_name(yard: Yard) -> None:
    yard.node("n2", cpu="16")
    make(yard, 2)
    yard.settle(20)
    uid, home = yard.pods()[0]["metadata"]["uid"], yard.pods()[0]["spec"]["nodeName"]
    yard.api.delete("nodes", None, home)
    yard.settle(120)
    assert names(yard) == ["db-0", "db-1"]
    assert yard.pods()[0]["metadata"]["uid"] != uid
    assert yard.pods()[0]["spec"]["nodeName"] != home


def test_orphans_of_the_right_name_are_adopted(yard: Yard) -> None:
    old = make(yard, 1)
    yard.settle(20)
    uid = yard.pods()[0]["metadata"]["uid"]
    yard.api.delete(SETS, "default", "db", propagation="Orphan")
    yard.settle(10)
    assert [pod["metadata"]["uid"] for pod in yard.pods()] == [uid]
    again = make(yard, 1)
    yard.settle(10)
    assert again["metadata"]["uid"] != old["metadata"]["uid"]
    assert yard.pods()[0]["metadata"]["uid"] == uid
    assert yard.pods()[0]["metadata"]["ownerReferences"][0]["uid"] == again["metadata"]["uid"]
