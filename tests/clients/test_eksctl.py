"""eksctl as it was released against `nodeyard up`: a node group from nothing to nothing, by CloudFormation.

It asks every 30 seconds how a stack is, which is most of what this takes.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service
from tools.eksctl import EKSCTL

pytestmark = pytest.mark.timeout(600)

LIMIT_S = 300
SPEED = "150"
OLD, NEWEST = "1.32.0-20250116", "1.32.13-20260714"
OWN = {"alpha.eksctl.io/cluster-name": yard.CLUSTER, "alpha.eksctl.io/nodegroup-name": "blue"}
"""Labels and tags that eksctl puts on whatever it makes."""
NODEGROUP = ("--cluster", yard.CLUSTER, "--name", "blue")


class Eksctl:
    """eksctl with a home of its own, where it finds nothing but the address of the service."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.folder = folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": service.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def run(self, *arguments: str, code: int = 0) -> str:
        """Return what a command prints. Raises: AssertionError, where it ends with another code."""
        made = subprocess.run(
            [EKSCTL.path, *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert made.returncode == code, made.stdout + made.stderr
        return made.stdout + made.stderr


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    if not EKSCTL.path.exists():
        pytest.skip("eksctl was not built: `make eksctl` builds it (needs Go 1.26 or newer)")
    made = Service(tmp_path)
    made.start("--account-id", ACCOUNT, "--speed", SPEED)
    yard.a_cluster(made, "1.32")
    yield made
    made.kill()


def test_eksctl_makes_scales_labels_upgrades_drains_and_deletes_a_node_group(
    service: Service, tmp_path: Path
) -> None:
    eksctl = Eksctl(service, tmp_path)
    (tmp_path / "blue.yaml").write_text(yaml.safe_dump(_config(service)))
    said = eksctl.run("create", "nodegroup", "--config-file", "blue.yaml")
    assert "created 1 managed nodegroup(s)" in said and said.count("is ready") >= 2
    found = _group(service)
    assert (found["status"], found["releaseVersion"]) == ("ACTIVE", OLD)
    assert (found["labels"], found["taints"]) == (
        OWN | {"team": "web"},
        [{"key": "dedicated", "value": "web", "effect": "NO_SCHEDULE"}],
    )
    assert found["tags"].items() >= {"owner": "ann", **OWN}.items()

    eksctl.run("scale", "nodegroup", *NODEGROUP, "--nodes", "3")
    service.until(lambda: len(yard.nodes(service)) == 3 and yard.status(service, "blue") == "ACTIVE")
    eksctl.run("set", "labels", "--cluster", yard.CLUSTER, "--nodegroup", "blue", "--labels", "tier=front")
    assert _group(service)["labels"]["tier"] == "front"
    (told,) = json.loads(eksctl.run("get", "nodegroup", "--cluster", yard.CLUSTER, "--output", "json"))
    assert (told["Status"], told["DesiredCapacity"], told["Version"]) == ("ACTIVE", 3, "1.32")

    assert "successfully upgraded" in eksctl.run("upgrade", "nodegroup", *NODEGROUP)
    assert _group(service)["releaseVersion"] == NEWEST
    assert "drained all nodes" in eksctl.run("drain", "nodegroup", *NODEGROUP)
    assert all(node["spec"].get("unschedulable") for node in yard.nodes(service).values())
    eksctl.run("drain", "nodegroup", *NODEGROUP, "--undo")

    eksctl.run("delete", "nodegroup", *NODEGROUP, "--wait")
    assert "No nodegroups found" in eksctl.run("get", "nodegroup", "--cluster", yard.CLUSTER, code=1)
    assert not any(yard.made(service).values())


def _group(service: Service) -> dict[str, Any]:
    answer = service.client("eks").describe_nodegroup(clusterName=yard.CLUSTER, nodegroupName="blue")
    found: dict[str, Any] = answer["nodegroup"]
    return found


def _config(service: Service) -> dict[str, Any]:
    """Return what eksctl is asked for; of a cluster that it did not make it wants to know the network."""
    network = service.client("eks").describe_cluster(name=yard.CLUSTER)["cluster"]["resourcesVpcConfig"]
    subnets = service.client("ec2").describe_subnets(SubnetIds=network["subnetIds"])["Subnets"]
    return {
        "apiVersion": "eksctl.io/v1alpha5",
        "kind": "ClusterConfig",
        "metadata": {"name": yard.CLUSTER, "region": REGION, "version": "1.32"},
        "vpc": {
            "id": network["vpcId"],
            "securityGroup": network["clusterSecurityGroupId"],
            "subnets": {"public": {each["AvailabilityZone"]: {"id": each["SubnetId"]} for each in subnets}},
        },
        "managedNodeGroups": [
            {
                "name": "blue",
                "amiFamily": "AmazonLinux2023",
                "releaseVersion": OLD,
                "instanceType": "m5.large",
                "desiredCapacity": 2,
                "minSize": 1,
                "maxSize": 4,
                "labels": {"team": "web"},
                "tags": {"owner": "ann"},
                "taints": [{"key": "dedicated", "value": "web", "effect": "NoSchedule"}],
            }
        ],
    }
