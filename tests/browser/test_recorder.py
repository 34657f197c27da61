"""What the live view makes of the event log, without a browser."""

from __future__ import annotations

from pathlib import Path

from tests.browser import copied
from tests.browser.console import ROOT

RECORDER = ROOT / "web" / "src" / "pages" / "progress" / "recorder.ts"
PROGRAM = """
import { readFileSync } from "node:fs";
const { Recorder } = await import(process.argv[1]);
const { nodes, logs } = JSON.parse(readFileSync(0, "utf8"));
const recorder = new Recorder();
recorder.saw({ began: 0, elapsedSeconds: 9, update: { status: "InProgress" }, nodes }, recorder.looking());
const lanes = logs.map((log) => (recorder.heard(log), recorder.sorted().map((row) => row.lane)));
console.log(JSON.stringify(lanes));
"""


def test_a_log_that_is_full_still_tells_of_nodes(tmp_path: Path) -> None:
    """The page keeps so many events: then the newest push the oldest out, and their number stays the same."""
    steps = [
        {"kind": "NodeLane", "sequence": number, "at": number, "subject": {"instance": "i-1", "lane": lane}}
        for number, lane in enumerate(("DRAINING", "PAUSING", "TERMINATING", "GONE"), 1)
    ]
    logs = [steps[first : first + 2][::-1] for first in range(3)]
    node = {"instanceId": "i-1", "lane": "QUEUED", "new": False}
    found = copied.answered(RECORDER, PROGRAM, {"nodes": [node], "logs": logs}, tmp_path)
    assert found == [["PAUSING"], ["TERMINATING"], ["GONE"]]
