"""Nodes of a custom image get the group's taints when they join, and once only."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from nodeyard import catalog
from nodeyard.flows.service import nodegroups
from nodeyard.model.commands import TemplateSpec, UpdateNodegroupConfig
from nodeyard.model.nodegroup import Taint
from nodeyard.simulation import Simulation
from nodeyard.simulation.simulation import CLUSTER

GPU = Taint("dedicated", "NO_SCHEDULE", "gpu")
KEPT = {"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}
OWN_BOOTSTRAP = """MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    name: {name}
    apiServerEndpoint: {endpoint}
    certificateAuthority: {ca}
    cidr: 10.100.0.0/16

--//--
"""


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    with Simulation(seed=3) as made:
        made.create_cluster()
        yield made


def a_custom_group(simulation: Simulation) -> None:
    cluster = simulation.cluster()
    assert cluster.endpoint is not None
    endpoint, ca = cluster.endpoint.url, cluster.endpoint.ca_data
    release = catalog.default().latest_release("AL2023_x86_64_STANDARD", "1.34")
    assert release is not None
    text = OWN_BOOTSTRAP.format(name=cluster.name, endpoint=endpoint, ca=ca)
    data = {
        "ImageId": release.image_id(simulation.scope.region),
        "UserData": base64.b64encode(text.encode()).decode(),
        "InstanceType": "m5.large",
    }
    simulation.region.add_template("ours", data, "t-1")
    template = TemplateSpec(None, "ours", "1")
    simulation.create_nodegroup("blue", 2, maximum=4, taints=(GPU,), launch_template=template)
    simulation.until_active("blue")


def taints(simulation: Simulation) -> list[bool]:
    """Tell for each node whether it carries the group's taint."""
    return [KEPT in (each["spec"].get("taints") or []) for each in simulation.nodes()]


def test_the_taints_are_there_once_the_group_is_active(simulation: Simulation) -> None:
    a_custom_group(simulation)
    assert simulation.nodegroup("blue").ami_type == "CUSTOM"
    assert taints(simulation) == [True, True]


def test_a_taint_that_is_taken_away_by_hand_is_not_put_back(simulation: Simulation) -> None:
    a_custom_group(simulation)
    store = simulation.handle().store
    first = simulation.nodes()[0]
    store.put("nodes", {**first, "spec": {**first["spec"], "taints": []}})
    simulation.run_for(3600)
    simulation.until_ended(simulation.scale("blue", 3))
    simulation.run_until(lambda: len(simulation.ready_nodes()) == 3, "a third node")
    simulation.run_for(120)
    assert sorted(taints(simulation)) == [False, True, True]


def test_an_update_changes_the_taints_of_nodes_that_run(simulation: Simulation) -> None:
    a_custom_group(simulation)
    command = UpdateNodegroupConfig(CLUSTER, "blue", taints_remove=(GPU,))
    simulation.until_ended(
        simulation.do(nodegroups.update_config(simulation.hands, simulation.scope, command))
    )
    assert taints(simulation) == [False, False]
