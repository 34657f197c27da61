"""A few seeds for every day; `make simulate SEEDS=1000` plays as many others as one likes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import structlog

from tests.simulation.run import play, quiet

SEEDS = (1, 2, 5, 6)
REPEATED = 26
"""A seed with little in it, played three times."""


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    quiet()
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("seed", SEEDS)
def test_every_update_ends_as_it_must_whatever_happens(seed: int) -> None:
    run = play(seed)
    assert not run.problem, f"{run.problem}\nrepeat it with: make simulate SEEDS=1 BASE={seed}"
    assert run.outcomes


def test_a_seed_repeats_its_trace_to_the_last_letter_in_another_process() -> None:
    first, second = (_played("1"), _played("2"))
    assert first == second
    assert f"seed {REPEATED}:" in first and len(first.splitlines()) > 100


def _played(hash_seed: str) -> str:
    asked = [sys.executable, "-m", "tests.simulation", "--seeds", "1", "--base", str(REPEATED), "--trace"]
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    return subprocess.run(asked, env=environment, capture_output=True, text=True, check=True).stdout


def test_a_seed_that_fails_says_how_to_repeat_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.simulation import __main__ as command
    from tests.simulation.run import Run

    monkeypatch.setattr(command, "play", lambda seed, watch=None: Run(seed, problem="g0 is on fire"))
    monkeypatch.setattr(sys, "argv", ["simulate", "--seeds", "2", "--base", "40"])
    assert command.main() == 1
    said = capsys.readouterr().err
    assert "seed 41 FAILED: g0 is on fire" in said
    assert "repeat it with: make simulate SEEDS=1 BASE=41" in said
