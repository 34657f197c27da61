"""The store: one database thread, whole transactions, committed before anybody is told.

Every query is a function of a connection, so that the same code can run on another
database's asynchronous engine. Source of the settings: SQLite documentation, WAL and
synchronous; FULL keeps acknowledged commits through a power loss.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy
from sqlalchemy import Connection, select
from sqlalchemy.exc import DatabaseError, OperationalError

from nodeyard.drivers.store import leases, records, tables
from nodeyard.drivers.store.errors import NewerFormat, StoreError
from nodeyard.model.cluster import Cluster
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.scope import Scope
from nodeyard.model.update import Update
from nodeyard.ports import Changes, Event, Lease, TokenRecord, Unavailable

P = ParamSpec("P")
T = TypeVar("T")

BUSY_TIMEOUT_S = 30


class SqlStore:
    """ports.Store on one SQLite file. Open it before use; one process at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._engine: sqlalchemy.Engine | None = None
        self._lock: IO[str] | None = None
        self._on_wake: list[Callable[[], None]] = []
        self._on_events: list[Callable[[], None]] = []

    def on_wake(self, callback: Callable[[], None]) -> None:
        """Call back on the event loop after every commit that makes a key due."""
        self._on_wake.append(callback)

    def on_events(self, callback: Callable[[], None]) -> None:
        """Call back on the event loop after every commit that holds events."""
        self._on_events.append(callback)

    async def open(self) -> None:
        """Open or create the database. Raises: StoreError."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _open(self) -> None:
        self._lock_directory()
        engine = sqlalchemy.create_engine(
            f"sqlite:///{self._path}",
            connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
            poolclass=sqlalchemy.StaticPool,
        )
        sqlalchemy.event.listen(engine, "connect", _settings)
        sqlalchemy.event.listen(engine, "begin", _begin_immediate)
        try:
            with engine.begin() as conn:
                _look_through(conn, self._path)
                _migrate(conn, self._path)
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
            raise StoreError(
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

    async def _run(
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

    # --- records ---

    async def cluster(self, scope: Scope, name: str) -> Cluster | None:
        found: Cluster | None = await self._run(records.read, Cluster, _scoped(scope, name=name))
        return found

    async def clusters(self, scope: Scope) -> tuple[Cluster, ...]:
        return await self._run(records.read_all, Cluster, _scoped(scope))

    async def all_clusters(self) -> tuple[Cluster, ...]:
        return await self._run(records.read_all, Cluster, {})

    async def nodegroup(self, scope: Scope, cluster: str, name: str) -> Nodegroup | None:
        key = _scoped(scope, cluster=cluster, name=name)
        found: Nodegroup | None = await self._run(records.read, Nodegroup, key)
        return found

    async def nodegroups(self, scope: Scope, cluster: str) -> tuple[Nodegroup, ...]:
        return await self._run(records.read_all, Nodegroup, _scoped(scope, cluster=cluster))

    async def update(self, scope: Scope, cluster: str, nodegroup: str | None, id: str) -> Update | None:
        key = _scoped(scope, cluster=cluster, nodegroup=nodegroup or records.CLUSTER_UPDATES, id=id)
        found: Update | None = await self._run(records.read, Update, key)
        return found

    async def updates(self, scope: Scope, cluster: str, nodegroup: str | None) -> tuple[Update, ...]:
        key = _scoped(scope, cluster=cluster, nodegroup=nodegroup or records.CLUSTER_UPDATES)
        return await self._run(records.read_all, Update, key, newest_first=True)

    async def token(self, scope: Scope, operation: str, token: str) -> TokenRecord | None:
        return await self._run(records.read_token, scope, operation, token)

    async def commit(self, changes: Changes, *, lease: Lease | None = None) -> None:
        await self._run(_commit, changes, lease)
        if changes.wake:
            for callback in self._on_wake:
                callback()
        if changes.events:
            for callback in self._on_events:
                callback()

    async def events(
        self,
        scope: Scope | None,
        *,
        after: int = 0,
        cluster: str | None = None,
        nodegroup: str | None = None,
        limit: int = 100,
    ) -> tuple[Event, ...]:
        key = {} if scope is None else _scoped(scope)
        key |= {k: v for k, v in (("cluster", cluster), ("nodegroup", nodegroup)) if v is not None}
        return await self._run(records.read_events, key, after, limit)

    async def last_event(self) -> int:
        return await self._run(records.last_event)

    # --- the reconcile table ---

    async def claim(self, owner: str, now: datetime, until: datetime, limit: int) -> tuple[Lease, ...]:
        return await self._run(leases.claim, owner, now, until, limit)

    async def renew(self, owner: str, keys: Sequence[str], until: datetime) -> frozenset[str]:
        return await self._run(leases.renew, owner, keys, until)

    async def finish(self, lease: Lease, wake_at: datetime | None, *, error: str | None = None) -> None:
        await self._run(leases.finish, lease, wake_at, error)

    async def next_wake(self) -> datetime | None:
        return await self._run(leases.next_wake)

    async def release(self, owner: str) -> None:
        await self._run(leases.release, owner)


def _scoped(scope: Scope, **columns: str) -> dict[str, Any]:
    return {"account": scope.account, "region": scope.region, **columns}


def _commit(conn: Connection, changes: Changes, lease: Lease | None) -> None:
    if lease is not None:
        leases.check(conn, lease)
    for record in changes.put:
        records.put(conn, record)
    for gone in changes.delete:
        records.remove(conn, gone)
    for token in changes.tokens:
        records.add_token(conn, token)
    for event in changes.events:
        records.add_event(conn, event)
    for key, at in changes.wake:
        leases.wake(conn, key, at)


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


def _migrate(conn: Connection, path: Path) -> None:
    """Create the tables of a new database. Raises: NewerFormat before anything is touched."""
    if not sqlalchemy.inspect(conn).has_table("meta"):
        tables.metadata.create_all(conn)
        conn.execute(sqlalchemy.insert(tables.meta).values(key="format", value=str(tables.FORMAT)))
        return
    found = conn.execute(select(tables.meta.c.value).where(tables.meta.c.key == "format")).scalar_one()
    if int(found) > tables.FORMAT:
        raise NewerFormat(
            f"The database {path} has format {found}; this program reads up to {tables.FORMAT}. "
            "Start the newer program, or choose another data directory with --data-dir."
        )
