"""What `kubectl rollout history` reads: revisions of DaemonSets, causes of changes of Deployments."""

from __future__ import annotations

from tests.unit.world.kubernetes.controllers.cluster import Obj, Yard, workload

REVISIONS = "controllerrevisions.apps"


def with_image(yard: Yard, resource: str, image: str) -> None:
    old = yard.api.get(resource, "default", "agent")
    template = old["spec"]["template"]
    container = {**template["spec"]["containers"][0], "image": image}
    new = {**template, "spec": {**template["spec"], "containers": [container]}}
    yard.api.update(resource, "default", "agent", {**old, "spec": {**old["spec"], "template": new}})


def test_a_daemon_set_keeps_the_templates_it_had_up_to_its_limit() -> None:
    yard = Yard()
    yard.node("n1")
    body = workload("DaemonSet", "agent")
    body["spec"]["revisionHistoryLimit"] = 1
    yard.api.create("daemonsets.apps", "default", body)
    for number in range(2, 5):
        yard.settle(20)
        with_image(yard, "daemonsets.apps", f"app:{number}")
    yard.settle(30)
    found = yard.store.list(REVISIONS)
    assert sorted(each["revision"] for each in found) == [3, 4]
    newest = max(found, key=lambda each: int(each["revision"]))
    assert newest["data"]["spec"]["template"]["spec"]["containers"][0]["image"] == "app:4"
    mark = yard.pods()[0]["metadata"]["labels"]["controller-revision-hash"]
    assert newest["metadata"]["labels"]["controller-revision-hash"] == mark


def test_the_cause_of_a_change_reaches_the_newest_replica_set_only() -> None:
    yard = Yard()
    yard.node("n1")
    yard.deployment("agent", 1)
    yard.settle(20)
    with_image(yard, "deployments.apps", "app:2")
    yard.settle(20)
    old = yard.api.get("deployments.apps", "default", "agent")
    marks = {**old["metadata"]["annotations"], "kubernetes.io/change-cause": "second"}
    yard.api.update(
        "deployments.apps", "default", "agent", {**old, "metadata": {**old["metadata"], "annotations": marks}}
    )
    yard.settle(20)
    causes: dict[str, Obj] = {
        each["metadata"]["annotations"]["deployment.kubernetes.io/revision"]: each["metadata"][
            "annotations"
        ].get("kubernetes.io/change-cause")
        for each in yard.store.list("replicasets.apps")
    }
    assert causes == {"1": None, "2": "second"}
