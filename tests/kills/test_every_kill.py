"""Kill at every step, for real: real processes, SIGKILL, SQLite and PostgreSQL, the account beside them.

All side effects are enumerated by a play that nothing disturbs. Then the process that does one of them is
killed right before it, and right after it, each in turn; on SQLite it is started again, on PostgreSQL
another worker goes on. The end is that of the play without a kill, nothing is left over, no node is cordoned
twice and no budget is broken. `make kills` does all of them; every day a few are done.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.steps import AFTER, BEFORE
from tests.e2e.service import Service
from tests.kills.scenarios import SCENARIOS, Scenario, clean_up, is_whole
from tests.kills.stage import SPEED, Stage

pytestmark = pytest.mark.timeout(12 * 3600)

WAYS = (BEFORE, AFTER)
TRIES, MISSED_SHARE = 3, 0.1
PROGRESS = Path(__file__).parents[2] / ".nodeyard" / "kills.txt"
"""A line for each play of this run, for whoever waits for hours."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("kills")
    world = Service(folder)
    made: Stage | None = None
    try:
        world.start("--speed", SPEED)
        kept = f"sqlite:///{folder}/records.sqlite"
        made = Stage(
            folder, world, kept if request.param == "sqlite" else request.getfixturevalue("postgres")
        )
        yield made
    finally:
        if made is not None:
            made.end()
        world.kill()


def _played(stage: Stage, scenario: Scenario, step: int, how: str) -> tuple[dict[str, Any], list[str]]:
    """Play a scenario; return how it ended and which steps it had. Raises: AssertionError."""
    name = stage.begin()
    scenario.prepare(stage, name)
    watch = stage.watch()
    stage.arm(step, how)
    scenario.act(stage, name)
    stage.until(lambda: is_whole(stage, name, scenario.size), "the end")
    steps = stage.disarm()
    found, broken = stage.end_of(name), watch.broken()
    watch.close()
    assert broken == []
    clean_up(stage, name)
    return found, steps


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_every_kill_in(scenario: Scenario, stage: Stage, pytestconfig: pytest.Config) -> None:
    stride = pytestconfig.getoption("--kill-stride")
    if stride == 0 and (scenario.name, stage.alone) not in (("create", False), ("config update", True)):
        pytest.skip("a few kills are enough for every day: `make kills` does all of them")
    if stage.playing:
        _left_behind(stage)  # by a scenario that failed
    expected, steps = _played(stage, scenario, -1, BEFORE)
    first = pytestconfig.getoption("--kill-first")
    kills = [(number, how) for number in range(first, len(steps)) for how in WAYS]
    middle = len(kills) // 2
    wrong, missed = [], 0
    for number, how in kills[::stride] if stride else kills[middle : middle + 1]:
        what = f"step {number} {steps[number]} {how}"
        began = time.monotonic()
        verdict, killed = _judged(stage, scenario, (number, how), expected)
        if verdict:
            wrong.append(f"{what}: {verdict}")
            _left_behind(stage)  # the next would find it
        missed += not killed
        note = f"WRONG {verdict[:300]}" if verdict else "ok" if killed else "the play had no such step"
        _note(f"{time.monotonic() - began:5.1f} s  {scenario.name}, {stage.kind}, {what}: {note}")
    assert wrong == [], "\n".join(wrong)
    assert missed <= len(kills) * MISSED_SHARE, f"{missed} of {len(kills)} kills never happened"


def _judged(
    stage: Stage, scenario: Scenario, kill: tuple[int, str], expected: dict[str, Any]
) -> tuple[str, bool]:
    """Return what is wrong with a play that was killed, and whether it was: how many steps there are depends
    on how long each took, so that the last may be missing."""
    for _ in range(TRIES):
        try:
            found, steps = _played(stage, scenario, *kill)
        except AssertionError as error:
            return str(error), True
        different = {
            key: (found.get(key), expected[key]) for key in expected if found.get(key) != expected[key]
        }
        if different or kill[0] < len(steps):
            return str(different or ""), kill[0] < len(steps)
    return "", False


def _left_behind(stage: Stage) -> None:
    stage.disarm()
    stage.stand_in()
    clean_up(stage, stage.playing)


def _note(line: str) -> None:
    PROGRESS.parent.mkdir(exist_ok=True)
    with PROGRESS.open("a", encoding="utf-8") as progress:
        progress.write(f"{line}\n")
