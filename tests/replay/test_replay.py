"""The service is upgraded with operations in flight: what earlier versions recorded, this one ends."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog

from nodeyard import __version__
from nodeyard.model.rollout import Phase
from tests.chaos.scenarios import SCENARIOS
from tests.replay.recording import FOLDER, Recording, replay, undisturbed

BY_NAME = {each.name: each for each in SCENARIOS}
FILES = sorted(FOLDER.glob("*.json"))


@pytest.fixture(scope="module", autouse=True)
def quiet_log() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


def _recordings(file: Path) -> list[Recording]:
    return msgspec.json.decode(file.read_bytes(), type=list[Recording])


@cache
def _expected(name: str) -> dict[str, Any]:
    return undisturbed(BY_NAME[name])


PHASES = (Phase.SET_UP, Phase.SCALE_UP, Phase.UPGRADE, Phase.SCALE_DOWN)
ALL = [(file.stem, recording) for file in FILES for recording in _recordings(file)]


NAMES = [f"{version} {each.scenario} {' '.join(each.key)}" for version, each in ALL]


@pytest.mark.parametrize(("version", "recording"), ALL, ids=NAMES)
def test_this_program_ends_what_a_version_recorded(version: str, recording: Recording) -> None:
    assert replay(recording, BY_NAME[recording.scenario]) == _expected(recording.scenario)


def test_every_scenario_was_recorded_by_this_version_in_every_phase_of_an_update() -> None:
    assert __version__ in [file.stem for file in FILES], "run `make record` before a release"
    recordings = _recordings(FOLDER / f"{__version__}.json")
    assert {each.scenario for each in recordings} == set(BY_NAME)
    phases = {each.key[2] for each in recordings}
    assert phases >= {each.value for each in PHASES}, phases


def test_a_recording_that_this_program_cannot_read_is_noticed() -> None:
    broken = ALL[0][1]
    broken = Recording(broken.scenario, broken.key, msgspec.Raw(b'{"name": 1}'), [], [])
    with pytest.raises(msgspec.ValidationError):
        replay(broken, BY_NAME[broken.scenario])
