"""UpdateNodegroupConfig row by row: what changes, which params the update has, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from nodeyard.model.nodegroup import Scaling, Taint, WarmPool
from nodeyard.model.status import NodegroupStatus
from tests.contract.admission.test_create_nodegroup_refusals import NODE
from tests.doorway import Doorway
from tests.nouns import SCOPE, a_nodegroup

BOTH = {"clusterName": "prod", "nodegroupName": "blue"}
GONE = {"clusterName": "gone", "nodegroupName": "blue"}


@pytest.fixture
def blue(door: Doorway) -> Doorway:
    taints = (Taint("gpu", "NO_SCHEDULE", "old"), Taint("gpu", "NO_EXECUTE", "old"))
    door.has(a_nodegroup(scaling=Scaling(1, 5, 2), labels={"team": "web", "old": "x"}, taints=taints))
    return door


def update(door: Doorway, **members: Any) -> list[tuple[str, str]]:
    """Return the params of the accepted update, in order."""
    answer = door.client().update_nodegroup_config(**BOTH, **members)["update"]
    assert (answer["type"], answer["status"], answer["errors"]) == ("ConfigUpdate", "InProgress", [])
    found = door.client().describe_update(name="prod", nodegroupName="blue", updateId=answer["id"])["update"]
    assert found == answer
    return [(param["type"], param["value"]) for param in answer["params"]]


def refusal(door: Doorway, **members: Any) -> tuple[str, str]:
    before = door.everything()
    with pytest.raises(ClientError) as error:
        update(door, **members)
    assert door.everything() == before
    answer: Any = error.value.response
    assert (answer["clusterName"], answer["nodegroupName"]) == ("prod", "blue")
    return answer["Error"]["Code"], answer["Error"]["Message"]


def described(door: Doorway) -> dict[str, Any]:
    group: dict[str, Any] = door.client().describe_nodegroup(**BOTH)["nodegroup"]
    return group


def carried_out(door: Doorway) -> dict[str, Any]:
    """Return the group as it is described once its update was carried out."""
    group = door.group()
    assert group is not None and group.active_update is not None
    configuration = door.run(door.store.update(SCOPE, "prod", "blue", group.active_update)).configuration
    door.has(group.configured(configuration))
    return described(door)


def test_the_group_says_updating_at_once_and_has_its_configuration_until_the_end(blue: Doorway) -> None:
    before = described(blue)
    update(blue, labels={"addOrUpdateLabels": {"a": "b"}}, scalingConfig={"desiredSize": 3})
    after = described(blue)
    assert after["status"] == "UPDATING"
    unchanged = ("labels", "taints", "scalingConfig")
    assert [after[name] for name in unchanged] == [before[name] for name in unchanged]


def test_a_taint_is_known_by_key_and_effect_and_its_value_is_replaced(blue: Doorway) -> None:
    new = {"key": "gpu", "effect": "NO_SCHEDULE", "value": "new"}
    assert update(blue, taints={"addOrUpdateTaints": [new]}) == [
        ("TaintsToAdd", '[{"effect":"NO_SCHEDULE","value":"new","key":"gpu"}]')
    ]
    assert carried_out(blue)["taints"] == [new, {"key": "gpu", "effect": "NO_EXECUTE", "value": "old"}]


def test_a_taint_is_removed_whatever_value_the_caller_sends(blue: Doorway) -> None:
    gone = {"key": "gpu", "effect": "NO_EXECUTE", "value": "anything"}
    assert update(blue, taints={"removeTaints": [gone]}) == [
        ("TaintsToRemove", '[{"effect":"NO_EXECUTE","value":"anything","key":"gpu"}]')
    ]
    assert [taint["effect"] for taint in carried_out(blue)["taints"]] == ["NO_SCHEDULE"]


def test_labels_are_merged_and_removed_by_key(blue: Doorway) -> None:
    assert update(blue, labels={"addOrUpdateLabels": {"team": "db"}, "removeLabels": ["old", "never"]}) == [
        ("LabelsToAdd", '{"team":"db"}'),
        ("LabelsToRemove", '["old","never"]'),
    ]
    assert carried_out(blue)["labels"] == {"team": "db"}


def test_sizes_come_as_min_max_desired_and_may_be_partial(blue: Doorway) -> None:
    assert update(blue, scalingConfig={"desiredSize": 4, "maxSize": 6}) == [
        ("MaxSize", "6"),
        ("DesiredSize", "4"),
    ]
    assert carried_out(blue)["scalingConfig"] == {"minSize": 1, "maxSize": 6, "desiredSize": 4}


def test_a_raised_minimum_is_judged_against_the_current_desired(blue: Doorway) -> None:
    text = "Minimum capacity 3 can't be greater than desired size 2"
    assert refusal(blue, scalingConfig={"minSize": 3}) == ("InvalidParameterException", text)


def test_a_warm_pool_is_added_changed_and_removed(blue: Doorway) -> None:
    blue.change_group(warm_pool=WarmPool(enabled=True, min_size=1, pool_state="RUNNING"))
    params = update(blue, warmPoolConfig={"minSize": 2, "reuseOnScaleIn": True})
    assert params == [("WarmPoolMinSize", "2"), ("WarmPoolReuseOnScaleIn", "true")]
    assert carried_out(blue)["warmPoolConfig"] == {
        "enabled": True,
        "minSize": 2,
        "poolState": "RUNNING",
        "reuseOnScaleIn": True,
    }
    blue.change_group(status=NodegroupStatus.ACTIVE)
    assert update(blue, warmPoolConfig={"enabled": False}) == [("WarmPoolEnabled", "false")]
    assert "warmPoolConfig" not in carried_out(blue)


def test_update_and_repair_settings_replace_what_was_there(blue: Doorway) -> None:
    params = update(
        blue,
        updateConfig={"maxUnavailablePercentage": 20, "updateStrategy": "MINIMAL"},
        nodeRepairConfig={"enabled": True, "maxParallelNodesRepairedCount": 2},
    )
    assert params == [
        ("MaxUnavailablePercentage", "20"),
        ("UpdateStrategy", "MINIMAL"),
        ("NodeRepairEnabled", "true"),
        ("NodeRepairConfig", '{"enabled":true,"maxParallelNodesRepairedCount":2}'),
    ]
    group = carried_out(blue)
    assert group["updateConfig"] == {"maxUnavailablePercentage": 20, "updateStrategy": "MINIMAL"}
    assert group["nodeRepairConfig"] == {"enabled": True, "maxParallelNodesRepairedCount": 2}


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"scalingConfig": {"desiredSize": 6}}, "desired capacity 6 can't be greater than max size 5"),
        (
            {"taints": {"removeTaints": [{"key": "gpu"}]}},
            "A taint to remove needs a key and an effect",
        ),
        (
            {"updateConfig": {"updateStrategy": "DEFAULT"}},
            "Specify exactly one of maxUnavailable and maxUnavailablePercentage in updateConfig",
        ),
        ({"updateConfig": {"maxUnavailable": 101}}, "maxUnavailable can't be greater than 100, it is 101"),
        (
            {"labels": {"addOrUpdateLabels": {"k8s.io/x": "y"}}},
            "Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]: k8s.io/x",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    blue: Doorway, members: dict[str, Any], text: str
) -> None:
    assert refusal(blue, **members) == ("InvalidParameterException", text)


@pytest.mark.parametrize("status", [each for each in NodegroupStatus if each is not NodegroupStatus.ACTIVE])
def test_a_group_that_is_not_active_is_not_updated(door: Doorway, status: NodegroupStatus) -> None:
    door.has(a_nodegroup(status=status))
    text = "Nodegroup cannot be updated as it is currently not in Active State"
    assert refusal(door, labels={"removeLabels": ["a"]}) == ("ResourceInUseException", text)


def test_deleting_is_refused_while_an_update_runs_and_repeatable_otherwise(blue: Doorway) -> None:
    update(blue, labels={"removeLabels": ["old"]})
    with pytest.raises(ClientError, match="in progress") as error:
        blue.client().delete_nodegroup(**BOTH)
    assert error.value.response["Error"]["Code"] == "ResourceInUseException"
    blue.change_group(status=NodegroupStatus.ACTIVE)
    first = blue.client().delete_nodegroup(**BOTH)["nodegroup"]
    assert first["status"] == "DELETING"
    assert blue.client().delete_nodegroup(**BOTH)["nodegroup"] == first


@pytest.mark.parametrize(
    ("operation", "names", "text"),
    [
        ("describe_nodegroup", BOTH, "No node group found for name: blue."),
        ("delete_nodegroup", BOTH, "No node group found for name: blue."),
        ("update_nodegroup_config", BOTH, "No node group found for name: blue."),
        ("update_nodegroup_version", BOTH, "No node group found for name: blue."),
        ("describe_nodegroup", GONE, "No cluster found for name: gone."),
        ("delete_nodegroup", GONE, "No cluster found for name: gone."),
        ("update_nodegroup_config", GONE, "No cluster found for name: gone."),
        ("update_nodegroup_version", GONE, "No cluster found for name: gone."),
        (
            "create_nodegroup",
            GONE | {"subnets": ["subnet-a"], "nodeRole": NODE},
            "No cluster found for name: gone.",
        ),
        ("list_nodegroups", {"clusterName": "gone"}, "No cluster found for name: gone."),
        ("describe_cluster", {"name": "gone"}, "No cluster found for name: gone."),
        ("list_updates", {"name": "gone"}, "No cluster found for name: gone."),
        ("list_updates", {"name": "prod", "nodegroupName": "blue"}, "No node group found for name: blue."),
        ("list_updates", {"name": "gone", "nodegroupName": "blue"}, "No cluster found for name: gone."),
        ("describe_update", {"name": "prod", "updateId": "u-9"}, "No update found for ID: u-9"),
        (
            "describe_update",
            {"name": "gone", "nodegroupName": "blue", "updateId": "u-9"},
            "No cluster found for name: gone.",
        ),
        (
            "describe_addon",
            {"clusterName": "gone", "addonName": "vpc-cni"},
            "No cluster found for name: gone.",
        ),
        (
            "describe_fargate_profile",
            {"clusterName": "gone", "fargateProfileName": "all"},
            "No cluster found for name: gone.",
        ),
    ],
)
def test_what_does_not_exist_is_not_found_and_the_error_has_every_name_of_the_call(
    door: Doorway, operation: str, names: dict[str, Any], text: str
) -> None:
    with pytest.raises(ClientError) as error:
        getattr(door.client(), operation)(**names)
    answer: Any = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert answer["Error"] == {"Code": "ResourceNotFoundException", "Message": text}
    named = {"clusterName" if key == "name" else key: value for key, value in names.items()}
    told = ("clusterName", "nodegroupName", "addonName", "fargateProfileName")
    assert {key: answer.get(key) for key in told} == {key: named.get(key) for key in told}
