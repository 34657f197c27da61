"""`nodeyard up --images`: a group of images of one's own moves along the releases of the file."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service
from tests.e2e.yard import CLUSTER

BOOTSTRAP = """MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    name: {{nodeyard.cluster}}
    apiServerEndpoint: {{nodeyard.endpoint}}
    certificateAuthority: {{nodeyard.ca-data}}
    cidr: {{nodeyard.service-cidr}}

--//--
"""
OLD, NEW, GOLDEN = "ami-0000000000000001a", "ami-0000000000000002b", "ami-0000000000000003c"
OF_EKS = f"""
[[releases]]
family = "AL2023_x86_64_STANDARD"
kubernetes = "1.34"
release = "golden"
images = {{ {REGION} = "{GOLDEN}" }}
"""


def _entry(release: str, image: str) -> str:
    return (
        f'[[releases]]\nfamily = "ubuntu"\narchitecture = "x86_64"\nkubernetes = "1.34"\n'
        f'release = "{release}"\nimages = {{ {REGION} = "{image}" }}\n'
    )


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "images.toml"
    path.write_text(_entry("1.34.2-1", OLD) + OF_EKS)
    return path


@pytest.fixture(scope="module")
def service(images: Path) -> Iterator[Service]:
    made = Service(images.parent)
    made.start("--images", str(images))
    yard.a_cluster(made, "1.34")
    yield made
    made.kill()


def _group(service: Service) -> dict[str, Any]:
    found = service.client("eks").describe_nodegroup(clusterName=CLUSTER, nodegroupName="own")["nodegroup"]
    return dict(found)


def _listed(service: Service, *command: str) -> list[dict[str, Any]]:
    """Return what a command of ours lists as JSON, one object a line."""
    where = ["--endpoint", service.endpoint, "--region", REGION, "--json"]
    run = subprocess.run(
        [sys.executable, "-m", "nodeyard.cli", *command, *where],
        env={"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "any", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def _running(service: Service) -> set[str]:
    found = service.client("ec2").describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["running"]}]
    )
    return {one["ImageId"] for each in found["Reservations"] for one in each["Instances"]}


def test_a_group_of_own_images_moves_to_a_release_that_was_added_while_the_service_runs(
    service: Service, images: Path
) -> None:
    eks = service.client("eks")
    data = {
        "ImageId": OLD,
        "InstanceType": "m5.large",
        "UserData": base64.b64encode(BOOTSTRAP.encode()).decode(),
    }
    service.client("ec2").create_launch_template(LaunchTemplateName="own", LaunchTemplateData=data)
    template = {"name": "own", "version": "1"}
    yard.a_group(service, "own", 2, launchTemplate=template)
    service.until(lambda: yard.status(service, "own") == "ACTIVE")
    made = _group(service)
    assert (made["amiType"], made["version"], made["releaseVersion"]) == ("CUSTOM", "1.34", "1.34.2-1")
    images.write_text("this is no list of images")
    service.until(lambda: "stay as they were" in (service.folder / "service.log").read_text())
    images.write_text(_entry("1.34.2-1", OLD) + _entry("1.34.9-2", NEW) + OF_EKS)
    service.until(lambda: "were read again" in (service.folder / "service.log").read_text())
    (seen,) = _listed(service, "groups", "list")
    assert (seen["updateAvailable"], seen["latestReleaseVersion"]) == (True, "1.34.9-2")
    known = _listed(service, "catalog", "list", "--ami-type", "ubuntu/x86_64")
    assert [(each["imageId"], each["latest"]) for each in known] == [(OLD, False), (NEW, True)]

    with pytest.raises(eks.exceptions.InvalidParameterException, match="release version nope is not valid"):
        eks.update_nodegroup_version(clusterName=CLUSTER, nodegroupName="own", releaseVersion="nope")
    update = eks.update_nodegroup_version(clusterName=CLUSTER, nodegroupName="own", releaseVersion="1.34.9-2")
    which = {"name": CLUSTER, "nodegroupName": "own", "updateId": update["update"]["id"]}
    service.until(lambda: eks.describe_update(**which)["update"]["status"] != "InProgress")
    assert eks.describe_update(**which)["update"]["status"] == "Successful"
    assert _group(service)["releaseVersion"] == "1.34.9-2"
    assert _group(service)["launchTemplate"]["version"] == "1"
    service.until(lambda: _running(service) == {NEW})
    versions = {each["status"]["nodeInfo"]["kubeletVersion"] for each in yard.nodes(service).values()}
    assert versions == {"v1.34.9"}
    assert not _listed(service, "groups", "list")[0]["updateAvailable"]


def test_a_family_of_eks_with_own_images_launches_those(service: Service) -> None:
    yard.a_group(service, "golden", 1)
    service.until(lambda: yard.status(service, "golden") == "ACTIVE")
    found = service.client("eks").describe_nodegroup(clusterName=CLUSTER, nodegroupName="golden")["nodegroup"]
    assert (found["amiType"], found["releaseVersion"]) == ("AL2023_x86_64_STANDARD", "golden")
    assert GOLDEN in _running(service)
