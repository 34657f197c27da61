"""The sign of life: how long nothing ran, as the next start sees it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from nodeyard.app.alive import SET_BACK_MAX, Alive, reached
from nodeyard.model.standstill import NONE, Pause
from tests.fakes import FakeClock


async def _lived(tmp_path: Path, clock: FakeClock) -> None:
    alive = Alive(tmp_path, clock)
    alive.begin(alive.standstill())
    await alive.stop()


async def test_a_new_directory_never_stood_still(tmp_path: Path) -> None:
    assert Alive(tmp_path, FakeClock()).standstill() == NONE


async def test_the_time_between_two_processes_is_a_pause(tmp_path: Path) -> None:
    clock = FakeClock()
    await _lived(tmp_path, clock)
    ended = clock.now()
    clock.advance(3600)
    assert Alive(tmp_path, clock).standstill().pauses == (Pause(ended, clock.now()),)


async def test_a_start_by_a_clock_that_was_set_back_goes_on_from_the_last_sign(tmp_path: Path) -> None:
    clock = FakeClock()
    assert reached(tmp_path, clock.now()) is None
    await _lived(tmp_path, clock)
    ended = clock.now()
    assert reached(tmp_path, ended - timedelta(hours=1)) == ended
    for other in (timedelta(seconds=1), timedelta(), -SET_BACK_MAX - timedelta(seconds=1)):
        assert reached(tmp_path, ended + other) is None


async def test_earlier_pauses_are_remembered(tmp_path: Path) -> None:
    clock = FakeClock()
    await _lived(tmp_path, clock)
    clock.advance(60)
    await _lived(tmp_path, clock)
    clock.advance(60)
    assert len(Alive(tmp_path, clock).standstill().pauses) == 2


async def test_a_start_that_did_not_get_there_leaves_the_old_sign(tmp_path: Path) -> None:
    clock = FakeClock()
    await _lived(tmp_path, clock)
    clock.advance(60)
    first = Alive(tmp_path, clock).standstill()
    clock.advance(60)
    assert Alive(tmp_path, clock).standstill().pauses[0].since == first.pauses[0].since


async def test_an_unreadable_sign_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "alive").write_bytes(b"2026-13-99")
    (tmp_path / "pauses.json").write_bytes(b"{")
    assert Alive(tmp_path, FakeClock()).standstill() == NONE
