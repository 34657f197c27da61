"""What a limit and a beginning become when nothing ran for a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from nodeyard.model.drain import Drain
from nodeyard.model.rollout import Rollout, Target
from nodeyard.model.standstill import NONE, Pause, Standstill
from tests.nouns import NOON, a_nodegroup

MINUTE = timedelta(minutes=1)
STOOD = Standstill((Pause(NOON, NOON + 10 * MINUTE),))


def test_a_limit_that_was_ahead_stays_as_far_ahead() -> None:
    assert STOOD.limit(NOON + 3 * MINUTE) == NOON + 13 * MINUTE


def test_a_limit_that_was_over_stays_over() -> None:
    assert STOOD.limit(NOON - MINUTE) == NOON - MINUTE


def test_what_began_before_a_pause_has_lasted_no_longer_because_of_it() -> None:
    assert STOOD.start(NOON - 2 * MINUTE) == NOON + 8 * MINUTE


def test_what_began_after_the_last_sign_of_life_begins_with_the_start() -> None:
    assert STOOD.start(NOON + 4 * MINUTE) == NOON + 10 * MINUTE


def test_what_began_after_a_pause_is_left_alone() -> None:
    assert STOOD.start(NOON + 11 * MINUTE) == NOON + 11 * MINUTE


def test_every_pause_counts_for_a_beginning_and_only_the_last_for_a_limit() -> None:
    twice = Standstill((*STOOD.pauses, Pause(NOON + 12 * MINUTE, NOON + 15 * MINUTE)))
    assert twice.start(NOON - MINUTE) == NOON + 12 * MINUTE
    assert twice.limit(NOON + 13 * MINUTE) == NOON + 16 * MINUTE


def test_without_a_pause_nothing_moves() -> None:
    assert (NONE.limit(NOON), NONE.start(NOON)) == (NOON, NOON)


def test_a_beginning_that_is_written_again_moves_by_the_last_pause_only() -> None:
    twice = Standstill((*STOOD.pauses, Pause(NOON + 12 * MINUTE, NOON + 15 * MINUTE)))
    assert twice.begun(NOON + 8 * MINUTE) == NOON + 11 * MINUTE


def test_a_group_keeps_what_was_left_of_its_limits() -> None:
    drain = Drain("i-1", "node-1", began=NOON - MINUTE, limit=NOON + 2 * MINUTE)
    group = a_nodegroup(create_deadline=NOON + MINUTE, drains={"i-1": drain})
    later = replace(drain, began=NOON + 9 * MINUTE, limit=NOON + 12 * MINUTE)
    assert group.resumed(STOOD) == replace(group, create_deadline=NOON + 11 * MINUTE, drains={"i-1": later})


def test_a_version_update_keeps_what_was_left_of_its_limits() -> None:
    target = Target(version="1.34", release_version="1.34.1-1", image_id="ami-1")
    rollout = Rollout(target, join_limit=NOON + MINUTE, turns=(Drain("i-1", "n", NOON, NOON + MINUTE),))
    resumed = rollout.resumed(STOOD)
    assert resumed.join_limit == resumed.turns[0].limit == NOON + 11 * MINUTE
