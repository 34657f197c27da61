"""Watching an update: what counts as a change, how each is said, what the view shows."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from nodeyard.cli.printing import span
from nodeyard.cli.watching import changes, lines
from nodeyard.cli.watching.view import view

Obj = dict[str, Any]
BLOCKER = {
    "code": "BudgetExhausted",
    "pod": "shop/web-1",
    "nodeName": "ip-10-0-0-1.internal",
    "instanceId": "i-1",
    "budget": "shop/web",
    "sentence": "pod shop/web-1 cannot be evicted yet: shop/web needs 2 healthy pods and has 2",
    "help": "add a replica",
    "secondsLeft": 840.0,
    "then": "UPDATE_FAILS",
    "tries": 3,
}


def a_node(number: int = 1, lane: str = "QUEUED", **members: Any) -> Obj:
    defaults = {
        "instanceId": f"i-{number}",
        "nodeName": f"ip-10-0-0-{number}.internal",
        "zone": "eu-west-1a",
        "lane": lane,
        "because": "nodes take turns, 1 at once",
        "new": False,
    }
    return defaults | members


def a_progress(*nodes: Obj, blockers: tuple[Obj, ...] = (), **update: Any) -> Obj:
    defaults: Obj = {
        "id": "u-1",
        "clusterName": "prod",
        "nodegroupName": "blue",
        "type": "VersionUpdate",
        "status": "InProgress",
        "phase": "Upgrade",
        "nodesTotal": 2,
        "nodesDone": 0,
        "releaseVersion": "1.34.9-20260714",
        "errors": [],
    }
    return {
        "update": defaults | update,
        "phases": [{"phase": "SetUp", "state": "DONE"}, {"phase": "Upgrade", "state": "CURRENT"}],
        "nodes": list(nodes),
        "blockers": list(blockers),
        "elapsedSeconds": 260.0,
        "remainingSeconds": 400.0,
        "remainingBasis": "2 to go",
    }


def told(before: Obj | None, after: Obj) -> list[tuple[str, ...]]:
    keys = ("type", "status", "instanceId", "lane", "state", "exitCode")
    return [tuple(str(each[key]) for key in keys if key in each) for each in changes.between(before, after)]


def test_the_first_look_tells_everything_that_is_there() -> None:
    found = told(None, a_progress(a_node(1, "BLOCKED"), a_node(2), blockers=(BLOCKER,)))
    assert found == [
        ("update", "InProgress"),
        ("node", "i-1", "BLOCKED"),
        ("node", "i-2", "QUEUED"),
        ("blocker", "NEW"),
    ]


def test_nothing_new_tells_nothing() -> None:
    progress = a_progress(a_node(1), blockers=(BLOCKER,))
    later = a_progress(a_node(1, podsLeft=1), blockers=({**BLOCKER, "tries": 9, "secondsLeft": 1.0},))
    assert told(progress, later) == []


def test_a_node_tells_its_new_lane_and_its_end() -> None:
    before = a_progress(a_node(1), a_node(2))
    assert told(before, a_progress(a_node(1, "DRAINING"))) == [
        ("node", "i-1", "DRAINING"),
        ("node", "i-2", "GONE"),
    ]


def test_nodes_that_cannot_be_seen_are_not_gone() -> None:
    unseen = a_progress() | {"nodesUnseenBecause": "connection refused"}
    assert told(a_progress(a_node(1)), unseen) == []


def test_a_blocker_tells_that_it_says_something_else_and_that_it_is_gone() -> None:
    first = a_progress(blockers=(BLOCKER,))
    second = a_progress(blockers=({**BLOCKER, "sentence": "needs 3"},))
    assert told(first, second) == [("blocker", "CHANGED")]
    assert told(second, a_progress()) == [("blocker", "GONE")]


def test_a_pod_that_is_held_for_another_reason_was_never_let_go() -> None:
    """While replacements come and go the reason changes at every look."""
    second = {
        **BLOCKER,
        "code": "PodsNotReady",
        "sentence": "shop/web needs 2, because shop/web-2 is not Ready",
    }
    assert told(a_progress(blockers=(BLOCKER,)), a_progress(blockers=(second,))) == [("blocker", "CHANGED")]


def test_an_update_that_gives_up_does_not_say_that_pods_are_let_go() -> None:
    held, kinds = a_progress(blockers=(BLOCKER,)), ("Retreat", "RollBack")
    assert [told(held, a_progress(phase=phase)) for phase in kinds] == [[("update", "InProgress")]] * 2


@pytest.mark.parametrize(("status", "code"), [("Successful", "0"), ("Failed", "1"), ("Cancelled", "3")])
def test_the_end_is_told_once_with_its_exit_code(status: str, code: str) -> None:
    over = a_progress(status=status, finishedAt="later")
    assert ("end", status, code) in told(a_progress(), over)
    assert told(over, over) == []


def test_every_change_is_a_sentence() -> None:
    before = a_progress(a_node(1), blockers=(BLOCKER,))
    error = {"errorCode": "PodEvictionFailure", "errorMessage": "pod shop/web-1 did not leave"}
    after = a_progress(status="Failed", errors=[error], finishedAt="later")
    said = [
        lines.sentence(each) for each in [*changes.between(None, before), *changes.between(before, after)]
    ]
    assert said == [
        "update u-1: InProgress, phase Upgrade, 0 of 2 nodes done",
        "node ip-10-0-0-1.internal (eu-west-1a): queued, nodes take turns, 1 at once",
        f"blocked: {BLOCKER['sentence']}. Help: add a replica. 14 min left, then the update fails",
        "update u-1: Failed, phase Upgrade, 0 of 2 nodes done",
        "Failed after 4 min 20 s: PodEvictionFailure: pod shop/web-1 did not leave",
    ]


def test_an_event_that_another_line_tells_is_not_said_twice() -> None:
    blocked = changes.event("u-1", {"kind": "EvictionBlocked", "message": "no"})
    assert lines.sentence(blocked) is None
    assert lines.sentence(changes.event("u-1", {"kind": "UpdateStep", "message": "x"})) == "UpdateStep: x"


def test_health_issues_are_shown_that_no_blocker_tells() -> None:
    held = {"code": "PodEvictionFailure", "message": "pods stay"}
    silent = {"code": "ClusterUnreachable", "message": "list nodes: no answer"}
    shown = drawn(a_progress(blockers=(BLOCKER,)) | {"issues": [held, silent]})
    assert "ClusterUnreachable: list nodes: no answer" in shown and "pods stay" not in shown
    assert "pods stay" in drawn(a_progress() | {"issues": [held]})


def test_the_template_version_that_an_update_is_for_is_shown() -> None:
    title, *_ = drawn(a_progress(launchTemplate={"id": "lt-1", "name": "mine", "version": "7"})).splitlines()
    assert "to 1.34.9-20260714  mine (7)" in title


def test_what_an_update_waits_for_is_shown_where_nothing_else_tells_it() -> None:
    waits = [
        {"because": f"ip-10-0-0-1.internal: {BLOCKER['sentence']}; 14 min left to drain"},
        {"because": "2 not launched yet; Could not launch On-Demand Instances. InsufficientInstanceCapacity"},
        {"because": "ip-10-0-0-2.internal is empty; load balancers get 60 s to notice"},
    ]
    progress = a_progress(a_node(2, "PAUSING"), blockers=(BLOCKER,)) | {"waits": waits}
    shown = [line for line in drawn(progress).splitlines() if line.startswith("waiting: ")]
    assert [line.split(";")[0] for line in shown] == ["waiting: 2 not launched yet"]
    assert "waiting: " not in drawn(a_progress(status="Failed") | {"waits": waits})


def drawn(progress: Obj, events: tuple[Obj, ...] = (), lost: str = "", height: int = 40) -> str:
    console = Console(width=140, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(view(progress, events, lost, height))
    return captured.get()


def test_the_view_shows_phases_nodes_blockers_and_time() -> None:
    text = drawn(a_progress(a_node(1, "BLOCKED", podsLeft=1), a_node(2), blockers=(BLOCKER,)))
    assert "✓ SetUp   ● Upgrade" in text and "0 of 2 nodes" in text
    assert "4 min 20 s elapsed   about 6 min 40 s left   2 to go" in text
    assert "ip-10-0-0-1  " in text and "1 pod left, see below" in text
    assert "needs 2 healthy pods and has 2" in text
    assert "help: add a replica" in text and "3 tries, 14 min left" in text


def test_the_view_of_a_large_group_fits_the_terminal_and_counts_the_rest() -> None:
    nodes = [a_node(number, "DRAINING" if number < 3 else "QUEUED") for number in range(1000)]
    text = drawn(a_progress(*nodes), height=24)
    assert len(text.splitlines()) <= 24
    assert "and 985 more: 985 queued" in text


def test_the_view_says_when_the_service_is_gone() -> None:
    assert "Nobody answers" in drawn(a_progress(), lost="Nobody answers at http://127.0.0.1:1.")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "-"),
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
    ],
)
def test_times_are_said_as_people_say_them(seconds: float | None, said: str) -> None:
    assert span(seconds) == said
