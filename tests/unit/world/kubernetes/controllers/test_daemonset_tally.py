"""The status of a DaemonSet, counted node by node."""

from __future__ import annotations

from nodeyard.world.kubernetes.controllers.daemonset_tally import NOTHING, Share, Tally


def test_only_nodes_that_changed_are_looked_at_again() -> None:
    looked: list[str] = []
    shares = {"a": Share(desired=1), "b": Share(desired=1, scheduled=1, ready=1)}

    def count(node: str) -> Share:
        looked.append(node)
        return shares.get(node, NOTHING)

    tally = Tally(["a", "b"])
    assert tally.total(count) == Share(desired=2, scheduled=1, ready=1)
    looked.clear()
    shares["a"] = Share(desired=1, scheduled=1)
    tally.changed("a")
    assert tally.total(count) == Share(desired=2, scheduled=2, ready=1)
    assert looked == ["a"]


def test_a_node_that_is_gone_counts_no_more() -> None:
    shares = {"a": Share(desired=1, outdated=2)}
    tally = Tally(["a"])
    assert tally.total(lambda node: shares.get(node, NOTHING)).outdated == 2
    shares.clear()
    tally.changed("a")
    assert tally.total(lambda node: shares.get(node, NOTHING)) == NOTHING
