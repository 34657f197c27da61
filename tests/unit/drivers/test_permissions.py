"""The table of AWS actions: it has every call of the driver and no other, and the policy is made from it."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest

import nodeyard
from nodeyard.access.decide import Ask, decide
from nodeyard.access.policy import parse
from nodeyard.drivers.aws import permissions, preflight
from nodeyard.drivers.aws.calls import Calls
from nodeyard.drivers.aws.settings import AwsSettings
from nodeyard.drivers.system import RealClock
from nodeyard.ports import Denied
from tests.nouns import SCOPE

ACCOUNT = SCOPE.account
USER = f"arn:aws:iam::{ACCOUNT}:user/nodeyard"


def test_a_call_that_the_table_does_not_have_never_goes_out() -> None:
    calls = Calls(AwsSettings(endpoint_url="http://127.0.0.1:9"), RealClock())
    for way in (
        calls.call(SCOPE, "ec2", "run_instances"),
        calls.pages(SCOPE, "ec2", "describe_tags", "Tags"),
    ):
        with pytest.raises(permissions.UnlistedCall, match="not in the table"):
            asyncio.run(way)
    calls.close()


def test_the_table_has_no_call_that_the_driver_never_makes() -> None:
    folder = Path(permissions.__file__).parent
    text = "".join(file.read_text() for file in folder.glob("*.py") if file.name != "permissions.py")
    listed = (*permissions.CALLS, *permissions.CHECKING, *permissions.QUEUEING)
    assert [operation for _, operation in listed if f'"{operation}"' not in text] == []


def test_every_call_that_the_source_makes_is_in_the_table() -> None:
    services = "|".join(
        {name for name, _ in (*permissions.CALLS, *permissions.CHECKING, *permissions.QUEUEING)}
    )
    made = set()
    for file in Path(nodeyard.__file__).parent.rglob("*.py"):
        if file.name != "permissions.py":
            made.update(re.findall(rf'"({services})",\s*"([a-z]+_[a-z_]+)"', file.read_text()))
    assert ("ec2", "describe_subnets") in made
    for service, operation in made:
        permissions.look_up(service, operation)


def test_every_call_is_an_operation_of_boto3_and_asks_for_its_own_action() -> None:
    clients = {name: boto3.client(name, region_name="eu-west-1") for name, _ in permissions.CALLS}
    for (service, operation), (_, actions, _) in permissions.CALLS.items():
        spelled = clients[service].meta.method_to_api_mapping[operation]
        assert actions[0] == f"{service}:{spelled}"


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("ec2:RunInstances", "*", True),
        ("autoscaling:DeleteAutoScalingGroup", "group/eks-blue-1", True),
        ("autoscaling:DeleteAutoScalingGroup", "group/theirs", False),
        ("iam:DeleteInstanceProfile", f"arn:aws:iam::{ACCOUNT}:instance-profile/eks-1", True),
        ("iam:DeleteInstanceProfile", f"arn:aws:iam::{ACCOUNT}:instance-profile/theirs", False),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/node", True),
        ("iam:CreateUser", "*", False),
        (
            "iam:CreateServiceLinkedRole",
            f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot",
            True,
        ),
        (
            "iam:CreateServiceLinkedRole",
            f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS",
            False,
        ),
        ("eks:DescribeCluster", f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/prod", True),
        ("ssm:GetParameter", "arn:aws:ssm:eu-west-1::parameter/aws/service/eks/x", True),
        ("ssm:GetParameter", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/password", False),
    ],
)
def test_the_policy_allows_what_is_needed_and_no_more(action: str, resource: str, allowed: bool) -> None:
    if resource.startswith("group/"):
        name = resource.removeprefix("group/")
        resource = f"arn:aws:autoscaling:eu-west-1:{ACCOUNT}:autoScalingGroup:u:autoScalingGroupName/{name}"
    policy = parse(json.dumps(permissions.policy("aws", ACCOUNT)))
    context = {"iam:passedtoservice": "ec2.amazonaws.com"}
    assert decide([policy], Ask(action, resource, context)).allowed is allowed


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("sqs:ReceiveMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:hooks", True),
        ("sqs:DeleteMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:hooks", True),
        ("sqs:DeleteMessage", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:theirs", False),
        ("sqs:DeleteQueue", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:hooks", False),
    ],
)
def test_a_hook_queue_is_in_the_policy_where_there_is_one(action: str, resource: str, allowed: bool) -> None:
    ask = Ask(action, resource, {})
    with_queue = permissions.policy("aws", ACCOUNT, f"eu-west-1:{ACCOUNT}:hooks")
    assert decide([parse(json.dumps(with_queue))], ask).allowed is allowed
    assert not decide([parse(json.dumps(permissions.policy("aws", ACCOUNT)))], ask).allowed


class Answers:
    """What STS and IAM say."""

    def __init__(self, arn: str, *denied: str, account: str = ACCOUNT, silent: str = "") -> None:
        self.arn, self.denied, self.account, self.silent = arn, denied, account, silent
        self.asked: list[str] = []

    async def call(self, _scope: Any, _service: str, operation: str, **_: Any) -> dict[str, Any]:
        permissions.look_up(_service, operation)
        if operation == self.silent:
            raise Denied("no")
        if operation == "get_role":
            return {"Role": {"Arn": f"arn:aws:iam::{ACCOUNT}:role/path/yard"}}
        return {"Arn": self.arn, "Account": self.account}

    async def pages(
        self, _scope: Any, service: str, operation: str, _key: str, **members: Any
    ) -> list[dict[str, str]]:
        permissions.look_up(service, operation)
        if operation == self.silent:
            raise Denied("no")
        self.asked.append(members["PolicySourceArn"])
        return [
            {"EvalActionName": name, "EvalDecision": "implicitDeny" if name in self.denied else "allowed"}
            for name in members["ActionNames"]
        ]


def looked(answers: Answers) -> preflight.Found:
    return asyncio.run(preflight.look(answers, SCOPE))  # type: ignore[arg-type]


def test_credentials_that_may_do_all_are_well_and_those_that_may_not_are_told_what() -> None:
    every = {action for actions in permissions.needed().values() for action in actions}
    found = looked(Answers(USER))
    assert found.is_well and set(found.allowed) == every
    found = looked(Answers(USER, "ec2:RunInstances", "iam:PassRole"))
    assert not found.is_well
    assert found.denied == (
        "ec2:RunInstances on * (implicitDeny)",
        f"iam:PassRole on arn:aws:iam::{ACCOUNT}:role/* (implicitDeny)",
    )


def test_a_session_is_judged_by_its_role_and_the_root_needs_no_judge() -> None:
    session = Answers(f"arn:aws:sts::{ACCOUNT}:assumed-role/yard/i-1")
    assert looked(session).is_well
    assert set(session.asked) == {f"arn:aws:iam::{ACCOUNT}:role/path/yard"}
    root = Answers(f"arn:aws:iam::{ACCOUNT}:root")
    assert looked(root).is_well and root.asked == []


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (Answers(USER, account="444455556666"), "--account-id"),
        (Answers(USER, silent="get_caller_identity"), "does not know the credentials"),
        (Answers(USER, silent="simulate_principal_policy"), "iam:SimulatePrincipalPolicy"),
    ],
)
def test_what_cannot_be_found_out_is_said_with_the_way_out(answers: Answers, said: str) -> None:
    found = looked(answers)
    assert not found.is_well and found.problem is not None and said in found.problem
