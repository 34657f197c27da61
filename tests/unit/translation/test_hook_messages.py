"""Messages of the hook queue, as AWS sends them and as nobody should."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nodeyard.translation.hook_messages import parse

ACCOUNT, REGION, NAME = "111122223333", "eu-west-1", "eks-blue-1"
EVENT = {
    "version": "0",
    "id": "12345678-1234-1234-1234-123456789012",
    "detail-type": "EC2 Instance-terminate Lifecycle Action",
    "source": "aws.autoscaling",
    "account": ACCOUNT,
    "time": "2026-11-28T12:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {
        "LifecycleActionToken": "87654321-4321-4321-4321-210987654321",
        "AutoScalingGroupName": NAME,
        "LifecycleHookName": "Terminate-LC-Hook",
        "EC2InstanceId": "i-1234567890abcdef0",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
    },
}
NOTIFICATION = {
    "Origin": "AutoScalingGroup",
    "LifecycleHookName": "Terminate-LC-Hook",
    "Destination": "EC2",
    "AccountId": ACCOUNT,
    "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
    "AutoScalingGroupName": NAME,
    "EC2InstanceId": "i-1234567890abcdef0",
}


@pytest.mark.parametrize(
    ("message", "region"),
    [
        (EVENT, "us-east-1"),
        (NOTIFICATION, REGION),
        (NOTIFICATION | {"Event": "autoscaling:TEST_NOTIFICATION"}, REGION),
        ({"Type": "Notification", "Message": json.dumps(NOTIFICATION)}, REGION),
        ({"Type": "Notification", "Message": json.dumps(EVENT)}, "us-east-1"),
    ],
)
def test_a_message_names_its_group(message: dict[str, Any], region: str) -> None:
    assert parse(json.dumps(message), REGION) == (ACCOUNT, region, NAME)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello",
        "[1]",
        "null",
        pytest.param("[" * 100_000, id="nested without end"),
        "{}",
        json.dumps(EVENT | {"detail": "text"}),
        json.dumps(EVENT | {"detail": {"EC2InstanceId": "i-1"}}),
        json.dumps(NOTIFICATION | {"AutoScalingGroupName": 7}),
        json.dumps({"Type": "Notification", "Message": "text"}),
        json.dumps({"Type": "Notification", "Message": None}),
    ],
)
def test_a_message_that_names_no_group_is_about_none(body: str) -> None:
    assert parse(body, REGION) is None
