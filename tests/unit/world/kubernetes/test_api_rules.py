"""The rules of the Kubernetes API over a store."""

from __future__ import annotations

import pytest

from nodeyard.drivers.system import SeededIds
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.errors import ApiError
from nodeyard.world.kubernetes.patches import APPLY_PATCH, MERGE_PATCH, STRATEGIC_PATCH
from nodeyard.world.kubernetes.store import Store
from tests.fakes import FakeClock


@pytest.fixture
def api() -> Api:
    clock, ids = FakeClock(), SeededIds(1)
    made = Api(Store(clock, ids), clock, ids)
    made.create("namespaces", None, {"metadata": {"name": "default"}})
    made.create("namespaces", None, {"metadata": {"name": "shop"}})
    return made


def deployment(name: str = "web") -> dict:
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "web:1"}]}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def pod(name: str = "p") -> dict:
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "web:1"}]}}


def fails(error: pytest.ExceptionInfo[ApiError]) -> tuple[int, str]:
    return error.value.code, error.value.reason


def test_a_created_object_has_identity_defaults_and_generation(api: Api) -> None:
    made = api.create("deployments.apps", "default", deployment())
    assert made["metadata"]["uid"] and made["metadata"]["generation"] == 1
    assert made["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": "25%", "maxSurge": "25%"}
    assert made["spec"]["replicas"] == 1


def test_generated_names_get_a_suffix(api: Api) -> None:
    obj = pod()
    obj["metadata"] = {"generateName": "web-"}
    name = api.create("pods", "default", obj)["metadata"]["name"]
    assert name.startswith("web-") and len(name) == 9


def test_names_are_taken_once(api: Api) -> None:
    api.create("pods", "default", pod())
    with pytest.raises(ApiError) as error:
        api.create("pods", "default", pod())
    assert fails(error) == (409, "AlreadyExists")


def test_objects_need_a_namespace_that_is_there_and_stays(api: Api) -> None:
    with pytest.raises(ApiError) as error:
        api.create("pods", "nowhere", pod())
    assert fails(error) == (404, "NotFound")
    api.delete("namespaces", None, "shop")
    with pytest.raises(ApiError) as error:
        api.create("pods", "shop", pod())
    assert fails(error) == (403, "Forbidden")


def test_what_is_wrong_is_listed_by_field(api: Api) -> None:
    with pytest.raises(ApiError) as error:
        api.create("deployments.apps", "default", {"metadata": {"name": "UPPER"}, "spec": {}})
    assert fails(error) == (422, "Invalid")
    fields = {item["field"] for item in error.value.status()["details"]["causes"]}
    assert {"metadata.name", "spec.selector", "spec.template.spec.containers"} <= fields


def test_an_update_from_an_old_version_conflicts(api: Api) -> None:
    old = api.create("configmaps", "default", {"metadata": {"name": "c"}, "data": {"a": "1"}})
    api.update("configmaps", "default", "c", {**old, "data": {"a": "2"}})
    with pytest.raises(ApiError) as error:
        api.update("configmaps", "default", "c", {**old, "data": {"a": "3"}})
    assert fails(error) == (409, "Conflict")


def test_status_and_spec_are_written_by_different_doors(api: Api) -> None:
    made = api.create("deployments.apps", "default", deployment())
    both = {**made, "status": {"replicas": 3}, "spec": {**made["spec"], "replicas": 7}}
    after = api.update("deployments.apps", "default", "web", both, subresource="status")
    assert (after["spec"]["replicas"], after["status"], after["metadata"]["generation"]) == (
        1,
        {"replicas": 3},
        1,
    )
    both = {**after, "status": {}, "spec": {**made["spec"], "replicas": 7}}
    after = api.update("deployments.apps", "default", "web", both)
    assert (after["spec"]["replicas"], after["status"], after["metadata"]["generation"]) == (
        7,
        {"replicas": 3},
        2,
    )


def test_a_write_that_changes_nothing_takes_no_revision(api: Api) -> None:
    made = api.create("deployments.apps", "default", deployment())
    assert api.update("deployments.apps", "default", "web", made) == made
    same = {"metadata": {"labels": None}}
    assert api.patch("deployments.apps", "default", "web", same, MERGE_PATCH) == made


def test_immutable_fields_stay(api: Api) -> None:
    api.create("deployments.apps", "default", deployment())
    with pytest.raises(ApiError) as error:
        patch = {"spec": {"selector": {"matchLabels": {"x": "y"}}}}
        api.patch("deployments.apps", "default", "web", patch, STRATEGIC_PATCH)
    assert fails(error) == (422, "Invalid")


def test_dry_runs_store_nothing(api: Api) -> None:
    api.create("pods", "default", pod(), dry_run=True)
    assert api.list("pods") == []


def test_a_pod_on_a_node_goes_when_its_kubelet_is_done(api: Api) -> None:
    made = api.create("pods", "default", pod())
    api.bind("default", "p", "n1")
    going = api.delete("pods", "default", "p", grace_s=20)
    assert going["metadata"]["deletionGracePeriodSeconds"] == 20
    api.pod_gone("default", "p", "another-uid")
    assert api.get("pods", "default", "p")["metadata"]["deletionTimestamp"]
    api.pod_gone("default", "p", made["metadata"]["uid"])
    assert api.list("pods") == []


def test_a_pod_without_a_node_goes_at_once(api: Api) -> None:
    api.create("pods", "default", pod())
    api.delete("pods", "default", "p")
    assert api.list("pods") == []


def test_finalizers_hold_an_object_until_the_last_is_taken_off(api: Api) -> None:
    obj = pod()
    obj["metadata"]["finalizers"] = ["example.com/hold"]
    api.create("pods", "default", obj)
    assert api.delete("pods", "default", "p")["metadata"]["deletionTimestamp"]
    api.patch("pods", "default", "p", {"metadata": {"finalizers": None}}, MERGE_PATCH)
    assert api.list("pods") == []


def test_a_namespace_ends_when_its_finalizer_is_taken_off(api: Api) -> None:
    ending = api.delete("namespaces", None, "shop")
    assert ending["status"]["phase"] == "Terminating"
    api.update("namespaces", None, "shop", {**ending, "spec": {"finalizers": []}}, subresource="finalize")
    assert api.store.get("namespaces", None, "shop") is None


def test_the_default_namespace_cannot_be_deleted(api: Api) -> None:
    with pytest.raises(ApiError) as error:
        api.delete("namespaces", None, "default")
    assert fails(error) == (403, "Forbidden")


def test_deletions_check_their_preconditions(api: Api) -> None:
    api.create("pods", "default", pod())
    with pytest.raises(ApiError) as error:
        api.delete("pods", "default", "p", uid="another")
    assert fails(error) == (409, "Conflict")


def test_selectors_choose_by_label_and_by_field(api: Api) -> None:
    for name, tier in (("a", "front"), ("b", "back")):
        obj = pod(name)
        obj["metadata"]["labels"] = {"tier": tier}
        api.create("pods", "default", obj)
    api.bind("default", "a", "n1")

    def names(**by: str) -> list[str]:
        return [item["metadata"]["name"] for item in api.list("pods", **by)]

    assert names(labels="tier in (front,middle)") == ["a"]
    assert names(labels="tier!=front") == ["b"]
    assert names(labels="!tier") == []
    assert names(fields="spec.nodeName=n1") == ["a"]
    assert names(fields="spec.nodeName!=n1,metadata.name=b") == ["b"]


def test_scaling_changes_only_the_replicas(api: Api) -> None:
    api.create("deployments.apps", "default", deployment())
    patch = {"spec": {"replicas": 4}}
    scale = api.patch("deployments.apps", "default", "web", patch, MERGE_PATCH, subresource="scale")
    assert (scale["kind"], scale["spec"]) == ("Scale", {"replicas": 4})
    assert api.get("deployments.apps", "default", "web")["spec"]["replicas"] == 4


def test_applying_creates_then_takes_back_what_is_no_longer_named(api: Api) -> None:
    config = deployment()
    config["metadata"]["labels"] = {"team": "one"}
    api.patch("deployments.apps", "default", "web", config, APPLY_PATCH, field_manager="me")
    config = deployment()
    after = api.patch("deployments.apps", "default", "web", config, APPLY_PATCH, field_manager="me")
    assert not after["metadata"].get("labels")


def test_applying_over_another_manager_conflicts_unless_forced(api: Api) -> None:
    api.patch("deployments.apps", "default", "web", deployment(), APPLY_PATCH, field_manager="me")
    other = deployment()
    other["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
    with pytest.raises(ApiError) as error:
        api.patch("deployments.apps", "default", "web", other, APPLY_PATCH, field_manager="you")
    assert fails(error) == (409, "Conflict")
    after = api.patch(
        "deployments.apps", "default", "web", other, APPLY_PATCH, field_manager="you", force=True
    )
    assert after["spec"]["template"]["spec"]["containers"][0]["image"] == "web:2"


def test_custom_resources_are_served_with_their_definition(api: Api) -> None:
    versions = [{"name": "v1", "served": True, "storage": True}]
    names = {"plural": "widgets", "kind": "Widget"}
    spec = {"group": "shop.io", "scope": "Namespaced", "names": names, "versions": versions}
    definition = {"metadata": {"name": "widgets.shop.io"}, "spec": spec}
    with pytest.raises(ApiError):
        api.list("widgets.shop.io")
    api.create("customresourcedefinitions.apiextensions.k8s.io", None, definition)
    api.create("widgets.shop.io", "default", {"metadata": {"name": "w"}, "spec": {"size": 1}})
    assert [item["apiVersion"] for item in api.list("widgets.shop.io")] == ["shop.io/v1"]
    api.delete("customresourcedefinitions.apiextensions.k8s.io", None, "widgets.shop.io")
    assert api.store.count("widgets.shop.io") == 0


def test_a_service_keeps_the_address_it_got(api: Api) -> None:
    made = api.create("services", "default", {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}})
    body = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 81}]}}
    after = api.update("services", "default", "s", body)
    assert after["spec"]["clusterIP"] == made["spec"]["clusterIP"] != ""
    assert after["spec"]["ports"][0]["port"] == 81


def test_repeated_events_are_counted(api: Api) -> None:
    made = api.create("pods", "default", pod())
    for _ in range(3):
        api.event(made, "Warning", "BackOff", "again", "kubelet")
    api.event(made, "Normal", "Pulled", "once", "kubelet")
    assert sorted(item["count"] for item in api.list("events")) == [1, 3]


def test_events_are_forgotten_when_there_are_too_many(api: Api) -> None:
    made = api.create("pods", "default", pod())
    for number in range(2_050):
        api.event(made, "Normal", "Step", f"step {number}", "kubelet")
    kept = {item["message"] for item in api.list("events")}
    assert len(kept) == 2_000 and "step 2049" in kept and "step 0" not in kept
