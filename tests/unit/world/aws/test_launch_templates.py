"""Launch templates as EC2 keeps them: versions that inherit, and what reaches the instances."""

from __future__ import annotations

import base64
from typing import Any

import botocore.exceptions
import pytest

from nodeyard import catalog
from nodeyard.world.aws.fleet import LaunchSpec, TemplateChoice
from tests.unit.world.aws.host import ACCOUNT, REGION, Aws

USER_DATA = base64.b64encode(b"#!/bin/sh\n").decode()


def _full(group: str) -> dict[str, Any]:
    return {
        "ImageId": next(iter(catalog._releases.by_image(REGION))),
        "InstanceType": "m5.large",
        "KeyName": "ops",
        "UserData": USER_DATA,
        "SecurityGroupIds": [group],
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 30, "VolumeType": "gp3"}}],
        "InstanceMarketOptions": {"MarketType": "spot"},
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "payments"}]},
            {"ResourceType": "volume", "Tags": [{"Key": "disk", "Value": "root"}]},
        ],
    }


async def _made(aws: Aws) -> dict[str, Any]:
    """Make the template `nodes` and return its data."""
    groups = await aws.call("ec2", "describe_security_groups")
    data = _full(groups["SecurityGroups"][0]["GroupId"])
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "owner", "Value": "me"}]}]
    await aws.call(
        "ec2",
        "create_launch_template",
        LaunchTemplateName="nodes",
        LaunchTemplateData=data,
        TagSpecifications=tags,
    )
    return data


async def _version(aws: Aws, source: str | None, data: dict[str, Any], **more: Any) -> Any:
    given = {"SourceVersion": source} if source else {}
    made = await aws.call(
        "ec2",
        "create_launch_template_version",
        LaunchTemplateName="nodes",
        LaunchTemplateData=data,
        **given,
        **more,
    )
    return made["LaunchTemplateVersion"]


async def test_versions_inherit_what_they_do_not_say() -> None:
    aws = Aws(None)
    data = await _made(aws)
    for source in ("1", "$Latest", "$Default"):
        made = await _version(aws, source, {"InstanceType": f"m5.{source.strip('$').lower()}x"})
        assert made["LaunchTemplateData"] == {**data, "InstanceType": f"m5.{source.strip('$').lower()}x"}
    alone = await _version(aws, None, {"InstanceType": "c5.large"})
    shown = await aws.call("ec2", "describe_launch_template_versions", LaunchTemplateName="nodes")
    described = {
        each["VersionNumber"]: each["LaunchTemplateData"] for each in shown["LaunchTemplateVersions"]
    }
    assert described[1] == data
    assert described[3]["KeyName"] == "ops"
    assert described[5] == alone["LaunchTemplateData"] == {"InstanceType": "c5.large"}


async def test_a_source_that_does_not_exist_is_refused_and_makes_nothing() -> None:
    aws = Aws(None)
    await _made(aws)
    for source in ("7", "latest", "0"):
        with pytest.raises(botocore.exceptions.ClientError, match=r"VersionNotFound"):
            await _version(aws, source, {})
    shown = await aws.call("ec2", "describe_launch_templates")
    assert shown["LaunchTemplates"][0]["LatestVersionNumber"] == 1


async def test_the_same_token_makes_one_version_and_all_versions_are_shown() -> None:
    aws = Aws(None)
    await _made(aws)
    first = await _version(aws, "1", {}, ClientToken="once")
    assert await _version(aws, "1", {}, ClientToken="once") == first
    for _ in range(15):
        await _version(aws, "1", {})
    shown = await aws.call("ec2", "describe_launch_template_versions", LaunchTemplateName="nodes")
    assert len(shown["LaunchTemplateVersions"]) == 17


def _shows(instance: dict[str, Any], data: dict[str, Any]) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
    assert tags["team"] == "payments"
    assert instance["InstanceType"] == "m5.large"
    assert instance["KeyName"] == "ops"
    assert instance["InstanceLifecycle"] == "spot"
    assert [group["GroupId"] for group in instance["SecurityGroups"]] == data["SecurityGroupIds"]
    options = instance["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 2)


async def test_an_instance_of_an_auto_scaling_group_shows_what_its_template_says() -> None:
    aws = Aws(None)
    data = await _made(aws)
    subnet = (await aws.call("ec2", "describe_subnets"))["Subnets"][0]["SubnetId"]
    choice = TemplateChoice("", "nodes", "1")
    spec = LaunchSpec(ACCOUNT, REGION, choice, subnet, 1, None, False, {"eks:nodegroup-name": "blue"})
    (machine,) = await aws.embedded.fleet.launch(spec)
    assert machine.user_data == b"#!/bin/sh\n"
    shown = await aws.call("ec2", "describe_instances", InstanceIds=[machine.id])
    _shows(shown["Reservations"][0]["Instances"][0], data)
    (volume,) = (await aws.call("ec2", "describe_volumes"))["Volumes"]
    assert (volume["Size"], volume["VolumeType"]) == (30, "gp3")
    assert {"Key": "disk", "Value": "root"} in volume["Tags"]


async def test_run_instances_shows_what_its_template_says() -> None:
    aws = Aws(None)
    data = await _made(aws)
    made = await aws.call(
        "ec2", "run_instances", LaunchTemplate={"LaunchTemplateName": "nodes"}, MinCount=1, MaxCount=1
    )
    shown = await aws.call("ec2", "describe_instances", InstanceIds=[made["Instances"][0]["InstanceId"]])
    _shows(shown["Reservations"][0]["Instances"][0], data)


async def test_a_template_that_is_not_there_is_refused_by_its_id_and_by_its_name() -> None:
    aws = Aws(None)
    for what, code in (
        ({"LaunchTemplateIds": ["lt-0123456789abcdef0"]}, "InvalidLaunchTemplateId.NotFound"),
        ({"LaunchTemplateNames": ["nodes"]}, "InvalidLaunchTemplateName.NotFoundException"),
    ):
        with pytest.raises(botocore.exceptions.ClientError, match=code):
            await aws.call("ec2", "describe_launch_templates", **what)
