"""The file behind Auto Scaling: groups, instances and activities as JSON rows of one SQLite database.

Called by the service before it answers and after each step of the engine, so that what was
answered survives the death of the process. Never decides anything.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from nodeyard.world import files
from nodeyard.world.aws.auto_scaling.records import Activity, Group, Key, Member
from nodeyard.world.aws.auto_scaling.state import GroupState, Unwritten

FORMAT = 1
WHAT = "The state of Auto Scaling"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS groups (
  account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (account, region, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS instances (
  account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (account, region, name, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS activities (
  account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (account, region, name, id)
) WITHOUT ROWID;
"""
_TABLES = ("instances", "activities")

Row = TypeVar("Row", Group, Member, Activity)


class GroupFile:
    """The groups of all accounts and Regions on disk. None as path keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def open(self) -> dict[Key, GroupState]:
        """Return all that was kept. Raises: WorldDataError."""
        if self._path is None:
            return {}
        self._connection = files.opened(self._path, WHAT, FORMAT, _SCHEMA)
        try:
            return self._read()
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            self.close()
            raise files.unusable(self._path, WHAT, error) from error

    def write(self, state: GroupState) -> None:
        """Write what changed in a group, all of it or nothing."""
        if self._connection is None or not state.unwritten:
            state.take_unwritten()
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._apply(state.group, state.unwritten)
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled it back already
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        state.take_unwritten()

    def remove(self, key: Key) -> None:
        """Forget a group with all that belongs to it."""
        if self._connection is None:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        for table in ("groups", *_TABLES):
            self._connection.execute(f"DELETE FROM {table} WHERE account=? AND region=? AND name=?", key)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _apply(self, group: Group, unwritten: Unwritten) -> None:
        assert self._connection is not None
        if unwritten.group:
            row = (*group.key, msgspec.json.encode(group))
            self._connection.execute("INSERT OR REPLACE INTO groups VALUES (?, ?, ?, ?)", row)
        for table, changes in (("instances", unwritten.members), ("activities", unwritten.activities)):
            kept = [(*group.key, id, msgspec.json.encode(one)) for id, one in changes.items() if one]
            gone = [(*group.key, id) for id, one in changes.items() if one is None]
            self._connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?, ?)", kept)
            self._connection.executemany(
                f"DELETE FROM {table} WHERE account=? AND region=? AND name=? AND id=?", gone
            )

    def _read(self) -> dict[Key, GroupState]:
        states = {group.key: GroupState(group) for _, group in self._rows("groups", Group)}
        members: dict[Key, list[Member]] = {}
        activities: dict[Key, list[Activity]] = {}
        for key, member in self._rows("instances", Member):
            members.setdefault(key, []).append(member)
        for key, activity in self._rows("activities", Activity):
            activities.setdefault(key, []).append(activity)
        for key, state in states.items():
            state.restore(members.get(key, []), activities.get(key, []))
        return states

    def _rows(self, table: str, kind: type[Row]) -> Iterable[tuple[Key, Row]]:
        assert self._connection is not None
        decoder = msgspec.json.Decoder(kind)
        for account, region, name, data in self._connection.execute(
            f"SELECT account, region, name, data FROM {table}"
        ):
            yield (account, region, name), decoder.decode(data)
