"""Each step of a node's way through a version update is told once, of that node and no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from nodeyard.flows.nodegroup import lane_events
from nodeyard.flows.nodegroup.visit import Visit
from nodeyard.model.rollout import Rollout
from nodeyard.planner import membership, progress
from nodeyard.planner.rollout import Observation, View
from nodeyard.ports import Condition, Node
from tests.nouns import NOON, a_node_of, a_rollout, an_auto_scaling_group, an_instance
from tests.unit.planner.test_progress import NEW_LABELS


class Told:
    """Stands in for a visit: keeps which instance was told to be in which lane."""

    def event(self, kind: str, message: str, **subjects: str) -> tuple[str, str]:
        return subjects["instance"], subjects["lane"]


def joined(id: str, second: int = 0) -> Node:
    ready = Condition("True", since=NOON + timedelta(seconds=second))
    return a_node_of(id, labels=NEW_LABELS, conditions={"Ready": ready})


def told(before: Rollout, ids: str, *nodes: Node) -> tuple[Rollout, list[tuple[str, str]]]:
    """Look once, as `update_version` does; return what is remembered and what was told."""
    group = an_auto_scaling_group(*(an_instance(id, version="2") for id in ids.split()))
    seen = Observation(group, membership.join(group, nodes), {})
    after = before.having(joined=len(View(seen, before).joined), moving=progress.moving(seen, before))
    visit = cast(Visit, Told())
    events: Any = lane_events.of_moving(visit, "u", seen, before, after)
    return after, [*events, *lane_events.of_new(visit, "u", seen, before, after)]


def test_two_nodes_that_are_ready_in_the_same_second_are_each_told_once() -> None:
    memory, _ = told(a_rollout(), "i-1 i-2")
    memory, of_first = told(memory, "i-1 i-2", joined("i-2"))
    _, of_second = told(memory, "i-1 i-2", joined("i-2"), joined("i-1"))
    assert (of_first[-1:], of_second) == ([("i-2", "READY")], [("i-1", "READY")])


def test_a_node_that_came_and_was_ready_between_two_looks_is_told() -> None:
    memory, of_first = told(a_rollout(), "i-2", joined("i-2"))
    _, of_second = told(memory, "i-2 i-1", joined("i-2"), joined("i-1", 9))
    assert (of_first, of_second) == ([("i-2", "READY")], [("i-1", "READY")])


def test_a_node_that_is_ready_again_is_told_again() -> None:
    memory, _ = told(a_rollout(), "i-1", joined("i-1"))
    memory, silent = told(memory, "i-1", a_node_of("i-1", labels=NEW_LABELS, ready=False))
    _, again = told(memory, "i-1", joined("i-1", 9))
    assert (silent, again) == ([("i-1", "JOINED")], [("i-1", "READY")])
