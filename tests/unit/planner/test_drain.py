"""Which pods hold a node up, rule by rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nodeyard.model.drain import Drain
from nodeyard.planner import drain
from nodeyard.planner.drain import Outcome
from nodeyard.ports import Node, Pod

WEB = Pod(
    namespace="shop",
    name="web-1",
    uid="u1",
    node="ip-10-0-0-1",
    phase="Running",
    ready=True,
    owner_kind="ReplicaSet",
    owner_name="web",
    grace_s=30,
    terminating_since=None,
)


NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SOON, EARLIER = NOW + timedelta(seconds=20), NOW - timedelta(seconds=20)
NODE = Node(
    name="ip-10-0-0-1",
    uid="n1",
    provider_id="aws:///eu-west-1a/i-1",
    labels={},
    unschedulable=False,
    ready=True,
    zone="eu-west-1a",
    created_at=NOW,
)
EVERYTHING = ({"operator": "Exists"},)
DRAIN = Drain("i-1", NODE.name, began=NOW, limit=NOW + timedelta(minutes=15))


def test_a_pod_of_a_replica_set_is_evicted() -> None:
    verdict = drain.judge(WEB, NODE, NOW)
    assert (verdict.outcome, verdict.warning) == (Outcome.EVICT, False)


@pytest.mark.parametrize(
    ("pod", "outcome", "reason", "warning"),
    [
        (replace(WEB, mirror=True), Outcome.LEAVE, "MirrorPod", False),
        (replace(WEB, phase="Succeeded"), Outcome.LEAVE, "FinishedPod", False),
        (replace(WEB, owner_kind="DaemonSet", owner_name="agent"), Outcome.LEAVE, "DaemonSetPod", False),
        (replace(WEB, owner_kind="DaemonSet", terminating_since=SOON), Outcome.LEAVE, "DaemonSetPod", False),
        (replace(WEB, terminating_since=SOON), Outcome.WAIT, "Terminating", False),
        (replace(WEB, terminating_since=SOON, finalizers=("x.io/hold",)), Outcome.WAIT, "Terminating", False),
        (
            replace(WEB, terminating_since=EARLIER, finalizers=("x/h",)),
            Outcome.WAIT,
            "StuckOnFinalizer",
            True,
        ),
        (replace(WEB, owner_kind=None, owner_name=None), Outcome.EVICT, "UnmanagedPod", True),
        (replace(WEB, tolerations=EVERYTHING), Outcome.EVICT, "ToleratesEverything", True),
        (replace(WEB, tolerations=({"key": "a", "operator": "Exists"},)), Outcome.EVICT, "Evictable", False),
        (replace(WEB, local_storage=True), Outcome.EVICT, "LocalStorage", False),
    ],
)
def test_each_rule_has_its_outcome_and_names_the_pod(
    pod: Pod, outcome: Outcome, reason: str, warning: bool
) -> None:
    verdict = drain.judge(pod, NODE, NOW)
    assert (verdict.outcome, verdict.reason, verdict.warning) == (outcome, reason, warning)
    assert "shop/web-1" in verdict.sentence


def test_a_pod_past_its_grace_period_does_not_hold_up_a_node_that_is_not_ready() -> None:
    dead = replace(NODE, ready=False)
    late = replace(WEB, terminating_since=EARLIER)
    assert drain.judge(late, dead, NOW).outcome is Outcome.LEAVE
    assert drain.judge(replace(WEB, terminating_since=SOON), dead, NOW).outcome is Outcome.WAIT
    assert drain.judge(WEB, dead, NOW).outcome is Outcome.EVICT


def test_a_terminating_pod_names_the_finalizer_that_holds_it() -> None:
    stuck = replace(WEB, terminating_since=EARLIER, finalizers=("x.io/hold",))
    assert "x.io/hold" in drain.judge(stuck, NODE, NOW).sentence


def test_a_node_is_judged_as_a_whole() -> None:
    going, daemon = replace(WEB, name="web-2", terminating_since=SOON), replace(WEB, owner_kind="DaemonSet")
    emptying = drain.look((WEB, going, daemon), NODE, NOW, DRAIN)
    assert (emptying.evict, emptying.left) == ((WEB,), 2)
    assert [pod.name for pod in emptying.held] == ["web-1", "web-2"]


def test_a_pod_that_is_put_back_on_its_node_is_asked_to_go_twenty_times_and_not_more() -> None:
    asked, now = 0, NOW + timedelta(seconds=1)
    pod = replace(WEB, tolerations=EVERYTHING, created_at=NOW - timedelta(days=1))
    while now < DRAIN.limit:
        emptying = drain.look((pod,), NODE, now, DRAIN)
        assert emptying.left == 1, "the node is not empty while the pod waits for its turn"
        if emptying.evict:
            asked += 1
            pod = replace(pod, created_at=now)  # its owner makes another at once
        now += timedelta(seconds=1)
    assert asked == 20
    assert drain.look((pod,), NODE, DRAIN.limit, DRAIN).evict == (pod,)


def test_a_pod_that_comes_back_waits_as_short_as_its_drain_is() -> None:
    quick = replace(DRAIN, limit=NOW + timedelta(seconds=2))
    pod = replace(WEB, created_at=NOW + timedelta(seconds=1))
    assert not drain.look((pod,), NODE, NOW + timedelta(seconds=1), quick).evict
    assert drain.look((pod,), NODE, NOW + timedelta(seconds=1.1), quick).evict == (pod,)
