"""Every operation of the model, by boto3: answered, or refused by a modelled error that names it."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from nodeyard.api import absent
from tests.doorway import Doorway
from tests.nouns import a_nodegroup
from tests.strategies import MODEL

SERVICE = botocore.session.get_session().get_service_model("eks")
NODE = "arn:aws:iam::111122223333:role/node"
NAMES: dict[str, Any] = {
    "name": "prod",
    "clusterName": "prod",
    "nodegroupName": "blue",
    "resourceArn": "arn:aws:eks:eu-west-1:111122223333:cluster/prod",
    "principalArn": NODE,
}


def least(name: str) -> Any:
    """Return the least value that keeps every constraint of a shape."""
    shape = MODEL.shapes[name]
    if shape.type == "structure":
        return {member: least(shape.members[member].shape) for member in shape.required}
    if shape.type == "list":
        assert shape.element is not None
        return [least(shape.element.shape)] * max(1, int(shape.minimum or 0))
    if shape.type == "map":
        return {"k": "v"}
    if shape.type == "string":
        return shape.enum[0] if shape.enum else "x" * max(1, int(shape.minimum or 0))
    return False if shape.type == "boolean" else int(shape.minimum or 1)


def asked(operation: str) -> dict[str, Any]:
    name = MODEL.operations[operation].input
    members: dict[str, Any] = {} if name is None else least(name)
    return {key: NAMES.get(key, value) for key, value in members.items()}


@pytest.mark.parametrize("operation", sorted(MODEL.operations))
def test_every_operation_is_answered_or_says_that_it_is_not_implemented(
    door: Doorway, operation: str
) -> None:
    call = getattr(door.client(), xform_name(operation))
    if operation not in door.implemented:
        before = door.everything()
        with pytest.raises(ClientError) as error:
            call(**asked(operation))
        answer: Any = error.value.response
        assert answer["Error"]["Message"] == f"Nodeyard does not implement {operation} yet."
        assert MODEL.error(answer["Error"]["Code"]) is not None
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert door.everything() == before
        return
    try:
        answer = call(**asked(operation))
    except ClientError as refused:
        answer = refused.response
        assert 400 <= answer["ResponseMetadata"]["HTTPStatusCode"] < 500
        assert MODEL.error(answer["Error"]["Code"]) is not None
    assert answer["ResponseMetadata"]["RequestId"]


def test_the_operations_of_a_node_group_service_are_all_implemented(door: Doorway) -> None:
    needed = {name for name in MODEL.operations if "Nodegroup" in name or "Tag" in name}
    needed |= {"DescribeUpdate", "ListUpdates", "DescribeClusterVersions"}
    needed |= {f"{verb}Cluster" for verb in ("Create", "Describe", "Delete")}
    needed |= {"ListClusters", "UpdateClusterVersion", "UpdateClusterConfig"}
    assert needed <= door.implemented


@pytest.mark.parametrize("operation", sorted(absent.LISTS))
def test_what_nodeyard_never_has_is_an_empty_list(door: Doorway, operation: str) -> None:
    client = door.client()
    answer = getattr(client, xform_name(operation))(**asked(operation))
    assert answer[absent.LISTS[operation]] == []
    if client.can_paginate(xform_name(operation)):
        pages = client.get_paginator(xform_name(operation)).paginate(**asked(operation))
        assert pages.build_full_result()[absent.LISTS[operation]] == []


@pytest.mark.parametrize(
    "operation",
    sorted(
        {*absent.LISTS, *absent.NAMED} & {name for name, op in MODEL.operations.items() if "{name}" in op.uri}
    ),
)
def test_the_cluster_is_looked_for_first(door: Doorway, operation: str) -> None:
    elsewhere = {k: "gone" if v == "prod" else v for k, v in asked(operation).items()}
    with pytest.raises(ClientError) as error:
        getattr(door.client(), xform_name(operation))(**elsewhere)
    answer: Any = error.value.response
    assert answer["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": "No cluster found for name: gone.",
    }


@pytest.mark.parametrize("operation", sorted(absent.NAMED))
def test_what_is_named_and_never_there_is_not_found(door: Doorway, operation: str) -> None:
    with pytest.raises(ClientError) as error:
        getattr(door.client(), xform_name(operation))(**asked(operation))
    answer: Any = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert answer["Error"]["Code"] == "ResourceNotFoundException"


def test_an_add_on_that_is_missing_is_told_as_eks_tells_it(door: Doorway) -> None:
    with pytest.raises(ClientError) as error:
        door.client().describe_addon(clusterName="prod", addonName="vpc-cni")
    answer: Any = error.value.response
    assert answer["Error"]["Message"] == "No addon: vpc-cni found in cluster: prod"
    assert (answer["clusterName"], answer["addonName"]) == ("prod", "vpc-cni")
    for call in (door.client().list_updates, door.client().describe_update):
        more = {} if call.__name__ == "list_updates" else {"updateId": "u"}
        with pytest.raises(ClientError, match="No addon: vpc-cni found in cluster: prod"):
            call(name="prod", addonName="vpc-cni", **more)


def test_node_roles_have_access_entries_where_the_mode_has_them(door: Doorway) -> None:
    client = door.client()
    door.has(a_nodegroup(), a_nodegroup(name="green"))
    with pytest.raises(ClientError, match="must be set to one of") as error:
        client.list_access_entries(clusterName="prod")
    assert error.value.response["Error"]["Code"] == "InvalidRequestException"
    client.update_cluster_config(name="prod", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    door.settle()
    assert client.list_access_entries(clusterName="prod")["accessEntries"] == [NODE]
    entry = client.describe_access_entry(clusterName="prod", principalArn=NODE)["accessEntry"]
    assert (entry["type"], entry["kubernetesGroups"]) == ("EC2_LINUX", ["system:nodes"])
    assert entry["accessEntryArn"].startswith(
        "arn:aws:eks:eu-west-1:111122223333:access-entry/prod/role/111122223333/node/"
    )
    policies = client.list_associated_access_policies(clusterName="prod", principalArn=NODE)
    assert policies["associatedAccessPolicies"] == []
    with pytest.raises(ClientError, match="The specified principalArn could not be found"):
        client.describe_access_entry(clusterName="prod", principalArn="arn:aws:iam::111122223333:role/other")


def test_an_answer_of_an_operation_declares_what_botocore_knows(door: Doorway) -> None:
    """The door's JSON is compared whole: nothing is sent that the output shape does not have."""
    door.has(a_nodegroup())
    for target, operation in (
        ("/clusters/prod", "DescribeCluster"),
        ("/clusters/prod/node-groups/blue", "DescribeNodegroup"),
    ):
        _, _, content = door.send("GET", target)
        (member, found), *none = json.loads(content).items()
        shape = SERVICE.operation_model(operation).output_shape.members[member]
        assert none == []
        assert set(found) <= set(shape.members)
