"""What the live view makes of times between two looks, and of what holds pods, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser import copied
from tests.browser.console import ROOT

FOLDER = ROOT / "web" / "src" / "pages" / "progress"
PARTS = ROOT / "web" / "src" / "parts"
TIMES = """
import { readFileSync } from "node:fs";
const { times } = await import(process.argv[1]);
const { progress, answer, now } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(times(progress, answer, now)));
"""
HELD = """
import { readFileSync } from "node:fs";
const { byReason, held } = await import(process.argv[1]);
const { blockers, passed } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(byReason(blockers).map((each) => held(each, passed))));
"""
ZONED = """
import { readFileSync } from "node:fs";
process.env.TZ = "Asia/Shanghai";
const { inZone } = await import(process.argv[1]);
const asked = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(([sentence, now]) => inZone(sentence, "en-GB", Date.parse(now)))));
"""
BEGAN = 1_000_000.0
ANSWERED = 5_000_000_000
"""The browser's clock, in ms; it is far from that of the service."""


def _times(folder: Path, *, after_ms: int, lost: bool = False, **progress: Any) -> dict[str, Any]:
    known = {
        "update": {"status": "InProgress"},
        "began": BEGAN,
        "elapsedSeconds": 100.0,
        "remainingSeconds": 60.0,
        "secondLasts": 0.5,
    }
    asked = {
        "progress": known | progress,
        "answer": {"at": ANSWERED, "lost": lost},
        "now": ANSWERED + after_ms,
    }
    found: dict[str, Any] = copied.answered(FOLDER / "times.ts", TIMES, asked, folder)
    return found


def test_times_go_on_between_two_looks_by_the_clock_of_the_service(tmp_path: Path) -> None:
    found = _times(tmp_path, after_ms=4000)
    assert (found["silent"], found["passed"], found["elapsed"], found["left"]) == (False, 8, 108, 52)
    assert (found["asOf"], found["end"]) == (BEGAN + 50, BEGAN + 80)


@pytest.mark.parametrize("how", [{"after_ms": 12_000}, {"after_ms": 2000, "lost": True}])
def test_times_stand_still_while_the_service_does_not_answer(tmp_path: Path, how: dict[str, Any]) -> None:
    found = _times(tmp_path, **how)
    assert (found["silent"], found["elapsed"], found["left"]) == (True, 100, 60)


def test_an_update_that_is_over_is_never_silent(tmp_path: Path) -> None:
    found = _times(tmp_path, after_ms=600_000, update={"status": "Failed"})
    assert (found["silent"], found["elapsed"]) == (False, 100)
    assert "left" not in found and "end" not in found


def test_blockers_of_one_reason_are_one_card_whose_times_go_on(tmp_path: Path) -> None:
    one, other = (
        {"code": "BudgetExhausted", "budget": "shop/web", "since": BEGAN + begun, "secondsSo": 80.0 - begun}
        | {"pod": f"shop/web-{tries}", "tries": tries, "secondsLeft": left, "then": then}
        for begun, tries, left, then in ((10, 3, 400.0, "UPDATE_FAILS"), (20, 4, 300.0, "PODS_DELETED"))
    )
    stuck = {"code": "StuckOnFinalizer", "pod": "shop/web-1", "secondsSo": 40.0, "secondsLeft": 5.0}
    asked = {"blockers": [one, other, stuck], "passed": 8}
    card, alone = copied.answered(PARTS / "blockers.ts", HELD, asked, tmp_path)
    assert (card["since"], card["seconds"], card["left"]) == (BEGAN + 10, 78, 292)
    assert (card["then"], card["tries"]) == ("PODS_DELETED", 7)
    assert [each["pod"] for each in card["blockers"]] == ["shop/web-3", "shop/web-4"]
    assert (alone["seconds"], alone["left"]) == (48, 0)


def test_times_of_the_day_that_the_service_tells_are_told_in_the_zone_of_the_reader(tmp_path: Path) -> None:
    asked = [
        ("until 11:05:44Z at most", "2026-11-29T11:00:00Z"),
        ("from 23:59:00Z to 00:01:00Z", "2026-11-29T23:58:00Z"),
        ("at 2026-11-29 23:59:00Z: default/web", "2026-11-29T11:00:00Z"),
    ]
    source = ROOT / "web" / "src" / "strings" / "clock.ts"
    assert copied.answered(source, ZONED, asked, tmp_path) == [
        "until 19:05:44 at most",
        "from 07:59:00 to 08:01:00",
        "at 2026-11-29 23:59:00Z: default/web",
    ]
