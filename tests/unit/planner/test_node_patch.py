"""What a group's labels and taints change on nodes that run."""

from __future__ import annotations

from nodeyard.model.nodegroup import Taint
from nodeyard.planner import node_patch
from tests.nouns import a_node

GPU = Taint("dedicated", "NO_SCHEDULE", "gpu")


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
