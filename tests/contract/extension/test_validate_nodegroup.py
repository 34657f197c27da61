"""ValidateNodegroup through boto3: all that CreateNodegroup would refuse, in its words, and nothing made."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from nodeyard.api import service_model
from nodeyard.model.limits import Quotas
from nodeyard.model.status import ClusterStatus
from nodeyard.wire.model import ServiceModel
from tests.contract.admission.test_create_nodegroup_refusals import INVALID, NODE, TEMPLATES, asked, template
from tests.doorway import Doorway
from tests.nouns import a_nodegroup

ROLES = "arn:aws:iam::111122223333:role"
NOT_OURS = {"clusterName", "clientRequestToken"}
"""The cluster is in the path here as there, under another name; nothing is made that a token could repeat."""


def told(door: Doorway, **members: Any) -> list[tuple[str, str, str]]:
    """Return member, code and message of every refusal; the store must be as it was."""
    door.account.templates = TEMPLATES
    before = door.everything()
    found = door.client(name="nodeyard").validate_nodegroup(**members)["refusals"]
    assert door.everything() == before
    return [(each["member"], each["code"], each["message"]) for each in found]


def whole(model: ServiceModel, name: str) -> Any:
    """Return a shape with all that is in it, without names of shapes: what the wire makes of it."""
    shape = model.shapes[name]
    return (
        shape.type,
        shape.minimum,
        shape.maximum,
        shape.pattern,
        shape.enum,
        {key: whole(model, each.shape) for key, each in shape.members.items()},
        [whole(model, each.shape) for each in (shape.element, shape.key, shape.value) if each is not None],
    )


def test_its_members_are_those_of_create_nodegroup_with_the_same_constraints() -> None:
    eks, ours = service_model.eks(), service_model.extension()
    theirs = eks.shapes["CreateNodegroupRequest"].members
    here = ours.shapes["ValidateNodegroupRequest"].members
    assert set(here) - NOT_OURS == set(theirs) - NOT_OURS
    for name in set(theirs) - NOT_OURS:
        assert whole(ours, here[name].shape) == whole(eks, theirs[name].shape), name


def test_a_request_that_would_be_accepted_is_refused_nothing(door: Doorway) -> None:
    assert told(door, **asked()) == []


@pytest.mark.parametrize(("members", "text"), INVALID, ids=lambda each: str(each)[:60])
def test_the_first_refusal_is_what_create_nodegroup_answers(
    door: Doorway, members: dict[str, Any], text: str
) -> None:
    (_, code, message), *_ = told(door, **asked(**members))
    assert (code, message) == ("InvalidParameterException", text)


def test_each_member_at_fault_is_told_once(door: Doorway) -> None:
    door.has(a_nodegroup())
    members = {
        "nodeRole": f"{ROLES}/gone",
        "labels": {"team": "-x"},
        "scalingConfig": {"minSize": 1, "maxSize": 451, "desiredSize": 1},
        "instanceTypes": ["m6g.large"],
        "subnets": ["subnet-gone"],
    }
    assert [(member, code) for member, code, _ in told(door, **asked(**members))] == [
        ("nodegroupName", "ResourceInUseException"),
        ("labels", "InvalidParameterException"),
        ("scalingConfig", "InvalidParameterException"),
        ("instanceTypes", "InvalidParameterException"),
        ("subnets", "InvalidParameterException"),
        ("nodeRole", "InvalidParameterException"),
    ]


def test_nothing_is_said_of_what_is_not_there_yet(door: Doorway) -> None:
    assert told(door, clusterName="prod") == []
    assert [each[0] for each in told(door, clusterName="prod", nodegroupName="")] == ["nodegroupName"]
    assert told(door, clusterName="prod", nodeRole=NODE) == []
    assert [each[0] for each in told(door, clusterName="prod", amiType="AL2_x86_64")] == ["amiType"]


def test_a_foreign_role_and_types_twice_are_told_with_their_own_codes(door: Doorway) -> None:
    foreign = "arn:aws:iam::999988887777:role/node"
    found = told(door, clusterName="prod", nodeRole=foreign, instanceTypes=["m5.large"], **template("typed"))
    assert [each[:2] for each in found] == [
        ("nodeRole", "AccessDeniedException"),
        ("instanceTypes", "InvalidRequestException"),
    ]


def test_what_is_wrong_with_the_cluster_is_told_of_the_cluster(door: Doorway) -> None:
    door.has_cluster(name="young", status=ClusterStatus.CREATING)
    text = "Cluster 'young' is not in ACTIVE status"
    assert told(door, clusterName="young") == [("clusterName", "InvalidRequestException", text)]
    door.has(*(a_nodegroup(name=f"g{n}") for n in range(Quotas().nodegroups_per_cluster)))
    (found,) = told(door, **asked())
    assert found[:2] == ("clusterName", "ResourceLimitExceededException")
    with pytest.raises(ClientError) as gone:
        told(door, clusterName="gone")
    assert gone.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_the_form_of_a_value_is_judged_as_in_create_nodegroup(door: Doorway) -> None:
    members = asked(labels={"team": "x" * 64})
    said = []
    for call in (door.client().create_nodegroup, door.client(name="nodeyard").validate_nodegroup):
        with pytest.raises(ClientError) as error:
            call(**members)
        said.append((error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]))
    assert said[0] == said[1]
    assert said[0][0] == "InvalidParameterException"
