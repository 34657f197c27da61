"""The SQLite files of the embedded world: made whole or not at all, checked before they are used.

Called by every part that keeps something, and by `inspection` before any of them is opened.
A commit is handed to the operating system before anybody is told of it, so the death of the
process loses nothing. Source: SQLite documentation, WAL and synchronous=NORMAL.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from nodeyard.world.errors import WorldDataError

_SETTINGS = ("journal_mode=WAL", "synchronous=NORMAL")


def opened(path: Path, what: str, known: int, schema: str) -> sqlite3.Connection:
    """Return a connection to a file of a format, made first if it is missing.

    Raises: WorldDataError; `what` is in its sentence.
    """
    try:
        if not path.exists():
            _make(path, known, schema)
        check(path, what, known)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for setting in _SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        return connection
    except (sqlite3.Error, OSError) as error:
        raise unusable(path, what, error) from error


def _make(path: Path, known: int, schema: str) -> None:
    # Under another name first: a file that is there is never half made, so an empty one is damaged.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    # Secrets and user data are in here: only the owner may read.
    draft.touch(mode=0o600)
    connection = sqlite3.connect(draft, isolation_level=None)
    connection.executescript(f"{schema};PRAGMA user_version={known}")
    connection.close()
    draft.replace(path)


def check(path: Path, what: str, known: int) -> None:
    """Look through a file without changing it. Raises: WorldDataError."""
    try:
        # Opened for reading: no schema, no format number and no checkpoint is written.
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            if found > known:
                raise WorldDataError(
                    f"{what} in {path} has format {found}, which a newer version wrote; this one reads up "
                    f"to format {known}. Start the newer version, or choose another --data-dir."
                )
            if found < 1:
                raise sqlite3.DatabaseError("the file has lost its content")
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(" ".join(str(verdict).split()))
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise unusable(path, what, error) from error


def unusable(path: Path, what: str, why: object) -> WorldDataError:
    """Return the one sentence that says what cannot be used, why, and what to do."""
    reason = why.strerror if isinstance(why, OSError) and why.strerror else str(why)
    return WorldDataError(
        f"{what} in {path} cannot be used: {reason.rstrip('.')}. "
        "Restore the data directory from a copy, or choose another --data-dir."
    )


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a small file so that a reader finds the old content or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    draft.replace(path)
