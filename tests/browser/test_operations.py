"""One journey for every operation that the console offers, checked with a client of the API."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.browser import copied
from tests.browser.conftest import GROUP, described
from tests.browser.console import Console
from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service

SPEED = "120"
PATIENCE_S = 30.0
SHOWN_WITHIN_S = 1.0


@pytest.mark.timeout(300)
def test_an_update_is_rehearsed_beside_its_button(
    console: Console, service: Service, eks: Any, held: None
) -> None:
    """While the group still grows by a node, as a reader may find it."""
    eks.update_nodegroup_config(
        clusterName=yard.CLUSTER, nodegroupName="blue", scalingConfig={"desiredSize": 3}
    )
    console.open(f"{GROUP}/update")
    console.text("Rehearsal: fails")
    console.text(re.compile("The update would fail"))
    console.text(re.compile("PodDisruptionBudget default/web needs 2 healthy pods and has 2.*What helps"))
    console.text("Any one of these lets it pass")
    yard.set_budget(service, 1)
    console.press("Rehearse again")
    console.text(re.compile("Rehearsal: passes, within"))
    yard.set_budget(service, 2)
    console.window.get_by_role("radio", name="Force update").check()
    console.text("Rehearsing")
    console.text(re.compile("Rehearsal: passes, within"))


def test_sizes_labels_taints_and_tags_are_edited(console: Console, eks: Any, service: Service) -> None:
    console.open(f"{GROUP}/edit")
    console.fill("Desired size", "9")
    console.text("desired capacity 9 can't be greater than max size 4")
    console.fill("Desired size", "4")
    console.press("Add label")
    console.fill("Key", "eks.amazonaws.com/mine")
    console.text(re.compile("Label cannot contain reserved prefixes"))
    console.fill("Key", "team")
    console.fill("Value", "web")
    console.window.get_by_role("checkbox", name="Warm pool", exact=True).check()
    console.fill("Prepared capacity at most", "4")
    console.fill("At least in the pool", "5")
    console.text("The warm pool's minSize 5 can't be greater than maxGroupPreparedCapacity 4")
    console.fill("At least in the pool", "0")
    console.press("Save changes")
    console.see("heading", "blue", exact=True)
    service.until(lambda: described(eks)["scalingConfig"]["desiredSize"] == 4)
    assert described(eks)["labels"] == {"team": "web"}
    assert described(eks)["warmPoolConfig"]["maxGroupPreparedCapacity"] == 4
    service.until(lambda: described(eks)["status"] == "ACTIVE")


def test_each_step_is_judged_with_the_account(console: Console, eks: Any, service: Service) -> None:
    before = service.client("iam").list_roles()["Roles"]
    console.open("/clusters/eksngdemo/add-nodegroup")
    console.fill("Name", "blue")
    taken = "NodeGroup already exists with name blue and cluster name eksngdemo"
    console.text(taken)
    console.fill("Name", "judged")
    console.window.get_by_text(taken).wait_for(state="hidden")
    for role, told in (
        (f"arn:aws-cn:iam::{ACCOUNT}:role/eks", "is the role of cluster eksngdemo"),
        ("arn:aws-cn:iam::999988887777:role/node", "Cross-account pass role is not allowed"),
        (f"arn:aws:iam::{ACCOUNT}:role/node", "Region cn-north-1 is in partition aws-cn, the role is in aws"),
    ):
        console.fill("Node IAM role", role)
        console.text(re.compile(told))
    console.window.keyboard.press("Escape")
    console.press("Next")
    console.see("heading", "Configure node group")
    console.fill("Node IAM role", yard.ROLE)
    console.window.keyboard.press("Escape")
    # At once, before the service is asked by itself: going on waits for its answer.
    console.press("Next")
    console.see("heading", "Set compute and scaling")
    for types, told in (
        ("m5.large, z9.tiny", "The following supplied instance types do not exist: [z9.tiny]"),
        ("m6g.large", "[m6g.large] is not a valid instance type for requested amiType AL2_x86_64"),
    ):
        console.fill("Other instance types", types)
        console.text(told)
    console.press("Next")
    console.see("heading", "Set compute and scaling")
    assert console.findings() == []
    # Who cannot ask is told so, and may go on: the service judges again at the end.
    console.window.route("**/validate-nodegroup", lambda asked: asked.abort())
    console.fill("Other instance types", "m5.large")
    console.text("No answer")
    console.window.unroute("**/validate-nodegroup")
    console.press("Try again")
    console.window.get_by_text("No answer").wait_for(state="hidden")
    console.press("Next")
    console.see("heading", "Specify networking")
    assert service.client("iam").list_roles()["Roles"] == before, "to look makes no role"
    assert "judged" not in eks.list_nodegroups(clusterName=yard.CLUSTER)["nodegroups"]


OVERRIDE = {
    "nodeMonitoringCondition": "StorageReady",
    "nodeUnhealthyReason": "IODelays",
    "minRepairWaitTimeMins": 5,
    "repairAction": "Replace",
}


def test_settings_that_are_not_edited_stay(console: Console, eks: Any, service: Service) -> None:
    """The API replaces update and repair settings as a whole: the console sends all of them."""
    repair = {"enabled": False, "nodeRepairConfigOverrides": [OVERRIDE]}
    eks.update_nodegroup_config(
        clusterName=yard.CLUSTER,
        nodegroupName="blue",
        updateConfig={"maxUnavailable": 1, "updateStrategy": "MINIMAL"},
        nodeRepairConfig=repair,
    )
    service.until(lambda: described(eks)["status"] == "ACTIVE")
    console.open(f"{GROUP}/edit")
    # The last field of that name: a label has a value as well.
    console.window.get_by_label("Value", exact=True).and_(console.window.locator("input")).last.fill("2")
    console.window.get_by_label("Node auto repair").check()
    console.press("Save changes")
    console.see("heading", "blue", exact=True)
    service.until(lambda: described(eks)["updateConfig"]["maxUnavailable"] == 2)
    assert described(eks)["updateConfig"]["updateStrategy"] == "MINIMAL"
    assert described(eks)["nodeRepairConfig"] == {**repair, "enabled": True}
    service.until(lambda: described(eks)["status"] == "ACTIVE")
    console.open(f"{GROUP}/edit")
    console.window.get_by_role("radio", name="DEFAULT").check()
    console.press("Save changes")
    console.see("heading", "blue", exact=True)
    service.until(lambda: described(eks)["updateConfig"]["updateStrategy"] == "DEFAULT")
    assert described(eks)["updateConfig"]["maxUnavailable"] == 2
    service.until(lambda: described(eks)["status"] == "ACTIVE")


def test_what_another_began_is_told_to_who_comes_too_late(
    console: Console, eks: Any, service: Service, held: None
) -> None:
    yard.set_budget(service, 2)
    service.until(lambda: described(eks)["status"] == "ACTIVE")
    console.open(f"{GROUP}/update")
    console.see("heading", "Update blue")
    place = {"clusterName": yard.CLUSTER, "nodegroupName": "blue"}
    begun = eks.update_nodegroup_version(**place)["update"]["id"]
    console.press("Update")
    console.text("ResourceInUseException")
    console.open(f"{GROUP}/edit")
    console.fill("Desired size", "2")
    console.press("Save changes")
    console.text("ResourceInUseException")
    service.client("eks").cancel_update(name=yard.CLUSTER, updateId=begun)
    yard.set_budget(service, 0)
    service.until(lambda: described(eks)["status"] == "ACTIVE")


def test_an_update_takes_the_version_of_the_launch_template_that_one_picks(
    console: Console, eks: Any, service: Service
) -> None:
    ec2 = service.client("ec2")
    data = {"InstanceType": "t3.medium"}
    made = ec2.create_launch_template(LaunchTemplateName="mine", LaunchTemplateData=data)["LaunchTemplate"]
    ec2.create_launch_template_version(
        LaunchTemplateId=made["LaunchTemplateId"],
        SourceVersion="1",
        VersionDescription="larger",
        LaunchTemplateData={"InstanceType": "t3.large"},
    )
    yard.a_group(service, "templated", 1, launchTemplate={"name": "mine", "version": "1"})
    service.until(lambda: yard.status(service, "templated") == "ACTIVE")
    console.open("/clusters/eksngdemo/nodegroups/templated/update")
    console.fill("Launch template version", "7")
    console.text("mine has no version 7")
    console.fill("Launch template version", "")
    console.window.get_by_role("option", name=re.compile("larger")).click()
    console.press("Update")
    console.see("heading", "Update of templated")
    named = {"clusterName": yard.CLUSTER, "nodegroupName": "templated"}
    service.until(lambda: yard.status(service, "templated") == "ACTIVE")
    group = eks.describe_nodegroup(**named)["nodegroup"]
    assert (group["launchTemplate"]["version"], group["health"]["issues"]) == ("2", [])
    types = [
        one["InstanceType"]
        for found in ec2.describe_instances(
            Filters=[
                {"Name": "tag:eks:nodegroup-name", "Values": ["templated"]},
                {"Name": "instance-state-name", "Values": ["running"]},
            ]
        )["Reservations"]
        for one in found["Instances"]
    ]
    assert types == ["t3.large"]
    eks.delete_nodegroup(**named)


def test_what_happens_is_shown_within_a_second(console: Console, eks: Any, service: Service) -> None:
    """Measured until it is so, six times at most: a machine that is busy with other tests may be late."""
    service.until(lambda: described(eks)["status"] == "ACTIVE")
    console.open(GROUP)
    console.press("Events", "tab")
    console.see("heading", "Events")
    late = []
    for number in range(6):
        maximum = 5 + number
        began = time.monotonic()
        answer = eks.update_nodegroup_config(
            clusterName=yard.CLUSTER, nodegroupName="blue", scalingConfig={"maxSize": maximum}
        )
        console.window.get_by_text(answer["update"]["id"]).first.wait_for()
        late.append(time.monotonic() - began)
        service.until(lambda: described(eks)["status"] == "ACTIVE")
        if late[-1] < SHOWN_WITHIN_S:
            break
    assert min(late) < SHOWN_WITHIN_S, late


def test_every_field_of_a_node_group_is_shown(console: Console, eks: Any, service: Service) -> None:
    """Two groups have every member between them that the API's model has."""
    ec2 = service.client("ec2")
    ec2.create_key_pair(KeyName="mine")
    template = ec2.create_launch_template(
        LaunchTemplateName="ours", LaunchTemplateData={"InstanceType": "m5.large"}
    )["LaunchTemplate"]
    yard.a_group(
        service,
        "whole",
        0,
        **EVERYTHING,
        remoteAccess={"ec2SshKey": "mine"},
        instanceTypes=["c5.large", "c5.xlarge"],
        diskSize=77,
    )
    versioned = {"id": template["LaunchTemplateId"], "version": "1"}
    yard.a_group(service, "templated", 0, capacityType="SPOT", launchTemplate=versioned)
    told: set[str] = set()
    for name in ("whole", "templated"):
        service.until(lambda name=name: yard.status(service, name) == "ACTIVE")  # type: ignore[misc]
        group = eks.describe_nodegroup(clusterName=yard.CLUSTER, nodegroupName=name)["nodegroup"]
        told |= group.keys()
        console.open(f"/clusters/eksngdemo/nodegroups/{name}")
        console.text(group["nodegroupArn"])
        body = console.body()
        assert [each for each in leaves(group) if each not in body] == []
    model = eks.meta.service_model.shape_for("Nodegroup")
    assert told == set(model.members)


def test_the_event_log_is_read_again_when_a_read_failed(console: Console) -> None:
    refused: list[str] = []

    def once(route: Any) -> None:
        if refused:
            route.continue_()
        else:
            refused.append(route.request.url)
            route.abort()

    console.window.route(re.compile("/nodeyard/v1/events/list"), once)
    console.open("/clusters/eksngdemo")
    console.press("Events", "tab")
    # Of before the page was there: the stream tells none of them.
    console.text(re.compile(r"Events \((?:[2-9]|\d\d+)\)"))
    assert refused


EVERYTHING: dict[str, Any] = {
    "labels": {"tier": "front"},
    "taints": [{"key": "dedicated", "value": "shop", "effect": "PREFER_NO_SCHEDULE"}],
    "tags": {"cost": "centre-9"},
    "updateConfig": {"maxUnavailablePercentage": 33, "updateStrategy": "MINIMAL"},
    "nodeRepairConfig": {
        "enabled": True,
        "maxUnhealthyNodeThresholdCount": 41,
        "maxParallelNodesRepairedPercentage": 43,
        "nodeRepairConfigOverrides": [
            {
                "nodeMonitoringCondition": "AcceleratedHardwareReady",
                "nodeUnhealthyReason": "NvidiaXID64Error",
                "minRepairWaitTimeMins": 47,
                "repairAction": "Reboot",
            }
        ],
    },
    "warmPoolConfig": {
        "enabled": True,
        "minSize": 0,
        "maxGroupPreparedCapacity": 3,
        "poolState": "STOPPED",
        "reuseOnScaleIn": True,
    },
}


def leaves(value: Any) -> list[str]:
    """Return every text and number in what a client was answered, and the keys of labels and tags."""
    if isinstance(value, dict):
        keys = [key for key in value if key in ("tier", "cost")]
        return keys + [leaf for each in value.values() for leaf in leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [str(value)] if isinstance(value, str | int) and not isinstance(value, bool) else []


def test_what_is_copied_is_taken_by_each_tool(console: Console, eks: Any, service: Service) -> None:
    """The aws CLI and boto3 run what the page shows; test_copied has the judges of all the rest."""
    console.open("/clusters/eksngdemo/add-nodegroup")
    console.fill("Name", "by-cli")
    console.fill("Node IAM role", yard.ROLE)
    console.window.keyboard.press("Escape")
    for place, (button, key, value) in enumerate(
        [("Add label", "team", "web"), ("Add taint", "dedicated", "shop"), ("Add tag", "${owner}", 'a "b"')]
    ):
        console.press(button)
        for label, text in (("Key", key), ("Value", value)):
            fields = console.window.get_by_label(label, exact=True).and_(console.window.locator("input"))
            fields.nth(place).fill(text)
    console.window.get_by_role("radio", name="Percentage").check()
    console.window.get_by_label("Value", exact=True).and_(console.window.locator("input")).nth(3).fill("25")
    console.window.get_by_role("radio", name="MINIMAL").check()
    console.window.get_by_label("Node auto repair").check()
    console.press("Next")
    console.row("m5.large").get_by_text("$0.0960").wait_for()
    console.text("Public On-Demand prices for Linux in us-east-1 as of 2025-05-01")
    console.window.get_by_role("checkbox", name="m5.large", exact=True).check()
    for _ in range(2):
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
        assert (group["labels"], group["instanceTypes"]) == ({"team": "web"}, ["m5.large"])
    console.press("Terraform")
    shown = console.window.locator("pre").inner_text()
    assert 'resource "aws_eks_node_group" "by-cli"' in shown and '"$${owner}" = "a \\"b\\""' in shown
    console.press("eksctl")
    group = copied.eksctl(console.window.locator("pre").inner_text())
    assert (group["name"], group["amiFamily"], group["tags"]) == (
        "by-cli",
        "AmazonLinux2",
        {"${owner}": 'a "b"'},
    )
    console.press("Create")
    console.text(re.compile("NodeGroup already exists with name by-cli and cluster name eksngdemo"))
    console.text("ResourceInUseException")
