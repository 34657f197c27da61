"""Endpoints and EndpointSlices: the addresses of the pods behind a service, and no others."""

from __future__ import annotations

import pytest

from tests.unit.world.kubernetes.controllers.cluster import Obj, Yard, workload

SLICES = "endpointslices.discovery.k8s.io"


@pytest.fixture
def yard() -> Yard:
    yard = Yard()
    yard.node("n1", cpu="32")
    return yard


def service(yard: Yard, **spec: object) -> Obj:
    body = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}], **spec}
    return yard.api.create("services", "default", {"metadata": {"name": "web"}, "spec": body})


def web(yard: Yard, replicas: int, marks: dict[str, str] | None = None) -> Obj:
    body = workload("Deployment", "web")
    body["spec"]["replicas"] = replicas
    template = body["spec"]["template"]
    template["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 8080}]
    template["metadata"]["annotations"] = {
        f"nodeyard.dev/{key}": value for key, value in (marks or {}).items()
    }
    return yard.api.create("deployments.apps", "default", body)


def subsets(yard: Yard) -> list[Obj]:
    found: list[Obj] = yard.api.get("endpoints", "default", "web").get("subsets") or []
    return found


def slices(yard: Yard) -> list[Obj]:
    return yard.store.list(SLICES, "default")


def test_ready_pods_are_served_at_the_port_they_name(yard: Yard) -> None:
    service(yard)
    web(yard, 2)
    yard.settle(20)
    (subset,) = subsets(yard)
    ips = sorted(pod["status"]["podIP"] for pod in yard.pods())
    assert sorted(each["ip"] for each in subset["addresses"]) == ips
    assert subset["ports"] == [{"port": 8080, "protocol": "TCP"}]
    (part,) = slices(yard)
    assert part["ports"] == [{"name": "", "port": 8080, "protocol": "TCP"}]
    assert part["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    assert all(each["conditions"]["ready"] and each["nodeName"] == "n1" for each in part["endpoints"])


def test_pods_that_are_not_ready_are_listed_apart(yard: Yard) -> None:
    service(yard)
    web(yard, 1, {"ready-seconds": "never"})
    yard.settle(20)
    (subset,) = subsets(yard)
    assert "addresses" not in subset and len(subset["notReadyAddresses"]) == 1
    assert slices(yard)[0]["endpoints"][0]["conditions"]["ready"] is False


def test_pods_on_their_way_out_serve_but_get_no_new_requests(yard: Yard) -> None:
    service(yard)
    web(yard, 1, {"stop-seconds": "20"})
    yard.settle(20)
    name = yard.pods()[0]["metadata"]["name"]
    yard.api.delete("pods", "default", name)
    yard.settle(2)
    (leaving,) = [e for e in slices(yard)[0]["endpoints"] if e["targetRef"]["name"] == name]
    assert leaving["conditions"] == {"ready": False, "serving": True, "terminating": True}
    yard.settle(40)
    assert name not in {each["targetRef"]["name"] for each in slices(yard)[0]["endpoints"]}


def test_a_slice_holds_at_most_a_hundred_addresses(yard: Yard) -> None:
    for number in range(5):
        yard.node(f"more-{number}", cpu="32")
    service(yard)
    web(yard, 130)
    yard.settle(60)
    assert sorted(len(each["endpoints"]) for each in slices(yard)) == [30, 100]
    deployment = yard.api.get("deployments.apps", "default", "web")
    smaller = {**deployment, "spec": {**deployment["spec"], "replicas": 3}}
    yard.api.update("deployments.apps", "default", "web", smaller)
    yard.settle(60)
    assert [len(each["endpoints"]) for each in slices(yard)] == [3]


def test_everything_goes_with_the_service(yard: Yard) -> None:
    service(yard)
    web(yard, 1)
    yard.settle(20)
    yard.api.delete("services", "default", "web")
    yard.settle(10)
    assert slices(yard) == [] and yard.store.get("endpoints", "default", "web") is None


def test_services_without_a_selector_are_left_to_their_owner(yard: Yard) -> None:
    service(yard, selector=None)
    web(yard, 1)
    yard.settle(20)
    assert slices(yard) == [] and yard.store.get("endpoints", "default", "web") is None
