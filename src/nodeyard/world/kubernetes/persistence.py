"""The file behind a cluster's store: one SQLite database, written in batches.

Called by `store.Store` only. Never decides what is kept; it writes what it is given and reads it all back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from nodeyard.world import files

Key = tuple[str, str, str]

OBJECTS = "objects.sqlite"
FORMAT = 1
WHAT = "The objects of a cluster"

ROWS_AT_ONCE = 200
"""Rows of one statement: after each statement another thread may take the interpreter for a while."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
  resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (resource, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class ObjectFile:
    """The objects of one cluster on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = files.opened(path, WHAT, FORMAT, _SCHEMA)

    def read(self) -> Iterable[tuple[Key, bytes]]:
        """Yield every object with its key."""
        for resource, namespace, name, data in self._connection.execute(
            "SELECT resource, namespace, name, data FROM objects"
        ):
            yield (resource, namespace, name), bytes(data)

    def revision(self) -> int:
        """Return the revision of the last write, 0 for a new file."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = 'revision'").fetchone()
        return int(row[0]) if row else 0

    def write(self, changes: dict[Key, bytes | None], revision: int) -> None:
        """Write a batch in one transaction; None removes. Raises: WorldDataError; nothing is written then."""
        try:
            self._write(changes, revision)
        except sqlite3.Error as error:
            raise files.unusable(self._path, WHAT, error) from error

    def _write(self, changes: dict[Key, bytes | None], revision: int) -> None:
        gone = [key for key, data in changes.items() if data is None]
        kept = [(*key, data) for key, data in changes.items() if data is not None]
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(
                "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?", gone
            )
            for some in (kept[start : start + ROWS_AT_ONCE] for start in range(0, len(kept), ROWS_AT_ONCE)):
                places = ", ".join(["(?, ?, ?, ?)"] * len(some))
                self._connection.execute(
                    f"INSERT OR REPLACE INTO objects VALUES {places}",
                    [field for row in some for field in row],
                )
            self._connection.execute("INSERT OR REPLACE INTO facts VALUES ('revision', ?)", (revision,))
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled it back already
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
