"""One journey for every operation that the console offers, checked with a client of the API."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest

from tests.browser.console import Console
from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service

SPEED = "120"
GROUP = "/clusters/eksngdemo/nodegroups/blue"


@pytest.fixture(scope="module")
def eks(service: Service) -> Any:
    """A client, once the module's node group is there."""
    yard.a_group(service, "blue", 2, releaseVersion="1.14.7-20190927")
    service.until(lambda: yard.status(service, "blue") == "ACTIVE")
    return service.client("eks")


def described(eks: Any) -> Any:
    return eks.describe_nodegroup(clusterName=yard.CLUSTER, nodegroupName="blue")["nodegroup"]


def test_sizes_labels_taints_and_tags_are_edited(console: Console, eks: Any, service: Service) -> None:
    console.open(f"{GROUP}/edit")
    console.fill("Desired size", "9")
    console.text("desired capacity 9 can't be greater than max size 4")
    console.fill("Desired size", "3")
    console.press("Add label")
    console.fill("Key", "eks.amazonaws.com/mine")
    console.text(re.compile("Label cannot contain reserved prefixes"))
    console.fill("Key", "team")
    console.fill("Value", "web")
    console.press("Save changes")
    console.see("heading", "blue")
    service.until(lambda: described(eks)["scalingConfig"]["desiredSize"] == 3)
    assert described(eks)["labels"] == {"team": "web"}
    service.until(lambda: described(eks)["status"] == "ACTIVE")


def test_an_update_is_cancelled(console: Console, eks: Any, service: Service) -> None:
    service.until(lambda: described(eks)["status"] == "ACTIVE")
    yard.a_workload(service, replicas=2, available=2)
    console.open(f"{GROUP}/update")
    console.press("Update")
    console.text("Disruption budget default/web")
    console.press("Cancel update")
    console.text("Cancelled")
    yard.set_budget(service, 0)
    service.until(lambda: described(eks)["status"] == "ACTIVE")


def test_the_line_that_is_lost_comes_back_by_itself(console: Console, eks: Any, service: Service) -> None:
    console.open(GROUP)
    console.see("heading", "blue")
    console.window.context.set_offline(True)
    console.text("No answer")
    console.window.context.set_offline(False)
    console.window.get_by_text("No answer").wait_for(state="detached")


def test_copied_commands_are_taken_by_the_aws_cli_and_boto3(
    console: Console, eks: Any, service: Service
) -> None:
    console.open("/clusters/eksngdemo/add-nodegroup")
    console.fill("Name", "by-cli")
    console.fill("Node IAM role", yard.ROLE)
    console.window.keyboard.press("Escape")
    console.press("Add label")
    console.fill("Key", "team")
    console.fill("Value", "web")
    for _ in range(3):
        console.press("Next")
    console.see("heading", "Copy as")
    shell = console.window.locator("pre").inner_text()
    answer = subprocess.run(
        ["sh", "-c", shell.replace("aws eks", f"{sys.executable} -m awscli eks", 1)],
        env={
            "AWS_ENDPOINT_URL": service.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_CONFIG_FILE": str(service.folder / "no-config"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOME": str(service.folder),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    console.press("boto3", "button")
    program = console.window.locator("pre").inner_text().replace("by-cli", "by-boto3")
    client = f'boto3.client("eks", region_name="{REGION}")'
    assert client in program
    exec(program.replace("import boto3", "").replace(f"eks = {client}", ""), {"eks": eks})
    found = set(eks.list_nodegroups(clusterName=yard.CLUSTER)["nodegroups"])
    assert {"by-cli", "by-boto3"} <= found
    for name in ("by-cli", "by-boto3"):
        group = eks.describe_nodegroup(clusterName=yard.CLUSTER, nodegroupName=name)["nodegroup"]
        assert group["labels"] == {"team": "web"}
    console.press("Terraform")
    assert 'resource "aws_eks_node_group" "by-cli"' in console.window.locator("pre").inner_text()
    console.press("eksctl")
    assert '"kind": "ClusterConfig"' in console.window.locator("pre").inner_text()
    console.press("Create")
    console.text(re.compile("NodeGroup already exists with name by-cli and cluster name eksngdemo"))
    console.text("ResourceInUseException")
