"""SQLite: one file, one process, one thread that runs whole transactions.

Source of the settings: SQLite documentation, WAL and synchronous; FULL keeps acknowledged commits
through a power loss.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy
from sqlalchemy import Connection, Table, select
from sqlalchemy.exc import DatabaseError, OperationalError

from nodeyard.drivers.store import leases, schema
from nodeyard.drivers.store.database import OnNews
from nodeyard.drivers.store.errors import DirectoryInUse, StoreError
from nodeyard.ports import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

BUSY_TIMEOUT_S = 30


class Sqlite:
    """See `database.Database`. One process at a time, so there is nobody else to tell anything.

    `beside`: for a short command, which may write while that one process runs; it takes no leases.
    """

    def __init__(self, path: Path, *, beside: bool = False) -> None:
        self._path = path
        self._beside = beside
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._engine: sqlalchemy.Engine | None = None
        self._lock: IO[str] | None = None

    async def open(self, on_news: OnNews) -> None:
        """Open or create the file. Raises: StoreError."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    async def run(
        self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run one function in one transaction on the database thread."""

        def transaction() -> T:
            assert self._engine is not None, "open the store first"
            with self._engine.begin() as conn:
                return query(conn, *args, **kwargs)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, transaction)
        except OperationalError as error:
            raise Unavailable(f"the database {self._path} does not answer: {error.orig}") from error

    async def first(self, table: Table, columns: tuple[str, ...], key: dict[str, Any]) -> Any | None:
        """Return the columns of one row."""
        wanted = select(*(table.c[name] for name in columns)).where(
            *(table.c[k] == v for k, v in key.items())
        )
        return await self.run(lambda conn: conn.execute(wanted).first())

    def tell(self, conn: Connection, news: str) -> None:
        """Do nothing: no other process has the file open."""

    def serialize(self, conn: Connection) -> None:
        """Do nothing: one transaction runs at a time."""

    def skew_s(self, conn: Connection) -> float:
        """Return 0: the file has no clock of its own."""
        return 0.0

    def _open(self) -> None:
        alone = True
        try:
            self._lock_directory()
        except DirectoryInUse:
            if not self._beside:
                raise
            alone = False
        # Sealed secrets and user data are in here: only the owner may read.
        self._path.touch(mode=0o600)
        engine = sqlalchemy.create_engine(
            f"sqlite:///{self._path}",
            connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
            poolclass=sqlalchemy.StaticPool,
        )
        sqlalchemy.event.listen(engine, "connect", _settings)
        sqlalchemy.event.listen(engine, "begin", _begin_immediate)
        try:
            with engine.begin() as conn:
                if not alone:
                    schema.check_format(conn, f"The database {self._path}")
                    self._engine = engine
                    return
                _look_through(conn, self._path)
                schema.bring_up_to_date(
                    conn, f"The database {self._path}", "choose another data directory with --data-dir"
                )
                # The lock on the directory is ours: whoever held a lease is dead.
                leases.release_all(conn)
        except DatabaseError as error:
            raise StoreError(
                f"The database {self._path} cannot be used: {error.orig}. "
                "Restore it from a backup, or start with another data directory."
            ) from error
        self._engine = engine

    def _lock_directory(self) -> None:
        lock_path = self._path.with_suffix(".lock")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = lock_path.open("a+")
        except OSError as error:
            raise StoreError(
                f"The data directory {self._path.parent} cannot be written: {error.strerror}. "
                "Choose another one with --data-dir."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise DirectoryInUse(
                f"The data directory {self._path.parent} is in use by process {holder}. "
                "Stop that one, or choose another directory with --data-dir."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
        if self._lock is not None:
            self._lock.close()


def _settings(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself; _begin_immediate does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def _look_through(conn: Connection, path: Path) -> None:
    """Raise StoreError for a damaged file, before anything in it is changed."""
    verdict = str(conn.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    if verdict != "ok":
        raise StoreError(
            f"The database {path} cannot be used: it is damaged ({' '.join(verdict.split())}). "
            "Restore it from a backup, or start with another data directory."
        )
