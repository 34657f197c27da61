"""What a config update may ask for, in EKS's words."""

from __future__ import annotations

from typing import Any

import pytest

from nodeyard.model.commands import ScalingChange, UpdateNodegroupConfig
from nodeyard.model.nodegroup import Scaling, Taint, UpdateConfig
from nodeyard.model.refusal import Refused
from nodeyard.model.status import NodegroupStatus
from nodeyard.planner import admission
from tests.nouns import a_nodegroup


def judge(group: Any = None, **members: Any) -> admission.ConfigAccepted | Refused:
    command = UpdateNodegroupConfig("prod", "blue", **members)
    facts = admission.UpdateFacts(group or a_nodegroup(scaling=Scaling(1, 3, 2)))
    return admission.admit_update_config(command, facts)


def test_labels_and_taints_become_params_and_the_group_follows() -> None:
    group = a_nodegroup(labels={"old": "1"}, taints=(Taint("gpu", "NO_SCHEDULE", "no"),))
    accepted = judge(
        group,
        labels_add={"team": "web"},
        labels_remove=("old",),
        taints_add=(Taint("gpu", "NO_SCHEDULE", "yes"),),
    )
    assert isinstance(accepted, admission.ConfigAccepted)
    assert accepted.configuration.labels == {"team": "web"}
    assert accepted.configuration.taints == (Taint("gpu", "NO_SCHEDULE", "yes"),)
    assert accepted.params == (
        ("LabelsToAdd", '{"team":"web"}'),
        ("LabelsToRemove", '["old"]'),
        ("TaintsToAdd", '[{"effect":"NO_SCHEDULE","value":"yes","key":"gpu"}]'),
    )


def test_sizes_that_are_left_out_keep_their_value() -> None:
    accepted = judge(scaling=ScalingChange(desired=3))
    assert isinstance(accepted, admission.ConfigAccepted)
    assert accepted.configuration.scaling == Scaling(1, 3, 3)
    assert accepted.params == (("DesiredSize", "3"),)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "changes nothing"),
        ({"scaling": ScalingChange()}, "changes nothing"),
        (
            {"scaling": ScalingChange(minimum=3)},
            "Minimum capacity 3 can't be greater than desired size 2",
        ),
        (
            {"scaling": ScalingChange(desired=9)},
            "desired capacity 9 can't be greater than max size 3",
        ),
        ({"scaling": ScalingChange(maximum=451)}, "451 can't be greater than 450"),
        ({"labels_add": {"kubernetes.io/x": "y"}}, "reserved prefixes"),
        ({"labels_add": {"eks.amazonaws.com/nodegroup": "y"}}, "reserved prefixes"),
        ({"labels_add": {"-bad": "y"}}, "must start and end with an alphanumeric"),
        ({"labels_add": {"a": "1"}, "labels_remove": ("a",)}, "added and removed at once"),
        ({"taints_add": tuple(Taint(f"k{n}", "NO_SCHEDULE") for n in range(51))}, "at most 50 taints"),
        (
            {"taints_add": (Taint("eks.amazonaws.com/nodegroup", "NO_SCHEDULE", "unschedulable"),)},
            "is the one that version updates put on nodes which are to be replaced",
        ),
        ({"update_config": UpdateConfig(1, 10)}, "exactly one"),
        ({"update_config": UpdateConfig(None)}, "exactly one"),
        ({"update_config": UpdateConfig(101)}, "greater than 100"),
    ],
)
def test_what_is_refused_says_why(members: dict[str, Any], message: str) -> None:
    refused = judge(**members)
    assert isinstance(refused, Refused)
    assert refused.code == "InvalidParameterException"
    assert message in refused.message
    assert refused.members == {"clusterName": "prod", "nodegroupName": "blue"}


@pytest.mark.parametrize("key", ["node.kubernetes.io/role", "topology.kubernetes.io/zone", "example.com/a"])
def test_labels_that_kubelet_may_set_are_allowed(key: str) -> None:
    assert isinstance(judge(labels_add={key: "x"}), admission.ConfigAccepted)


@pytest.mark.parametrize("status", [s for s in NodegroupStatus if s is not NodegroupStatus.ACTIVE])
def test_only_an_active_group_is_updated(status: NodegroupStatus) -> None:
    refused = judge(a_nodegroup(status=status), labels_add={"a": "b"})
    assert isinstance(refused, Refused) and refused.code == "ResourceInUseException"
