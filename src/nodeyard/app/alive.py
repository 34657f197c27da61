"""The sign of life in the data directory: how a start knows how long nothing ran.

Twenty bytes written over in place several times a second, so that a process that is killed
leaves the instant of its end behind. Used by the composition root of `nodeyard up` only.
"""

from __future__ import annotations

import asyncio
import os
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from nodeyard.model.standstill import Pause, Standstill
from nodeyard.ports import Clock

BEAT_S = 0.1
"""Wall seconds between two signs: as much as a kill can make a limit longer than it was."""
SIGN = "alive"
SET_BACK_MAX = timedelta(days=1)
PAUSES_MAX = 100
"""Pauses remembered; what began before the oldest of them is long over."""


def reached(data_dir: Path, wall: datetime) -> datetime | None:
    """Return the last sign of life if the wall clock was set back behind it: time goes on from there, or
    every instant that the world keeps would lie ahead. None: time goes on by the wall clock.

    A sign that is further ahead than SET_BACK_MAX was given by a clock that was wrong then.
    """
    since = _last(data_dir / SIGN)
    return since if since is not None and wall < since <= wall + SET_BACK_MAX else None


def _last(sign: Path) -> datetime | None:
    try:
        return datetime.fromisoformat(sign.read_text().strip())
    except (FileNotFoundError, ValueError):
        return None


class Alive:
    """The files `alive` and `pauses.json` of a data directory."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        self._sign = data_dir / SIGN
        self._pauses = data_dir / "pauses.json"
        self._clock = clock
        self._file: int | None = None
        self._task: asyncio.Task[None] | None = None

    def standstill(self) -> Standstill:
        """Return the pauses up to now; a sign that cannot be read counts as none."""
        try:
            earlier = msgspec.json.decode(self._pauses.read_bytes(), type=tuple[Pause, ...])
        except (FileNotFoundError, msgspec.MsgspecError):
            earlier = ()
        since = _last(self._sign)
        if since is None:
            return Standstill(earlier)
        now = self._clock.now()
        last = (Pause(since, now),) if since < now else ()
        return Standstill((*earlier, *last)[-PAUSES_MAX:])

    def begin(self, standstill: Standstill) -> None:
        """Keep the pauses and give signs from now on. Call it when every limit was moved.

        A process killed before this leaves the old sign: the next start moves limits by the
        whole time again, which is too generous and never too strict.
        """
        draft = self._pauses.with_suffix(".draft")
        draft.write_bytes(msgspec.json.encode(standstill.pauses))
        draft.replace(self._pauses)
        self._file = os.open(self._sign, os.O_WRONLY | os.O_CREAT, 0o600)
        self._beat()
        self._task = asyncio.create_task(self._run(), name="signs of life")

    async def stop(self) -> None:
        """Give the last sign."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._file is not None:
            self._beat()
            os.close(self._file)
            self._file = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            self._beat()

    def _beat(self) -> None:
        assert self._file is not None
        # Always of one length, so that a write over the last one leaves nothing of it.
        os.pwrite(self._file, f"{self._clock.now().isoformat(timespec='microseconds')}\n".encode(), 0)
