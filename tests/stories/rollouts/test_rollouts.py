"""Version updates as stories: each told in order, then shuffled, its bounds checked at every step.

`pytest --update-stories` writes the golden files again; read what changed before you commit it.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from tests.stories.rollouts.play import Scenario, play
from tests.stories.rollouts.scenarios import SCENARIOS

TOLD = Path(__file__).parent / "told"
LINES_MAX = 150
FRESH_SEEDS = 100


def _file(scenario: Scenario) -> Path:
    return TOLD / f"{re.sub('[^a-z0-9]+', '-', scenario.title.lower()).strip('-')}.txt"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: _file(each).stem)
def test_a_rollout_is_told_as_it_was_told_before(scenario: Scenario, request: pytest.FixtureRequest) -> None:
    lines = play(scenario).lines
    assert len(lines) <= LINES_MAX, f"{len(lines)} lines: tell a shorter story"
    text = "\n".join(lines) + "\n"
    if request.config.getoption("--update-stories", default=False):
        TOLD.mkdir(exist_ok=True)
        _file(scenario).write_text(text)
    assert _file(scenario).read_text() == text


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: _file(each).stem)
def test_a_rollout_keeps_its_bounds_when_steps_are_lost_or_done_twice(scenario: Scenario) -> None:
    play(scenario, seed=0)
    for _ in range(FRESH_SEEDS):
        seed = random.SystemRandom().randrange(2**32)
        try:
            play(scenario, seed=seed)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def test_every_golden_file_belongs_to_a_rollout() -> None:
    assert set(TOLD.iterdir()) == {_file(each) for each in SCENARIOS}
    assert len(SCENARIOS) >= 40
