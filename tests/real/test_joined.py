"""`nodeyard up --kubeconfig`: simulated machines in a real cluster, whose scheduler, Deployments and budgets
meet our node groups.

The control plane lives in real time, so the speed leaves its controllers seconds where an update has minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nodeyard.cli.main import run
from nodeyard.cli.refusing import EXIT_REFUSED
from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service
from tests.plane import Plane, running
from tests.real.machines import asked

SPEED = "60"
OLD = "1.34.0-20250930"
GROUP = "eks.amazonaws.com/nodegroup"
APPS, BUDGETS = "/apis/apps/v1/namespaces/default", "/apis/policy/v1/namespaces/default"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"

Obj = dict[str, Any]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def plane() -> Iterator[Plane]:
    # As clusters have it: four renewals of a lease may be missed, and not a single one.
    with running("--node-monitor-grace-period", "40s") as made:
        yield made


@pytest.fixture(scope="module")
def service(plane: Plane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service(tmp_path_factory.mktemp("joined"))
    try:
        made.start("--speed", SPEED, "--kubeconfig", str(plane.kubeconfig))
        yard.a_cluster(made, "1.34")
        yield made
    finally:
        made.kill()


@pytest.fixture
def group(service: Service, request: pytest.FixtureRequest) -> str:
    """A group of one node of an old release."""
    name = request.node.name.removeprefix("test_")[:30].replace("_", "-")
    yard.a_group(service, name, 1, releaseVersion=OLD)
    service.until(lambda: yard.status(service, name) == "ACTIVE")
    return name


def nodes(plane: Plane, group: str) -> dict[str, Obj]:
    """Return uid -> node of a group, as the real API server has it."""
    found = asked(plane, "GET", f"/api/v1/nodes?labelSelector={GROUP}%3D{group}")["items"]
    return {each["metadata"]["uid"]: each for each in found}


def a_workload(plane: Plane, group: str, replicas: int, available: int) -> None:
    """Make a Deployment that wants the nodes of a group, under a budget."""
    labels = {"app": group}
    pod = {"nodeSelector": {GROUP: group}, "containers": [{"name": "app", "image": "app:1"}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    asked(plane, "POST", f"{APPS}/deployments", {"metadata": {"name": group}, "spec": spec})
    budget = {"minAvailable": available, "selector": {"matchLabels": labels}}
    asked(plane, "POST", f"{BUDGETS}/poddisruptionbudgets", {"metadata": {"name": group}, "spec": budget})


def available(plane: Plane, group: str) -> int:
    found = asked(plane, "GET", f"{APPS}/deployments/{group}")
    return int(found["status"].get("availableReplicas", 0))


def issues(service: Service, group: str) -> list[Obj]:
    found = service.client("eks").describe_nodegroup(clusterName=yard.CLUSTER, nodegroupName=group)
    listed: list[Obj] = found["nodegroup"]["health"]["issues"]
    return listed


def updated(service: Service, group: str, **more: Any) -> Obj:
    """Update a group to the newest release, wait for the end, and return the update."""
    eks, names = service.client("eks"), {"name": yard.CLUSTER, "nodegroupName": group}
    asked_for = eks.update_nodegroup_version(clusterName=yard.CLUSTER, nodegroupName=group, **more)

    def now() -> Obj:
        found: Obj = eks.describe_update(**names, updateId=asked_for["update"]["id"])["update"]
        return found

    service.until(lambda: now()["status"] != "InProgress")
    return now()


def test_nodes_join_it_and_are_ready(plane: Plane, service: Service) -> None:
    cluster = service.client("eks").describe_cluster(name=yard.CLUSTER)["cluster"]
    assert cluster["endpoint"] == plane.server
    taints = [{"key": "only", "value": "batch", "effect": "NO_SCHEDULE"}]
    yard.a_group(service, "blue", 2, labels={"team": "payments"}, taints=taints)
    service.until(lambda: yard.status(service, "blue") == "ACTIVE")
    own = [{"key": "only", "value": "batch", "effect": "NoSchedule"}]
    # The controllers of the cluster take away the taint of nodes that were not Ready a little later.
    service.until(lambda: all(each["spec"].get("taints") == own for each in nodes(plane, "blue").values()))
    found = nodes(plane, "blue")
    assert len(found) == 2 and all(yard.ready_since(each) for each in found.values())
    for each in found.values():
        assert each["metadata"]["labels"]["team"] == "payments"
        assert each["spec"]["providerID"].rpartition("/")[2] in yard.instances(service)
        lease = asked(plane, "GET", f"{LEASES}/{each['metadata']['name']}")
        assert lease["metadata"]["ownerReferences"][0]["uid"] == each["metadata"]["uid"]


def test_a_real_deployment_runs_until_its_group_is_deleted(
    plane: Plane, service: Service, group: str
) -> None:
    a_workload(plane, group, 2, available=1)
    service.until(lambda: available(plane, group) == 2)
    sizes = {"desiredSize": 2}
    service.client("eks").update_nodegroup_config(
        clusterName=yard.CLUSTER, nodegroupName=group, scalingConfig=sizes
    )
    service.until(lambda: len([one for one in nodes(plane, group).values() if yard.ready_since(one)]) == 2)
    more = {"spec": {"replicas": 24}}  # more than one node takes
    asked(plane, "PATCH", f"{APPS}/deployments/{group}", more, "application/merge-patch+json")
    service.until(lambda: available(plane, group) == 24)
    asked(plane, "DELETE", f"{BUDGETS}/poddisruptionbudgets/{group}")
    service.client("eks").delete_nodegroup(clusterName=yard.CLUSTER, nodegroupName=group)
    service.until(lambda: yard.status(service, group) == "")
    service.until(lambda: nodes(plane, group) == {})


def test_an_update_goes_at_the_pace_that_a_real_budget_allows(
    plane: Plane, service: Service, group: str
) -> None:
    a_workload(plane, group, 2, available=1)
    service.until(lambda: available(plane, group) == 2)
    before = nodes(plane, group)
    assert updated(service, group)["status"] == "Successful"
    service.until(lambda: len(nodes(plane, group)) == 1 and available(plane, group) == 2)
    assert not nodes(plane, group).keys() & before.keys()


def test_a_real_budget_blocks_an_update_and_force_goes_on(plane: Plane, service: Service, group: str) -> None:
    a_workload(plane, group, 1, available=1)
    service.until(lambda: available(plane, group) == 1)
    before = nodes(plane, group)
    blocked = updated(service, group)
    assert blocked["status"] == "Failed"
    (error,) = blocked["errors"]
    assert error["errorCode"] == "PodEvictionFailure"
    (pod,) = asked(plane, "GET", f"/api/v1/namespaces/default/pods?labelSelector=app%3D{group}")["items"]
    assert pod["metadata"]["name"] in error["errorMessage"]
    assert f"PodDisruptionBudget default/{group}" in error["errorMessage"], error["errorMessage"]
    service.until(lambda: not issues(service, group))
    assert updated(service, group, force=True)["status"] == "Successful"
    service.until(lambda: len(nodes(plane, group)) == 1 and available(plane, group) == 1)
    assert not nodes(plane, group).keys() & before.keys()


def test_it_has_one_name(service: Service) -> None:
    eks = service.client("eks")
    with pytest.raises(eks.exceptions.ResourceLimitExceededException) as refused:
        eks.create_cluster(
            name="another",
            roleArn=f"arn:aws-cn:iam::{ACCOUNT}:role/eks",
            resourcesVpcConfig={"subnetIds": yard.SUBNETS},
        )
    assert f"is cluster {yard.CLUSTER} in {REGION} already" in str(refused.value)


def test_its_machines_go_on_after_a_restart_and_nowhere_else(
    plane: Plane, service: Service, group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    a_workload(plane, group, 1, available=0)
    service.until(lambda: available(plane, group) == 1)
    before = nodes(plane, group)
    service.kill()
    data = ["--data-dir", str(service.folder / "data"), "--port", "0", "--kube-port", "0"]
    assert run(["up", *data, "--log-level", "error"]) == EXIT_REFUSED
    assert "is a real one: start with the --kubeconfig" in capsys.readouterr().err
    more = {"spec": {"replicas": 2}}
    asked(plane, "PATCH", f"{APPS}/deployments/{group}", more, "application/merge-patch+json")
    service.start("--speed", SPEED, "--kubeconfig", str(plane.kubeconfig))
    service.until(lambda: available(plane, group) == 2)
    assert nodes(plane, group).keys() == before.keys()
    assert yard.status(service, group) == "ACTIVE"
