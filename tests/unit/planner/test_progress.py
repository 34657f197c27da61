"""What watchers see of an update: a lane for every node, blockers by name, time with its basis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from nodeyard.model.drain import Drain
from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.limits import NODES_JOIN_LIMIT_S
from nodeyard.model.rollout import Phase, Rollout
from nodeyard.planner import estimate, membership, progress
from nodeyard.planner.estimate import Estimate
from nodeyard.planner.progress import Lane, NodeLane, Then, Watched
from nodeyard.planner.rollout import Observation
from nodeyard.ports import Condition, GroupInstance, Node
from tests.nouns import NOON, a_blocker, a_drain, a_node_of, a_rollout, an_auto_scaling_group, an_instance

SECOND = timedelta(seconds=1)
NEW_LABELS = {"eks.amazonaws.com/nodegroup": "blue", "eks.amazonaws.com/nodegroup-image": "ami-new"}


def watched(
    instances: Sequence[GroupInstance], nodes: Sequence[Node], memory: Rollout, *drains: Drain
) -> Watched:
    group = an_auto_scaling_group(*instances)
    observation = Observation(group, membership.join(group, nodes), {})
    by_instance = {drain.instance: drain for drain in drains}
    return Watched(observation, memory, by_instance, {"i-1": NOON}, SECOND)


def lane(instance: GroupInstance, node: Node | None, memory: Rollout, *drains: Drain) -> NodeLane:
    (found,) = progress.lanes(watched([instance], [] if node is None else [node], memory, *drains))
    return found


def test_an_old_node_waits_for_its_turn_since_the_update_began() -> None:
    found = lane(an_instance(), a_node_of(), a_rollout(began=NOON))
    assert (found.lane, found.since) == (Lane.QUEUED, NOON)


@pytest.mark.parametrize(
    ("phase", "because"),
    [
        (Phase.SET_UP, "the update is being set up"),
        (Phase.SCALE_UP, "new nodes come up first"),
        (Phase.UPGRADE, "nodes take turns, 3 at once"),
    ],
)
def test_an_old_node_that_waits_says_for_what(phase: Phase, because: str) -> None:
    assert lane(an_instance(), a_node_of(), a_rollout(phase=phase, parallel=3)).because == because


def test_an_old_node_that_is_kept_is_ready_again() -> None:
    assert lane(an_instance(), a_node_of(), a_rollout(phase=Phase.RETREAT)).lane is Lane.READY


def test_a_node_whose_pods_leave_is_draining_until_its_limit() -> None:
    turn = a_drain(pods_left=2)
    found = lane(an_instance(), a_node_of(), a_rollout(turns=(turn,)))
    assert (found.lane, found.since, found.until) == (Lane.DRAINING, turn.began, turn.limit)
    assert found.because == "2 pods left to evict"


def test_a_node_whose_pod_is_held_is_blocked_and_says_by_whom() -> None:
    turn = a_drain(blockers=(a_blocker(), a_blocker(pod="shop/web-2", since=NOON + SECOND)))
    found = lane(an_instance(), a_node_of(), a_rollout(turns=(turn,)))
    assert found.lane is Lane.BLOCKED
    assert "shop/web needs 2 healthy pods and has 2" in found.because
    assert found.because.endswith("(and 1 more)")


def test_an_empty_node_pauses_for_a_minute() -> None:
    turn = a_drain(emptied=NOON + SECOND)
    found = lane(an_instance(), a_node_of(), a_rollout(turns=(turn,)))
    assert (found.lane, found.until) == (Lane.PAUSING, NOON + 61 * SECOND)


def test_a_node_that_was_released_is_terminating() -> None:
    turn = a_drain(emptied=NOON, released=NOON + SECOND)
    assert lane(an_instance(), a_node_of(), a_rollout(turns=(turn,))).lane is Lane.TERMINATING


def test_an_instance_that_auto_scaling_lets_go_is_terminating_since_its_activity() -> None:
    found = lane(an_instance(state="Terminating:Wait"), a_node_of(), a_rollout())
    assert (found.lane, found.since) == (Lane.TERMINATING, NOON)


def test_an_instance_that_leaves_under_a_budget_is_blocked() -> None:
    drain = a_drain(blockers=(a_blocker(),))
    assert lane(an_instance(state="Terminating:Wait"), a_node_of(), a_rollout(), drain).lane is Lane.BLOCKED


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (None, Lane.LAUNCHING),
        (a_node_of(ready=False, labels=NEW_LABELS), Lane.JOINED),
        (a_node_of(labels={}), Lane.JOINED),
        (a_node_of(labels=NEW_LABELS), Lane.READY),
    ],
)
def test_a_new_node_comes_in_lane_by_lane(node: Node | None, expected: Lane) -> None:
    found = lane(an_instance(version="2"), node, a_rollout())
    assert (found.lane, found.new) == (expected, True)


def test_a_new_node_that_is_not_ready_says_why_by_the_words_of_its_kubelet() -> None:
    conditions = {"Ready": Condition("False", "KubeletNotReady", "cni plugin not initialized", NOON)}
    node = a_node_of(ready=False, conditions=conditions, labels=NEW_LABELS)
    found = lane(an_instance(version="2"), node, a_rollout())
    assert found.because == "it joined and is not Ready yet: cni plugin not initialized"


def test_nodes_that_do_something_come_first() -> None:
    turn = a_drain("i-2", blockers=(a_blocker(),))
    instances = [an_instance("i-1"), an_instance("i-2"), an_instance("i-3", version="2")]
    nodes = [a_node_of("i-1"), a_node_of("i-2"), a_node_of("i-3", labels=NEW_LABELS)]
    seen = watched(instances, nodes, a_rollout(turns=(turn,)))
    assert [each.instance for each in progress.lanes(seen)] == ["i-2", "i-1", "i-3"]


def test_a_blocker_tells_how_long_its_drain_still_tries() -> None:
    turn = a_drain(blockers=(a_blocker(),))
    now = NOON + timedelta(minutes=5)
    (held,) = progress.blockers((turn,), {}, now, SECOND, force=False)
    assert (held.instance, held.seconds_so, held.seconds_left) == ("i-1", 300.0, 600.0)


def test_a_drain_that_is_over_holds_nobody() -> None:
    turn = a_drain(blockers=(a_blocker(),), emptied=NOON)
    assert progress.blockers((turn,), {}, NOON, SECOND, force=False) == ()


@pytest.mark.parametrize(("force", "then"), [(False, Then.UPDATE_FAILS), (True, Then.PODS_DELETED)])
def test_a_blocker_tells_what_happens_at_the_limit_of_its_drain(force: bool, then: Then) -> None:
    """Auto Scaling does not wait for a node that it lets go, however the update was started."""
    turns = (a_drain(blockers=(a_blocker(),)),)
    leaving = {"i-9": a_drain("i-9", blockers=(a_blocker(pod="shop/web-9"),))}
    found = progress.blockers(turns, leaving, NOON, SECOND, force=force)
    assert [each.then for each in found] == [then, Then.INSTANCE_TERMINATES]


def test_those_on_their_way_are_told_and_those_with_a_turn_or_at_rest_are_not() -> None:
    instances = [
        an_instance("i-old"),
        an_instance("i-turn"),
        an_instance("i-launched", version="2"),
        an_instance("i-joined", version="2"),
        an_instance("i-ready", version="2"),
        an_instance("i-leaving", "Terminating:Wait", "2"),
    ]
    nodes = [
        *(a_node_of(id) for id in ("i-old", "i-turn", "i-leaving")),
        a_node_of("i-joined", ready=False),
        a_node_of("i-ready", labels=NEW_LABELS),
    ]
    memory = a_rollout(turns=(a_drain("i-turn"),))
    seen = watched(instances, nodes, memory)
    assert progress.moving(seen.observation, memory) == (
        ("i-joined", "JOINED"),
        ("i-launched", "LAUNCHING"),
        ("i-leaving", "TERMINATING"),
    )


# --- how long it still takes ---


def test_before_anything_was_measured_the_guess_rests_on_fixed_times() -> None:
    guess = estimate.remaining(a_rollout(phase=Phase.SCALE_UP, parallel=2), 3, NOON, SECOND)
    assert guess.seconds == 2 * estimate.TURN_S + estimate.START_S + estimate.ENDING_S
    assert "nothing was measured yet" in guess.basis


def test_a_group_that_was_not_looked_at_yet_is_guessed_by_its_size() -> None:
    small, large = (
        estimate.remaining(a_rollout(phase=Phase.SET_UP, nodes_total=0), size, NOON, SECOND).seconds
        for size in (1, 10)
    )
    assert small is not None and large is not None and small < large


def test_afterwards_it_rests_on_the_pace_so_far() -> None:
    memory = a_rollout(nodes_total=5, nodes_done=2)
    guess = estimate.remaining(memory, 5, NOON + timedelta(seconds=400), SECOND)
    assert guess.seconds == 3 * 200 + estimate.ENDING_S
    assert guess.basis == "3 to go at the pace of the 2 nodes before: 200 s each"


def test_seconds_are_those_of_the_service_clock() -> None:
    memory = a_rollout(nodes_total=5, nodes_done=2)
    fast = estimate.remaining(memory, 5, NOON + timedelta(seconds=4), timedelta(milliseconds=10))
    assert fast.seconds == 3 * 200 + estimate.ENDING_S


def test_nobody_can_know_while_new_nodes_do_not_become_ready() -> None:
    limit = NOON + timedelta(seconds=NODES_JOIN_LIMIT_S)
    memory = a_rollout(phase=Phase.SCALE_UP, parallel=2, join_limit=limit)
    early, late = (
        estimate.remaining(memory, 3, NOON + timedelta(seconds=seconds), SECOND) for seconds in (60, 600)
    )
    assert early.seconds is not None
    assert late == Estimate(None, "no new node became Ready for 10 min; the update gives up in 20 min")


@pytest.mark.parametrize("code", sorted(estimate.OUT_OF_REACH))
def test_nobody_can_know_while_the_update_does_not_see_what_there_is(code: IssueCode) -> None:
    issues = (Issue(IssueCode.INSUFFICIENT_FREE_ADDRESSES, "few"), Issue(code, "nobody answers"))
    guess = estimate.remaining(a_rollout(phase=Phase.SET_UP), 3, NOON, SECOND, issues)
    assert guess == Estimate(None, "the update stands still: nobody answers")
    assert estimate.remaining(a_rollout(phase=Phase.SET_UP), 3, NOON, SECOND, issues[:1]).seconds is not None


def test_nobody_can_know_while_every_drain_is_held() -> None:
    memory = a_rollout(turns=(a_drain(blockers=(a_blocker(),)),))
    guess = estimate.remaining(memory, 3, NOON + timedelta(minutes=5), SECOND)
    assert guess.seconds is None
    assert guess.basis == "1 pod does not leave; the drain gives up in 10 min"
