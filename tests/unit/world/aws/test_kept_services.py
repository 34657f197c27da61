"""Whatever an AWS service answered is there after its process was killed."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from nodeyard.world.errors import WorldDataError
from tests.unit.world.aws.host import Aws

TRUST = '{"Version":"2012-10-17","Statement":[]}'

SIGNING = {"KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256"}

CASES: dict[str, tuple[str, str, dict[str, Any], str, dict[str, Any], str]] = {
    "a queue": (
        "sqs",
        "create_queue",
        {"QueueName": "jobs"},
        "list_queues",
        {},
        "jobs",
    ),
    "a symmetric key": (
        "kms",
        "create_key",
        {"Description": "disks"},
        "list_keys",
        {},
        "KeyId",
    ),
    "a signing key": (
        "kms",
        "create_key",
        SIGNING,
        "list_keys",
        {},
        "KeyId",
    ),
    "a log group": (
        "logs",
        "create_log_group",
        {"logGroupName": "nodes"},
        "describe_log_groups",
        {},
        "nodes",
    ),
    "a rule": (
        "events",
        "put_rule",
        {"Name": "nightly", "ScheduleExpression": "rate(1 hour)"},
        "list_rules",
        {},
        "nightly",
    ),
    "a parameter": (
        "ssm",
        "put_parameter",
        {"Name": "/a", "Value": "b", "Type": "String"},
        "get_parameter",
        {"Name": "/a"},
        "/a",
    ),
    "a role": (
        "iam",
        "create_role",
        {"RoleName": "builder", "AssumeRolePolicyDocument": TRUST},
        "list_roles",
        {},
        "builder",
    ),
    "a profile": (
        "iam",
        "create_instance_profile",
        {"InstanceProfileName": "p"},
        "list_instance_profiles",
        {},
        "'p'",
    ),
    "a key pair": (
        "ec2",
        "create_key_pair",
        {"KeyName": "mine"},
        "describe_key_pairs",
        {},
        "mine",
    ),
    "a security group": (
        "ec2",
        "create_security_group",
        {"GroupName": "db", "Description": "x"},
        "describe_security_groups",
        {},
        "'db'",
    ),
}


async def test_what_every_service_answered_is_told_again_after_a_kill(tmp_path: Path) -> None:
    first = Aws(tmp_path)
    before = {}
    for case, (service, make, given, show, asked, expected) in CASES.items():
        await first.call(service, make, **given)
        before[case] = await first.call(service, show, **asked)
        assert expected in str(before[case]), case
    # The first process is left as it is: a kill closes and writes nothing.
    second = Aws(tmp_path)
    await second.embedded.load()
    after = {case: await second.call(row[0], row[3], **row[4]) for case, row in CASES.items()}
    before["a symmetric key"] = before["a signing key"]  # both keys were there when it was asked
    before["a role"]["Roles"].sort(key=lambda role: role["RoleName"])
    assert after == before


async def test_what_a_region_has_from_the_beginning_keeps_its_ids(tmp_path: Path) -> None:
    first = await Aws(tmp_path).call("ec2", "describe_subnets")
    assert await Aws(tmp_path).call("ec2", "describe_subnets") == first


async def test_tags_that_were_put_through_the_tagging_service_are_kept(tmp_path: Path) -> None:
    first = Aws(tmp_path)
    vpc = (await first.call("ec2", "describe_vpcs"))["Vpcs"][0]["VpcId"]
    arn = f"arn:aws:ec2:eu-west-1:111122223333:vpc/{vpc}"
    await first.call("resourcegroupstaggingapi", "tag_resources", ResourceARNList=[arn], Tags={"a": "b"})
    found = (await Aws(tmp_path).call("ec2", "describe_vpcs"))["Vpcs"][0]
    assert found.get("Tags") == [{"Key": "a", "Value": "b"}]


async def test_a_question_writes_nothing(tmp_path: Path) -> None:
    aws = Aws(tmp_path)
    await aws.call("ec2", "describe_vpcs")
    wal = tmp_path / "moto.sqlite-wal"
    before = wal.read_bytes()
    await aws.call("ec2", "describe_instances")
    assert wal.read_bytes() == before


async def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    await Aws(tmp_path).call("ec2", "describe_vpcs")
    with sqlite3.connect(tmp_path / "moto.sqlite") as raw:
        raw.execute("PRAGMA user_version=99")
    with pytest.raises(WorldDataError, match="format 99"):
        await Aws(tmp_path).embedded.load()


async def test_a_record_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    await Aws(tmp_path).call("ec2", "describe_vpcs")
    with sqlite3.connect(tmp_path / "moto.sqlite") as raw:
        raw.execute("UPDATE backends SET state = substr(state, 1, 1000)")
    with pytest.raises(WorldDataError, match="ec2 of 111122223333"):
        await Aws(tmp_path).embedded.load()
