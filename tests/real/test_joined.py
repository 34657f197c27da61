"""`nodeyard up --kubeconfig`: simulated machines in a real cluster, whose scheduler, Deployments and budgets
meet our node groups.

The stories play all at once on one control plane and one service: mostly they wait. What stops and starts
the service comes after them.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from nodeyard.cli.main import run
from nodeyard.cli.refusing import EXIT_REFUSED
from tests.e2e import yard
from tests.e2e.service import REGION, Service
from tests.plane import Plane, running
from tests.real.stage import Stage, our_client
from tests.real.stories import STORIES

SPEED = "60"

pytestmark = pytest.mark.timeout(600)

Played = dict[str, Future[None]]


@pytest.fixture(scope="module")
def plane() -> Iterator[Plane]:
    # As clusters have it: four renewals of a lease may be missed, and not a single one.
    with running("--node-monitor-grace-period", "40s", audit=True) as made:
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


@pytest.fixture(scope="module")
def played(plane: Plane, service: Service) -> Iterator[Played]:
    ours = our_client(service)
    for each in ("ec2", "autoscaling"):
        service.client(each)  # two threads cannot make one at once
    with ThreadPoolExecutor(len(STORIES)) as threads:
        yield {
            each.__name__: threads.submit(each, Stage(plane, service, ours, f"story-{number}"))
            for number, each in enumerate(STORIES)
        }


@pytest.mark.parametrize("story", [each.__name__ for each in STORIES])
def test_the_story(played: Played, story: str) -> None:
    played[story].result()


def test_it_has_one_name(plane: Plane, service: Service) -> None:
    eks = service.client("eks")
    assert eks.describe_cluster(name=yard.CLUSTER)["cluster"]["endpoint"] == plane.server
    with pytest.raises(eks.exceptions.ResourceLimitExceededException) as refused:
        eks.create_cluster(name="another", roleArn=yard.ROLE, resourcesVpcConfig={"subnetIds": yard.SUBNETS})
    assert f"is cluster {yard.CLUSTER} in {REGION} already" in str(refused.value)


def test_it_stops_at_once_and_its_machines_go_on_at_the_next_start(
    plane: Plane, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage(plane, service, our_client(service), "restart")
    before = stage.has_group()
    stage.has_deployment(1)
    assert service.stop() == 0
    assert stage.nodes().keys() == before.keys() and stage.available() == 1, "cut off, and nothing else"
    data = ["--data-dir", str(service.folder / "data"), "--port", "0", "--kube-port", "0"]
    assert run(["up", *data, "--log-level", "error"]) == EXIT_REFUSED
    assert "is a real one: start with the --kubeconfig" in capsys.readouterr().err
    stage.scale(2)
    service.start("--speed", SPEED, "--kubeconfig", str(plane.kubeconfig))
    stage.until(lambda: stage.available() == 2)
    assert stage.nodes().keys() == before.keys()
    assert yard.status(service, stage.name) == "ACTIVE"


def test_a_new_kubernetes_version_reaches_the_nodes(plane: Plane, service: Service) -> None:
    stage = Stage(plane, service, our_client(service), "newer")
    before = stage.has_group()
    stage.has_deployment(1)
    assert kubelets(stage) == {"v1.34"}
    asked = stage.eks.update_cluster_version(name=yard.CLUSTER, version="1.35")["update"]["id"]
    ended = lambda: stage.eks.describe_update(name=yard.CLUSTER, updateId=asked)["update"]["status"]  # noqa: E731
    stage.until(lambda: ended() == "Successful")
    assert stage.ended(stage.begins(version="1.35"))["status"] == "Successful"
    stage.until(lambda: stage.is_replaced(before) and stage.available() == 1)
    assert kubelets(stage) == {"v1.35"} and stage.described()["version"] == "1.35"


def kubelets(stage: Stage) -> set[str]:
    """Return the minor versions that the nodes of a group run."""
    found = (each["status"]["nodeInfo"]["kubeletVersion"] for each in stage.nodes().values())
    return {version.rpartition(".")[0] for version in found}


def test_without_node_groups_nothing_is_left_in_the_cluster(plane: Plane, service: Service) -> None:
    stage = Stage(plane, service, our_client(service), "")
    for path in (
        "/apis/apps/v1/namespaces/default/deployments",
        "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
    ):
        stage.ask("DELETE", path)
    stage.until(lambda: not stage.ask("GET", "/apis/apps/v1/deployments")["items"])
    eks, names = service.client("eks"), {"clusterName": yard.CLUSTER}
    for group in eks.list_nodegroups(**names)["nodegroups"]:
        eks.delete_nodegroup(**names, nodegroupName=group)
    stage.until(lambda: not eks.list_nodegroups(**names)["nodegroups"])
    eks.delete_cluster(name=yard.CLUSTER)
    assert service.stop() == 0
    for path in (
        "/api/v1/nodes",
        "/api/v1/namespaces/default/pods",
        "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
    ):
        stage.until(lambda path=path: not stage.ask("GET", path)["items"])
