"""Copies of objects."""

from __future__ import annotations

from nodeyard.world.kubernetes.documents import copied


def test_a_copy_is_equal_and_shares_nothing_that_can_change() -> None:
    first = {"spec": {"taints": [{"key": "a"}], "paused": None, "share": 0.5}}
    second = copied(first)
    assert second == first
    second["spec"]["taints"][0]["key"] = "b"
    assert first["spec"]["taints"][0]["key"] == "a"
