"""What a group's labels and taints change on nodes that run."""

from __future__ import annotations

from dataclasses import replace

from nodeyard.model.nodegroup import Taint
from nodeyard.model.status import UpdateStatus
from nodeyard.planner import node_patch
from tests.nouns import a_node, a_nodegroup, an_update

GPU = Taint("dedicated", "NO_SCHEDULE", "gpu")
OLD = Taint("dedicated", "NO_SCHEDULE", "old")


def test_a_groups_taints_come_beside_those_of_the_node() -> None:
    node = a_node(taints=(("mine", "1", "NoExecute"),))
    wanted = (("mine", "1", "NoExecute"), ("dedicated", "gpu", "NoSchedule"))
    assert node_patch.with_taints(node, (GPU,)) == wanted


def test_a_taint_is_known_by_key_and_effect_and_its_value_is_replaced() -> None:
    node = a_node(taints=(("dedicated", "cpu", "NoSchedule"), ("dedicated", "cpu", "NoExecute")))
    after = node_patch.with_taints(node, (GPU,))
    assert after == (("dedicated", "gpu", "NoSchedule"), ("dedicated", "cpu", "NoExecute"))


def test_nothing_is_patched_when_all_taints_are_there() -> None:
    assert node_patch.with_taints(a_node(taints=(("dedicated", "gpu", "NoSchedule"),)), (GPU,)) is None
    assert node_patch.with_taints(a_node(), ()) is None


BLUE = a_nodegroup(labels={"team": "a", "gone": "1"}, taints=(OLD,))
PARAMS = (
    ("LabelsToAdd", '{"team":"b","new":"1"}'),
    ("LabelsToRemove", '["gone"]'),
    ("TaintsToAdd", '[{"effect":"NO_SCHEDULE","value":"new","key":"dedicated"}]'),
)


def test_only_what_a_node_carries_of_a_change_is_taken_back() -> None:
    change = node_patch.change((dict(PARAMS),))
    carries = a_node(labels={"team": "b", "new": "1"}, taints=(("dedicated", "new", "NoSchedule"),))
    patch = node_patch.of(carries, node_patch.back(carries, change, BLUE))
    assert patch is not None
    assert patch.labels == {"team": "a", "new": None, "gone": "1"}
    assert patch.taints == (("dedicated", "old", "NoSchedule"),)
    other = a_node(labels={"team": "c", "gone": "2"}, taints=(("dedicated", "mine", "NoSchedule"),))
    assert node_patch.of(other, node_patch.back(other, change, BLUE)) is None


def test_a_node_forgets_what_a_failed_update_told_it_and_learns_what_came_later() -> None:
    node = a_node(labels={"team": "b", "new": "1"})
    failed = an_update(
        type="ConfigUpdate", status=UpdateStatus.FAILED, params=PARAMS[:1], template_version="2"
    )
    later = replace(
        failed, status=UpdateStatus.SUCCESSFUL, params=(("LabelsToAdd", '{"x":"y"}'),), template_version="3"
    )
    missed = node_patch.missed(node, BLUE, (later, failed), "2")
    assert missed.labels == {"team": "a", "new": None, "x": "y"}
    assert node_patch.missed(node, BLUE, (later, failed), "1").labels == {"x": "y"}
