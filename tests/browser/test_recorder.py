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
const lanes = JSON.parse(readFileSync(0, "utf8")).map((each) => {
  if (Array.isArray(each)) recorder.heard(each);
  else recorder.saw({ ...update, ...each }, recorder.looking());
  return recorder.sorted().map((row) => row.lane);
});
console.log(JSON.stringify(lanes));
"""
"""Gives the recorder logs (lists) and looks (objects), and prints the lane of every row after each."""
QUEUED = {"nodes": [{"instanceId": "i-1", "lane": "QUEUED", "new": False}]}


def _log(*lanes: str) -> list[dict[str, Any]]:
    """Return the steps of one node, oldest first."""
    return [
        {"kind": "NodeLane", "sequence": number, "at": number, "subject": {"instance": "i-1", "lane": lane}}
        for number, lane in enumerate(lanes, 1)
    ]


def _lanes(told: list[Any], folder: Path) -> Any:
    return copied.answered(RECORDER, PROGRAM, [QUEUED, *told], folder)[1:]


def test_a_log_that_is_full_still_tells_of_nodes(tmp_path: Path) -> None:
    """The page keeps so many events: then the newest push the oldest out, and their number stays the same."""
    steps = _log("DRAINING", "PAUSING", "TERMINATING", "GONE")
    logs = [steps[first : first + 2][::-1] for first in range(3)]
    assert _lanes(logs, tmp_path) == [["PAUSING"], ["TERMINATING"], ["GONE"]]


def test_a_look_that_sees_no_node_takes_back_nothing_that_the_log_told(tmp_path: Path) -> None:
    unseen = {"nodesUnseenBecause": "AWS does not answer"}
    assert _lanes([_log("DRAINING"), unseen], tmp_path) == [["DRAINING"], ["DRAINING"]]
    assert _lanes([_log("DRAINING"), QUEUED], tmp_path) == [["DRAINING"], ["QUEUED"]]
