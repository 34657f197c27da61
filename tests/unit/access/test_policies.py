"""IAM's evaluation, line by line: what a policy allows, denies, and says nothing of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nodeyard.access.decide import Ask, Verdict, decide, denied
from nodeyard.access.patterns import like, like_arn
from nodeyard.access.policy import ALLOW_ALL, SIZE_MAX, MalformedPolicy, parse

PROD = "arn:aws:eks:eu-west-1:111122223333:cluster/prod"
YES, NO, DENIED = Verdict(True), Verdict(False), Verdict(False, explicit=True)


def statement(**members: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "*", "Resource": "*"} | members


def a_policy(*statements: dict[str, Any]) -> Any:
    return parse(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def asked(action: str = "eks:DescribeCluster", resource: str = PROD, **context: Any) -> Ask:
    return Ask(action, resource, {key.lower(): value for key, value in context.items()})


@pytest.mark.parametrize(
    ("members", "verdict"),
    [
        ({}, YES),
        ({"Effect": "Deny"}, DENIED),
        ({"Action": "eks:DescribeCluster"}, YES),
        ({"Action": "EKS:describecluster"}, YES),
        ({"Action": ["eks:List*", "eks:Describe*"]}, YES),
        ({"Action": "eks:Describe?luster"}, YES),
        ({"Action": "eks:Describe"}, NO),
        ({"Action": "ec2:*"}, NO),
        ({"Resource": PROD}, YES),
        ({"Resource": "arn:aws:eks:*:111122223333:cluster/p*"}, YES),
        ({"Resource": "arn:aws:eks:eu-west-1:111122223333:cluster/PROD"}, NO),
        ({"Resource": "arn:aws:eks:eu-west-1:444455556666:cluster/prod"}, NO),
        ({"Resource": "arn:aws:eks:eu-west-1:111122223333:cluster/prod2"}, NO),
        ({"Resource": "arn:aws:eks:eu-west-1:111122223333:cluster/pro"}, NO),
    ],
)
def test_one_statement(members: dict[str, Any], verdict: Verdict) -> None:
    assert decide([a_policy(statement(**members))], asked()) == verdict


@pytest.mark.parametrize(
    ("action", "resource", "verdict"),
    [("NotAction", None, NO), (None, "NotResource", NO)],
)
def test_what_is_left_out_is_not_allowed(action: str | None, resource: str | None, verdict: Verdict) -> None:
    one: dict[str, Any] = {"Effect": "Allow"}
    one[action or "Action"] = "eks:Describe*" if action else "*"
    one[resource or "Resource"] = PROD if resource else "*"
    assert decide([a_policy(one)], asked()) == verdict
    other = asked("eks:ListClusters", "arn:aws:eks:eu-west-1:111122223333:cluster/*")
    assert decide([a_policy(one)], other) == YES


def test_no_policy_allows_nothing_and_a_deny_in_any_policy_wins() -> None:
    assert decide([], asked()) == NO
    allow, deny = a_policy(statement()), a_policy(statement(Effect="Deny", Action="eks:Describe*"))
    assert decide([allow, deny], asked()) == decide([deny, allow], asked()) == DENIED
    assert decide([allow, deny], asked("eks:ListClusters")) == YES
    assert decide([ALLOW_ALL], asked("iam:PassRole", "arn:aws:iam::1:role/x")) == YES


CONDITIONS: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("StringEquals", {"aws:RequestTag/team": "red"}, {"aws:RequestTag/Team": "red"}, True),
    ("StringEquals", {"aws:RequestTag/team": ["blue", "red"]}, {"aws:RequestTag/team": "red"}, True),
    ("StringEquals", {"aws:RequestTag/team": "r*"}, {"aws:RequestTag/team": "red"}, False),
    ("StringEquals", {"aws:RequestTag/team": "red"}, {}, False),
    ("StringEqualsIfExists", {"aws:RequestTag/team": "red"}, {}, True),
    ("StringEqualsIfExists", {"aws:RequestTag/team": "red"}, {"aws:RequestTag/team": "blue"}, False),
    ("StringNotEquals", {"aws:RequestTag/team": ["red", "blue"]}, {"aws:RequestTag/team": "red"}, False),
    ("StringNotEquals", {"aws:RequestTag/team": ["red", "blue"]}, {"aws:RequestTag/team": "green"}, True),
    ("StringNotEquals", {"aws:RequestTag/team": "red"}, {}, True),
    ("StringEqualsIgnoreCase", {"k": "Red"}, {"k": "rED"}, True),
    ("StringNotEqualsIgnoreCase", {"k": "Red"}, {"k": "rED"}, False),
    ("StringLike", {"aws:ResourceTag/env": "dev-*"}, {"aws:ResourceTag/env": "dev-1"}, True),
    ("StringNotLike", {"k": "dev-*"}, {"k": "prod-1"}, True),
    ("ForAllValues:StringEquals", {"aws:TagKeys": ["a", "b"]}, {"aws:TagKeys": ("a",)}, True),
    ("ForAllValues:StringEquals", {"aws:TagKeys": ["a", "b"]}, {"aws:TagKeys": ("a", "c")}, False),
    ("ForAllValues:StringEquals", {"aws:TagKeys": ["a"]}, {}, True),
    ("ForAnyValue:StringEquals", {"aws:TagKeys": ["a"]}, {"aws:TagKeys": ("a", "c")}, True),
    ("ForAnyValue:StringEquals", {"aws:TagKeys": ["a"]}, {}, False),
    ("ForAnyValue:StringNotEquals", {"aws:TagKeys": ["a"]}, {"aws:TagKeys": ("a", "c")}, True),
    ("ForAllValues:StringNotEquals", {"aws:TagKeys": ["a"]}, {"aws:TagKeys": ("a", "c")}, False),
    ("Bool", {"aws:SecureTransport": True}, {"aws:SecureTransport": "true"}, True),
    ("Bool", {"aws:SecureTransport": "true"}, {"aws:SecureTransport": "false"}, False),
    ("Bool", {"aws:SecureTransport": "true"}, {}, False),
    ("Null", {"aws:RequestTag/team": "true"}, {}, True),
    ("Null", {"aws:RequestTag/team": "false"}, {}, False),
    ("Null", {"aws:RequestTag/team": "false"}, {"aws:RequestTag/team": "red"}, True),
    ("NumericLessThanEquals", {"k": "5"}, {"k": "5"}, True),
    ("NumericGreaterThan", {"k": 5}, {"k": "5"}, False),
    ("NumericNotEquals", {"k": "5"}, {"k": "5.0"}, False),
    ("NumericEquals", {"k": "5"}, {"k": "five"}, False),
    ("DateGreaterThan", {"k": "2026-01-01T00:00:00Z"}, {"k": "2026-01-01T00:00:01Z"}, True),
    ("DateLessThan", {"k": "2026-01-01"}, {"k": "2026-01-01T00:00:00Z"}, False),
    ("DateEquals", {"k": "0"}, {"k": "1970-01-01T00:00:00+00:00"}, True),
    ("ArnLike", {"k": "arn:aws:iam::*:user/ci-*"}, {"k": "arn:aws:iam::1:user/ci-1"}, True),
    ("ArnEquals", {"k": "arn:aws:*"}, {"k": "arn:aws:iam::1:user/x"}, False),
    ("ArnNotLike", {"k": "arn:aws:iam::*:user/ci-*"}, {"k": "arn:aws:iam::1:user/me"}, True),
    ("IpAddress", {"aws:SourceIp": "10.0.0.0/8"}, {"aws:SourceIp": "10.1.2.3"}, True),
    ("IpAddress", {"aws:SourceIp": "10.0.0.0/8"}, {"aws:SourceIp": "fe80::1"}, False),
    ("NotIpAddress", {"aws:SourceIp": "10.0.0.0/8"}, {"aws:SourceIp": "11.1.2.3"}, True),
    ("IpAddress", {"aws:SourceIp": "10.0.0.0/8"}, {"aws:SourceIp": "::ffff:10.1.2.3"}, True),
    ("NotIpAddress", {"aws:SourceIp": "10.0.0.0/8"}, {"aws:SourceIp": "::ffff:10.1.2.3"}, False),
    ("StringEquals", {"k": "${aws:username}"}, {"k": "ann", "aws:username": "ann"}, True),
    ("StringEquals", {"k": "${aws:username}"}, {"k": "ann"}, False),
    ("StringLike", {"k": "${aws:username}"}, {"k": "ann", "aws:username": "*"}, False),
    ("StringEquals", {"k": "${who, 'nobody'}"}, {"k": "nobody"}, True),
    ("StringLike", {"k": "a${*}"}, {"k": "a*"}, True),
    ("StringLike", {"k": "a${*}"}, {"k": "ab"}, False),
]


@pytest.mark.parametrize(("operator", "wanted", "context", "met"), CONDITIONS)
def test_a_condition(operator: str, wanted: dict[str, Any], context: dict[str, Any], met: bool) -> None:
    policy = a_policy(statement(Condition={operator: wanted}))
    assert decide([policy], asked(**context)).allowed is met


def test_all_operators_and_keys_of_a_condition_must_be_met() -> None:
    both = {"StringEquals": {"a": "1", "b": "2"}, "Bool": {"c": "true"}}
    policy = a_policy(statement(Condition=both))
    assert decide([policy], asked(a="1", b="2", c="true")) == YES
    for missing in ("a", "b", "c"):
        context = {key: value for key, value in {"a": "1", "b": "2", "c": "true"}.items() if key != missing}
        assert decide([policy], asked(**context)) == NO


def test_a_variable_in_a_resource_is_the_callers_and_in_the_old_version_it_is_text() -> None:
    mine = statement(Resource="arn:aws:eks:*:*:cluster/${aws:username}-*")
    ask = asked(resource="arn:aws:eks:r:1:cluster/ann-1", **{"aws:username": "ann"})
    assert decide([a_policy(mine)], ask) == YES
    assert decide([parse(json.dumps({"Statement": mine}))], ask) == NO


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"Version": "2012-10-17"}', "no Statement"),
        ('{"Version": "2020-01-01", "Statement": {}}', "is unknown"),
        ('{"Statement": {}, "Rules": 1}', "unknown elements: Rules"),
        (json.dumps({"Statement": statement(Effect="Permit")}), "Allow or Deny"),
        (json.dumps({"Statement": statement(Principal="*")}), "unknown elements: Principal"),
        (json.dumps({"Statement": statement(NotAction="eks:*")}), "and not both"),
        (json.dumps({"Statement": {"Effect": "Allow", "Action": "*"}}), "needs Resource"),
        (json.dumps({"Statement": statement(Action="DescribeCluster")}), "is not an action"),
        (json.dumps({"Statement": statement(Action=[])}), "must be a text"),
        (json.dumps({"Statement": statement(Resource="prod")}), "is not a resource"),
        (json.dumps({"Statement": statement(Condition={"StringIs": {"a": "b"}})}), "StringIs"),
        (json.dumps({"Statement": statement(Condition={"Some:StringEquals": {"a": "b"}})}), "operator"),
        (json.dumps({"Statement": statement(Condition={"NumericEquals": {"a": "x"}})}), "cannot be used"),
        (json.dumps({"Statement": statement(Condition={"Bool": {"a": "maybe"}})}), "cannot be used"),
        (
            json.dumps({"Statement": statement(Condition={"NotIpAddress": {"a": "10.0.0/8"}})}),
            "cannot be used",
        ),
        ('{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}', "twice"),
        (json.dumps({"Statement": statement(Sid="x" * SIZE_MAX)}), "at most"),
    ],
)
def test_a_policy_that_is_not_understood_is_refused_whole(text: str, why: str) -> None:
    with pytest.raises(MalformedPolicy, match=why):
        parse(text)


def test_a_pattern_with_many_stars_takes_no_exponential_time() -> None:
    assert not like("*a" * 40 + "b", "a" * 2000)
    assert like("*a" * 40, "a" * 2000)


@pytest.mark.parametrize(
    ("pattern", "text", "met"),
    [
        ("arn:aws:eks:*:*:cluster/*", PROD, True),
        ("arn:aws:*:cluster/prod", PROD, False),
        ("*", PROD, True),
        ("*", "no arn", False),
        ("arn:aws:iam::1:user/${aws:username}", "arn:aws:iam::1:user/ann", True),
    ],
)
def test_a_star_in_an_arn_does_not_reach_over_a_colon(pattern: str, text: str, met: bool) -> None:
    assert like_arn(pattern, text, {"aws:username": "ann"}) is met


def test_a_refusal_is_worded_as_eks_words_it() -> None:
    caller = "arn:aws:iam::111122223333:user/ann"
    plain = f"User: {caller} is not authorized to perform: eks:DescribeCluster on resource: {PROD}"
    assert denied(caller, asked(), NO) == plain
    assert denied(caller, asked(), DENIED) == f"{plain} with an explicit deny"
