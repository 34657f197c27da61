"""What each operation asks of the caller's policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nodeyard.access import requests
from nodeyard.access.decide import decide
from nodeyard.access.policy import ALLOW_ALL, parse
from nodeyard.access.requests import Facts
from nodeyard.api import service_model
from tests.nouns import SCOPE

HERE = f"arn:aws:eks:{SCOPE.region}:{SCOPE.account}"
GROUP = {"clusterName": "prod", "nodegroupName": "blue"}
ROLE = "arn:aws:iam::111122223333:role/node"


@pytest.mark.parametrize(
    ("operation", "members", "resources"),
    [
        ("ListClusters", {}, [f"{HERE}:cluster/*"]),
        ("DescribeClusterVersions", {}, [f"{HERE}:*"]),
        ("DescribeCluster", {"name": "prod"}, [f"{HERE}:cluster/prod"]),
        ("CreateCluster", {"name": "prod", "roleArn": ROLE}, [f"{HERE}:cluster/prod", ROLE]),
        ("CreateNodegroup", GROUP | {"nodeRole": ROLE}, [f"{HERE}:cluster/prod", ROLE]),
        ("ListNodegroups", {"clusterName": "prod"}, [f"{HERE}:cluster/prod"]),
        ("UpdateNodegroupVersion", GROUP, [f"{HERE}:nodegroup/prod/blue/u-1"]),
        ("DeleteNodegroup", GROUP, [f"{HERE}:nodegroup/prod/blue/u-1"]),
        ("DescribeUpdate", {"name": "prod", "updateId": "x"}, [f"{HERE}:cluster/prod"]),
        ("TagResource", {"resourceArn": f"{HERE}:cluster/a", "tags": {}}, [f"{HERE}:cluster/a"]),
        ("DescribeAddon", {"clusterName": "prod", "addonName": "cni"}, [f"{HERE}:addon/prod/cni/*"]),
    ],
)
def test_the_resource_is_the_one_that_eks_names(
    operation: str, members: dict[str, Any], resources: list[str]
) -> None:
    asks = requests.of_eks(operation, members, SCOPE, Facts(uuid="u-1"), {})
    assert [ask.resource for ask in asks] == resources
    assert asks[0].action == f"eks:{operation}"


def test_every_operation_of_both_models_asks_something() -> None:
    for model, of in ((service_model.eks(), requests.of_eks), (service_model.extension(), requests.of_ours)):
        for operation in model.operations.values():
            shape = model.shapes[operation.input] if operation.input else None
            members = dict.fromkeys(shape.required if shape else (), "x")
            (first, *_) = of(operation.name, members, SCOPE, Facts(), {})
            assert first.action.endswith(f":{requests.ASKED_AS.get(operation.name, operation.name)}")
            assert "{" not in first.resource
    known = {name for names in requests._NOT_ABOUT_A_CLUSTER.values() for name in names}
    assert known <= set(service_model.eks().operations)


def test_a_call_about_a_cluster_names_one() -> None:
    model = service_model.eks()
    for operation in model.operations.values():
        if requests.kind(operation.name) == requests.CLUSTER:
            assert operation.input is not None
            assert {"name", "clusterName"} & set(model.shapes[operation.input].required), operation.name


def test_tags_and_members_become_condition_keys() -> None:
    members = {
        "name": "prod",
        "tags": {"team": "red", "Env": "dev"},
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "upgradePolicy": {"supportType": "STANDARD"},
    }
    facts = Facts(tags={"owner": "ann"})
    (ask,) = requests.of_eks("CreateCluster", members, SCOPE, facts, {"aws:username": "ann"})
    assert ask.context == {
        "aws:username": "ann",
        "aws:requesttag/team": "red",
        "aws:requesttag/env": "dev",
        "aws:tagkeys": ("team", "Env"),
        "aws:resourcetag/owner": "ann",
        "eks:authenticationmode": "API",
        "eks:bootstrapclustercreatoradminpermissions": "false",
        "eks:supporttype": "STANDARD",
    }


def test_the_keys_that_are_taken_away_and_the_values_of_a_list_are_condition_values() -> None:
    untag = {"resourceArn": f"{HERE}:cluster/a", "tagKeys": ["team"]}
    (ask,) = requests.of_eks("UntagResource", untag, SCOPE, Facts(), {})
    assert ask.context["aws:tagkeys"] == ("team",)
    entry = {"clusterName": "prod", "principalArn": ROLE, "kubernetesGroups": ["a", "b"], "type": "STANDARD"}
    (ask,) = requests.of_eks("CreateAccessEntry", entry, SCOPE, Facts(), {})
    assert ask.context["eks:kubernetesgroups"] == ("a", "b")
    assert (ask.context["eks:principalarn"], ask.context["eks:clustername"]) == (ROLE, "prod")


def test_passing_a_role_says_to_whom() -> None:
    asks = requests.of_eks("CreateNodegroup", GROUP | {"nodeRole": ROLE}, SCOPE, Facts(), {})
    assert (asks[1].action, asks[1].context) == (
        "iam:PassRole",
        {"iam:passedtoservice": "eks.amazonaws.com"},
    )


@pytest.mark.parametrize("tags", [{"env": "prod", "Env": "dev"}, {"Env": "dev", "env": "prod"}])
def test_a_second_tag_that_differs_by_case_alone_hides_no_value(tags: dict[str, str]) -> None:
    """Condition keys do not tell the two apart: an Allow must hold for both, a Deny for one of them."""

    def may(effect: str, value: str) -> bool:
        condition = {"StringEquals": {"aws:RequestTag/env": value}}
        told = {"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition}
        policy = parse(json.dumps({"Version": "2012-10-17", "Statement": told}))
        (ask,) = requests.of_eks("CreateCluster", {"name": "a", "tags": tags}, SCOPE, Facts(), {})
        return decide([policy] if effect == "Allow" else [ALLOW_ALL, policy], ask).allowed

    assert [may("Deny", each) for each in ("prod", "dev", "test")] == [False, False, True]
    assert [may("Allow", each) for each in ("prod", "dev")] == [False, False]
