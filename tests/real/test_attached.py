"""Node groups on a real control plane that was attached with the printed rights: made, drained, deleted.

Its nodes are told how to join by user data of their own, as machines of kubeadm are; it has no cloud
controller, so nobody but Nodeyard takes nodes away whose instance is gone.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from nodeyard.translation import cluster_rights
from nodeyard.translation.cluster_rights import Right
from tests.e2e import yard
from tests.e2e.attaching import Attaching
from tests.e2e.service import Service
from tests.e2e.serving import KEY, SECRET
from tests.plane import Plane, running
from tests.real.machines import Machines, asked
from tests.real.test_rights import apply, kubeconfig, used

SPEED = 20
USER_DATA = """#!/bin/bash
echo 'KUBELET_EXTRA_ARGS=--node-labels={{nodeyard.node-labels}}' > /etc/default/kubelet
kubeadm join {{nodeyard.server}} --token from-ssm
"""
GROUP = "eks.amazonaws.com/nodegroup"
APPS, BUDGETS = "/apis/apps/v1/namespaces/default", "/apis/policy/v1/namespaces/default"
LABELS = {"app": "web"}

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def plane() -> Iterator[Plane]:
    # The machines of the test say once that they are well, and never again.
    with running("--node-monitor-grace-period", "1h", audit=True) as made:
        yield made


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attaching]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    world = Service(tmp_path)
    world.start("--speed", str(SPEED))
    try:
        made = Attaching(tmp_path, world, "edge", speed=SPEED)
        yield made
        made.end()
    finally:
        world.kill()


def a_template(world: Service) -> dict[str, str]:
    ec2 = world.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    data = {
        "ImageId": image,
        "InstanceType": "m5.large",
        "UserData": base64.b64encode(USER_DATA.encode()).decode(),
    }
    made = ec2.create_launch_template(LaunchTemplateName="kubeadm", LaunchTemplateData=data)
    return {"id": made["LaunchTemplate"]["LaunchTemplateId"], "version": "1"}


def subnets(world: Service) -> list[str]:
    """Return two subnets of the default VPC."""
    return [each["SubnetId"] for each in world.client("ec2").describe_subnets()["Subnets"][:2]]


def a_workload(plane: Plane) -> None:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "app", "image": "app:1"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": LABELS}, "template": template}
    asked(plane, "POST", f"{APPS}/deployments", {"metadata": {"name": "web"}, "spec": spec})
    budget = {"minAvailable": 1, "selector": {"matchLabels": LABELS}}
    asked(plane, "POST", f"{BUDGETS}/poddisruptionbudgets", {"metadata": {"name": "web"}, "spec": budget})


def nodes(plane: Plane) -> dict[str, Any]:
    """Return name -> node of the group."""
    found = asked(plane, "GET", f"/api/v1/nodes?labelSelector={GROUP}%3Dblue")["items"]
    return {each["metadata"]["name"]: each for each in found}


def available(plane: Plane) -> int:
    return int(asked(plane, "GET", f"{APPS}/deployments/web")["status"].get("availableReplicas", 0))


def test_a_group_is_made_drained_and_deleted_on_a_real_control_plane(
    plane: Plane, served: Attaching, capsys: pytest.CaptureFixture[str]
) -> None:
    apply(plane, capsys)
    given = yaml.safe_load(kubeconfig(plane))
    served.has_kubeconfig(plane.server, str(plane.ca), **given["users"][0]["user"])
    assert served.attach("--provider", "EC2") == 0
    machines = Machines(plane, served.world)
    try:
        lives(plane, served)
    finally:
        machines.stop()
        assert machines.broken == []
    assert "forbidden" not in served.log() and "keeps failing" not in served.log()
    forced = Right("delete", "", "pods")
    assert {*cluster_rights.needed()} - {forced} <= used(plane) <= cluster_rights.rights()


def lives(plane: Plane, served: Attaching) -> None:
    eks, names = served.eks, {"clusterName": "edge", "nodegroupName": "blue"}
    sizes = {"minSize": 0, "maxSize": 3, "desiredSize": 2}
    eks.create_nodegroup(
        **names,
        subnets=subnets(served.world),
        nodeRole=yard.ROLE,
        scalingConfig=sizes,
        launchTemplate=a_template(served.world),
        labels={"team": "payments"},
    )
    served.until(lambda: served.status("blue") == "ACTIVE")
    first = nodes(plane)
    assert len(first) == 2
    assert {each["metadata"]["labels"]["team"] for each in first.values()} == {"payments"}
    a_workload(plane)
    served.until(lambda: available(plane) == 2)

    eks.update_nodegroup_config(**names, scalingConfig={"desiredSize": 1})
    served.until(lambda: len(nodes(plane)) == 1 and available(plane) == 2)
    (left,) = nodes(plane)
    pods = asked(plane, "GET", "/api/v1/namespaces/default/pods?labelSelector=app%3Dweb")["items"]
    assert {each["spec"]["nodeName"] for each in pods if not each["metadata"].get("deletionTimestamp")} == {
        left
    }

    asked(plane, "DELETE", f"{BUDGETS}/poddisruptionbudgets/web")
    eks.delete_nodegroup(**names)
    served.until(lambda: served.status("blue") == "")
    assert nodes(plane) == {}
    assert yard.made(served.world) == {"groups": 0, "templates": 1, "profiles": 0, "instances": 0}
    eks.deregister_cluster(name="edge")
    served.until(lambda: eks.list_clusters(include=["all"])["clusters"] == [])
