"""What the live view makes of the event log and of its looks, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser import copied
from tests.browser.console import ROOT

RECORDER = ROOT / "web" / "src" / "pages" / "progress" / "recorder.ts"
PROGRAM = """
import { readFileSync } from "node:fs";
const { Recorder } = await import(process.argv[1]);
const recorder = new Recorder();
const update = { began: 0, elapsedSeconds: 9, update: { status: "InProgress" } };
const { told, tell } = JSON.parse(readFileSync(0, "utf8"));
const lanes = told.map((each) => {
  if (Array.isArray(each)) recorder.heard(each);
  else recorder.saw({ ...update, ...each }, recorder.looking());
  const way = (row) => [row.node.new, row.spans.map((each) => each.lane)];
  return recorder.sorted().map((row) => (tell === "lanes" ? row.lane : way(row)));
});
console.log(JSON.stringify(lanes));
"""
"""Gives the recorder logs (lists) and looks (objects), and prints the lane or way of every row after each."""
QUEUED = {"nodes": [{"instanceId": "i-1", "lane": "QUEUED", "new": False}]}


def _log(*lanes: str) -> list[dict[str, Any]]:
    """Return the steps of one node, oldest first."""
    return [
        {"kind": "NodeLane", "sequence": number, "at": number, "subject": {"instance": "i-1", "lane": lane}}
        for number, lane in enumerate(lanes, 1)
    ]


def _lanes(told: list[Any], folder: Path) -> Any:
    return copied.answered(RECORDER, PROGRAM, {"told": [QUEUED, *told], "tell": "lanes"}, folder)[1:]


def _ways(told: list[Any], folder: Path) -> Any:
    return copied.answered(RECORDER, PROGRAM, {"told": told, "tell": "ways"}, folder)[-1]


def test_a_log_that_is_full_still_tells_of_nodes(tmp_path: Path) -> None:
    """The page keeps so many events: then the newest push the oldest out, and their number stays the same."""
    steps = _log("DRAINING", "PAUSING", "TERMINATING", "GONE")
    logs = [steps[first : first + 2][::-1] for first in range(3)]
    assert _lanes(logs, tmp_path) == [["PAUSING"], ["TERMINATING"], ["GONE"]]


def test_a_look_that_sees_no_node_takes_back_nothing_that_the_log_told(tmp_path: Path) -> None:
    unseen = {"nodesUnseenBecause": "AWS does not answer"}
    assert _lanes([_log("DRAINING"), unseen], tmp_path) == [["DRAINING"], ["DRAINING"]]
    assert _lanes([_log("DRAINING"), QUEUED], tmp_path) == [["DRAINING"], ["QUEUED"]]


OVER = {"update": {"status": "Failed"}, "nodes": []}


def test_a_new_node_that_is_gone_again_was_never_one_that_waited_for_its_turn(tmp_path: Path) -> None:
    """Read after the end, when nobody but the log knows it, and the newest comes first."""
    log = _log("LAUNCHING", "JOINED", "READY", "TERMINATING", "GONE")[::-1]
    assert _ways([OVER, log], tmp_path) == [[True, ["LAUNCHING", "JOINED", "READY", "TERMINATING"]]]
    assert _ways([OVER, log[:2], log], tmp_path)[0][0] is True


def test_an_update_that_is_over_shows_the_same_nodes_to_who_watched_it_and_who_comes_later(
    tmp_path: Path,
) -> None:
    """Those that never had their turn are in no log: they do not wait for it any more."""
    waiting = {"nodes": [*QUEUED["nodes"], {"instanceId": "i-2", "lane": "QUEUED", "new": False}]}
    log = _log("DRAINING", "BLOCKED")
    blocked = [[False, ["QUEUED", "DRAINING", "BLOCKED"]]]
    assert _ways([waiting, log, OVER], tmp_path) == blocked
    assert _ways([OVER, log], tmp_path) == blocked
