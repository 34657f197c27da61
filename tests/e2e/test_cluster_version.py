"""What only a real process shows: kubectl meets the new version, and bad references meet the embedded AWS."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service, running
from tests.e2e.yard import CLUSTER, ROLE, SUBNETS


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with running(tmp_path) as made:
        yield made


def _served(service: Service, folder: Path) -> str:
    """Return the minor that the control plane tells kubectl, by a kubeconfig whose token is nobody's."""
    cluster = service.client("eks").describe_cluster(name=CLUSTER)["cluster"]
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CLUSTER,
        "clusters": [
            {
                "name": CLUSTER,
                "cluster": {
                    "server": cluster["endpoint"],
                    "certificate-authority-data": cluster["certificateAuthority"]["data"],
                },
            }
        ],
        "users": [{"name": "nobody", "user": {"token": "none"}}],
        "contexts": [{"name": CLUSTER, "context": {"cluster": CLUSTER, "user": "nobody"}}],
    }
    (folder / "kubeconfig").write_text(json.dumps(config))
    run = subprocess.run(
        ["kubectl", "--kubeconfig", str(folder / "kubeconfig"), "version", "-o", "json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    server = json.loads(run.stdout)["serverVersion"]
    return f"{server['major']}.{server['minor']}"


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kubectl_meets_the_new_version_also_after_a_restart(service: Service, tmp_path: Path) -> None:
    eks = yard.a_cluster(service, "1.33")
    assert _served(service, tmp_path) == "1.33"
    update = eks.update_cluster_version(name=CLUSTER, version="1.34")["update"]["id"]
    service.until(
        lambda: eks.describe_update(name=CLUSTER, updateId=update)["update"]["status"] == "Successful"
    )
    assert _served(service, tmp_path) == "1.34"
    service.kill()
    service.start()
    assert _served(service, tmp_path) == "1.34"


def _account(service: Service) -> tuple[set[str], set[str]]:
    subnets = service.client("ec2").describe_subnets()["Subnets"]
    roles = service.client("iam").list_roles()["Roles"]
    return {each["SubnetId"] for each in subnets}, {each["Arn"] for each in roles}


def _refused(service: Service) -> list[str]:
    """Return what is at fault with a group in a subnet and with a role that are not there."""
    found = service.client("nodeyard").validate_nodegroup(
        clusterName=CLUSTER,
        subnets=["subnet-0bbbbbbbbbbbbbbbb"],
        nodeRole=f"arn:aws-cn:iam::{ACCOUNT}:role/new",
    )
    return [each["member"] for each in found["refusals"]]


@pytest.mark.parametrize("adopt", ["--adopt", "--no-adopt"])
def test_references_that_cannot_be_are_refused_and_leave_nothing(tmp_path: Path, adopt: str) -> None:
    service = Service(tmp_path)
    service.start("--adopt")
    try:
        yard.a_cluster(service, "1.33")
        service.kill()
        service.start(adopt)
        eks = service.client("eks")
        before = _account(service)
        for changes in (
            {"nodeRole": f"arn:aws-cn:iam::{ACCOUNT}:role/{'x' * 65}"},
            {"nodeRole": "arn:aws-cn:iam::999988887777:role/node"},
            {"nodeRole": "x"},
            {"subnets": ["subnet-*"]},
            {"subnets": ["subnet-0aaaaaaaaaaaaaaaa"], "instanceTypes": ["*"]},
            {"subnets": ["", "subnet-'; drop"]},
            {"subnets": [f"subnet-{n}" for n in range(300)]},
            {"instanceTypes": [f"t{n}.x" for n in range(300)]},
            {"instanceTypes": ["*"]},
            {"launchTemplate": {"id": "x"}},
            {"launchTemplate": {"id": "lt-0123456789abcdef0", "version": "-1"}},
            {"launchTemplate": {"name": "()!", "version": "x"}},
            {"launchTemplate": {"name": "y" * 200}},
        ):
            asked = {"subnets": SUBNETS, "nodeRole": ROLE} | changes
            with pytest.raises(botocore.exceptions.ClientError) as error:
                eks.create_nodegroup(clusterName=CLUSTER, nodegroupName="blue", **asked)
            answer: Any = error.value.response
            assert 400 <= answer["ResponseMetadata"]["HTTPStatusCode"] < 500, (changes, answer)
        assert eks.list_nodegroups(clusterName=CLUSTER)["nodegroups"] == []
        assert _refused(service) == ([] if adopt == "--adopt" else ["subnets", "nodeRole"])
        assert _account(service) == before, "what is not accepted makes no subnet and no role"
        assert service.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
        assert REGION in eks.describe_cluster(name=CLUSTER)["cluster"]["arn"]
    finally:
        service.kill()
