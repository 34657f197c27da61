"""Which pods hold a node up, rule by rule."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nodeyard.planner import drain
from nodeyard.planner.drain import Outcome
from nodeyard.ports import Pod

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


def test_a_pod_of_a_replica_set_is_evicted() -> None:
    assert drain.judge(WEB).outcome is Outcome.EVICT


@pytest.mark.parametrize(
    ("pod", "outcome", "reason"),
    [
        (replace(WEB, mirror=True), Outcome.LEAVE, "MirrorPod"),
        (replace(WEB, phase="Succeeded"), Outcome.LEAVE, "FinishedPod"),
        (replace(WEB, owner_kind="DaemonSet", owner_name="agent"), Outcome.LEAVE, "DaemonSetPod"),
        (replace(WEB, terminating_since=datetime(2026, 1, 1, tzinfo=UTC)), Outcome.WAIT, "Terminating"),
    ],
)
def test_pods_that_are_not_evicted(pod: Pod, outcome: Outcome, reason: str) -> None:
    verdict = drain.judge(pod)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)
    assert "shop/web-1" in verdict.sentence


def test_a_terminating_pod_names_the_finalizer_that_holds_it() -> None:
    stuck = replace(WEB, terminating_since=datetime(2026, 1, 1, tzinfo=UTC), finalizers=("x.io/hold",))
    assert "x.io/hold" in drain.judge(stuck).sentence


def test_a_terminating_daemonset_pod_does_not_hold_the_node_up() -> None:
    pod = replace(WEB, owner_kind="DaemonSet", terminating_since=datetime(2026, 1, 1, tzinfo=UTC))
    assert drain.judge(pod).outcome is Outcome.LEAVE
