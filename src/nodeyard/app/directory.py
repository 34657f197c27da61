"""The data directory as a whole: whether it can be written and read, before anything in it is opened.

Called first by the composition root of `nodeyard up`, so that a refused start changes nothing.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from nodeyard.app.alive import SIGN
from nodeyard.settings import StartRefused
from nodeyard.world.errors import WorldDataError
from nodeyard.world.inspection import inspect

DATABASE = "nodeyard.sqlite"
ROOM = 2 * 1024 * 1024
"""Bytes that must be free: more than a start writes."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def look_through(data_dir: Path) -> None:
    """Raise StartRefused unless every part of the directory can be used."""
    _refuse_unwritable(data_dir)
    database = data_dir / DATABASE
    if (data_dir / SIGN).exists() and (not database.exists() or database.stat().st_size == 0):
        raise StartRefused(
            f"The database {database} has lost its content: restore the data directory from a copy, "
            "or choose another --data-dir."
        )
    try:
        inspect(data_dir)
    except WorldDataError as error:
        raise StartRefused(error.message) from error


def _refuse_unwritable(data_dir: Path) -> None:
    probe = data_dir / ".probe"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        try:
            with probe.open("wb") as file:
                file.write(bytes(ROOM))
                os.fsync(file.fileno())
        finally:
            with contextlib.suppress(OSError):
                probe.unlink()
    except OSError as error:
        raise refusal(data_dir, error) from error


def refusal(data_dir: Path, error: OSError) -> StartRefused:
    """Return the one sentence for a directory that the system does not let us write."""
    what_to_do = "free some space, or choose" if error.errno in _FULL else "choose"
    reason = error.strerror or str(error)
    return StartRefused(
        f"The data directory {data_dir} cannot be written ({reason}): {what_to_do} another one "
        "with --data-dir."
    )
