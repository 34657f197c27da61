"""The four patch types."""

from __future__ import annotations

import pytest

from nodeyard.world.kubernetes.errors import ApiError
from nodeyard.world.kubernetes.patches import json_patch, merge_patch, strategic_merge


def test_merge_patches_remove_with_null_and_replace_lists() -> None:
    before = {"a": {"x": 1, "y": 2}, "l": [1, 2]}
    assert merge_patch(before, {"a": {"x": None}, "l": [3]}) == {"a": {"y": 2}, "l": [3]}
    assert before == {"a": {"x": 1, "y": 2}, "l": [1, 2]}


def test_json_patches_do_their_steps_in_order() -> None:
    steps = [
        {"op": "test", "path": "/a", "value": 1},
        {"op": "add", "path": "/l/-", "value": 3},
        {"op": "remove", "path": "/l/0"},
        {"op": "replace", "path": "/a", "value": 2},
        {"op": "copy", "from": "/a", "path": "/m~1n"},
        {"op": "move", "from": "/l/0", "path": "/first"},
    ]
    assert json_patch({"a": 1, "l": [1, 2]}, steps) == {"a": 2, "l": [3], "m/n": 2, "first": 2}


@pytest.mark.parametrize(
    "step",
    [
        {"op": "test", "path": "/a", "value": 9},
        {"op": "remove", "path": "/missing"},
        {"op": "replace", "path": "/l/7", "value": 1},
        {"op": "add", "path": "/l/7", "value": 1},
    ],
)
def test_json_patches_that_do_not_fit_are_refused(step: dict) -> None:
    with pytest.raises(ApiError) as error:
        json_patch({"a": 1, "l": []}, [step])
    assert error.value.code == 422


def spec(*containers: dict) -> dict:
    return {"spec": {"containers": list(containers)}}


def test_containers_merge_by_name() -> None:
    before = spec({"name": "a", "image": "1", "tty": True}, {"name": "b", "image": "1"})
    after = strategic_merge(before, spec({"name": "a", "image": "2"}), "Pod")
    assert after == spec({"name": "a", "image": "2", "tty": True}, {"name": "b", "image": "1"})


def test_items_are_deleted_by_directive() -> None:
    before = spec({"name": "a"}, {"name": "b"})
    assert strategic_merge(before, spec({"name": "a", "$patch": "delete"}), "Pod") == spec({"name": "b"})


def test_lists_and_maps_are_replaced_by_directive() -> None:
    before = {"spec": {"containers": [{"name": "a"}], "nodeSelector": {"x": "1"}}}
    patch = {"spec": {"containers": [{"$patch": "replace"}, {"name": "b"}]}}
    patch["spec"]["nodeSelector"] = {"$patch": "replace", "y": "2"}  # type: ignore[assignment]
    after = strategic_merge(before, patch, "Pod")
    assert after == {"spec": {"containers": [{"name": "b"}], "nodeSelector": {"y": "2"}}}


def test_keys_that_are_not_retained_go() -> None:
    before = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}
    patch = {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}
    assert strategic_merge(before, patch, "Deployment") == {"strategy": {"type": "Recreate"}}


def test_order_follows_the_directive() -> None:
    before = spec({"name": "a"}, {"name": "b"})
    patch = {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}}
    assert [one["name"] for one in strategic_merge(before, patch, "Pod")["spec"]["containers"]] == ["b", "a"]


def test_plain_values_leave_sets_by_directive() -> None:
    before = {"metadata": {"finalizers": ["a", "b"]}}
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}
    assert strategic_merge(before, patch, "Pod") == {"metadata": {"finalizers": ["b"]}}


def test_taints_and_tolerations_are_replaced_whole() -> None:
    before = {"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}}
    patch = {"spec": {"taints": [{"key": "b", "effect": "NoSchedule"}]}}
    assert strategic_merge(before, patch, "Node") == patch


def test_ports_of_two_protocols_are_two_ports() -> None:
    before = {"spec": {"ports": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]}}
    patch = {"spec": {"ports": [{"port": 53, "protocol": "UDP", "name": "dns"}]}}
    ports = strategic_merge(before, patch, "Service")["spec"]["ports"]
    assert ports == [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP", "name": "dns"}]
