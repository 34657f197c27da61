"""The store: functions of a connection, each one transaction, committed before anybody is told.

The same functions run on SQLite (`sqlite`) and PostgreSQL (`postgres`); what differs is in those two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from nodeyard.drivers.store import access, credentials, leases, records, tables
from nodeyard.drivers.store.database import EVENTS, NEWS, RECORDS, WAKE, Database
from nodeyard.drivers.store.held import Held
from nodeyard.drivers.store.postgres import Postgres
from nodeyard.drivers.store.sqlite import Sqlite
from nodeyard.model.cluster import Cluster
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.scope import Scope
from nodeyard.model.update import Update
from nodeyard.model.values import replace
from nodeyard.ports import WENT_WELL, Changes, Clock, Credentials, Event, Lease, Outcome, Parked, TokenRecord
from nodeyard.ports.access import AccessKey, AuditEntry, UsedSignature

WENT_BACK = timedelta(minutes=1)
"""A database's clock that is this much behind what it was was set back: what sleeps by it would oversleep."""
ASLEEP_MAX = timedelta(minutes=30)
"""What sleeps longer than this at a start is woken: the clock may have been set back while nothing ran."""

FORGET_EVERY = timedelta(hours=1)
"""How often a process looks for used signatures that can be forgotten."""


class SqlStore:
    """See `ports.Store`. Open it before use.

    `place` is a SQLite file, for one process at a time, or the address of a PostgreSQL database, for
    any number of them. With a `clock`, PostgreSQL's own time rules over leases and wakes. `beside`: for a
    short command that reads or writes while a process works on the file.
    """

    def __init__(self, place: Path | str, clock: Clock | None = None, *, beside: bool = False) -> None:
        self._database: Database = (
            Sqlite(place, beside=beside) if isinstance(place, Path) else Postgres(place, clock)
        )
        self._held = Held() if isinstance(place, Path) and not beside else None
        self._claimed_ahead: timedelta | None = None
        """How far the database's clock was ahead of ours at the last claim."""
        self._forgotten_at: datetime | None = None
        self._on: dict[str, list[Callable[[], None]]] = {news: [] for news in NEWS}

    def on_wake(self, callback: Callable[[], None]) -> None:
        """Call back on the event loop after every commit that makes a key due, whoever committed it."""
        self._on[WAKE].append(callback)

    def on_events(self, callback: Callable[[], None]) -> None:
        """Call back on the event loop after every commit that holds events, whoever committed it."""
        self._on[EVENTS].append(callback)

    def on_record(self, callback: Callable[[], None]) -> None:
        """Call back on the event loop after every commit by which a node group came or went, or a cluster
        changed, whoever committed it."""
        self._on[RECORDS].append(callback)

    async def open(self) -> None:
        """Open or create the database. Raises: StoreError."""
        await self._database.open(self._news)

    async def close(self) -> None:
        await self._database.close()

    def _news(self, news: str) -> None:
        for callback in self._on.get(news, ()):
            callback()

    # --- records ---

    async def cluster(self, scope: Scope, name: str) -> Cluster | None:
        found: Cluster | None = await self._one(Cluster, _scoped(scope, name=name))
        return found

    async def _one(self, kind: type, key: dict[str, Any]) -> Any:
        """Return one record; where no other process can have changed it, from memory."""
        held = self._held
        if held is None:
            row = await self._database.first(records.table_of(kind), records.COLUMNS, key)
            return records.of_row(kind, row)
        name = (kind, *key.values())
        found = held.find(name)
        if found is not None:
            return found

        def query(conn: Connection) -> Any:
            read = records.read(conn, kind, key)
            held.hold(name, read)
            return read

        return await self._database.run(query)

    async def clusters(self, scope: Scope) -> tuple[Cluster, ...]:
        return await self._database.run(records.read_all, Cluster, _scoped(scope))

    async def all_clusters(self) -> tuple[Cluster, ...]:
        return await self._database.run(records.read_all, Cluster, {})

    async def nodegroup(self, scope: Scope, cluster: str, name: str) -> Nodegroup | None:
        key = _scoped(scope, cluster=cluster, name=name)
        found: Nodegroup | None = await self._one(Nodegroup, key)
        return found

    async def nodegroups(self, scope: Scope, cluster: str) -> tuple[Nodegroup, ...]:
        return await self._database.run(records.read_all, Nodegroup, _scoped(scope, cluster=cluster))

    async def overview(self) -> tuple[tuple[Nodegroup, ...], tuple[Update, ...]]:
        return await self._database.run(records.overview)

    async def update(self, scope: Scope, cluster: str, nodegroup: str | None, id: str) -> Update | None:
        key = _scoped(scope, cluster=cluster, nodegroup=nodegroup or records.CLUSTER_UPDATES, id=id)
        found: Update | None = await self._one(Update, key)
        return found

    async def updates(self, scope: Scope, cluster: str, nodegroup: str | None) -> tuple[Update, ...]:
        key = _scoped(scope, cluster=cluster, nodegroup=nodegroup or records.CLUSTER_UPDATES)
        return await self._database.run(records.read_all, Update, key, newest_first=True)

    async def token(self, scope: Scope, operation: str, token: str) -> TokenRecord | None:
        return await self._database.run(records.read_token, scope, operation, token)

    async def commit(self, changes: Changes, *, lease: Lease | None = None) -> None:
        await self._database.run(self._commit, changes, lease)
        for news in _news_of(changes):
            self._news(news)

    def _commit(self, conn: Connection, changes: Changes, lease: Lease | None) -> None:
        if changes.events or any(records.is_new_update(each) for each in changes.put):
            self._database.serialize(conn)  # before any row is locked, so that two never wait in a ring
        if lease is not None:
            leases.check(conn, lease)
        for record in changes.put:
            records.put(conn, record)
            if self._held is not None:
                self._held.drop((type(record), *records.key_of(record).values()))
        for gone in changes.delete:
            records.remove(conn, gone)
            if isinstance(gone, Cluster):
                credentials.remove(conn, gone.scope, gone.name)
            if self._held is not None:
                self._held.drop_all()  # what hung on it is gone too
        for each in changes.credentials:
            credentials.put(conn, each)
        for token in changes.tokens:
            records.add_token(conn, token)
        for event in changes.events:
            records.add_event(conn, event)
        for key in changes.unpark:
            leases.unpark(conn, key)
        ahead = self._ahead(conn) if changes.wake else timedelta()
        for key, at in sorted(changes.wake, key=lambda wake: wake[0]):
            leases.wake(conn, key, None if at is None else at + ahead)
        for news in _news_of(changes):
            self._database.tell(conn, news)

    def _ahead(self, conn: Connection) -> timedelta:
        """Return what to add to an instant of ours to get the reconcile table's."""
        return timedelta(seconds=self._database.skew_s(conn))

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
        return await self._database.run(records.read_events, key, after, limit)

    async def last_event(self) -> int:
        return await self._database.run(records.last_event)

    # --- credentials of clusters ---

    async def credentials(self, scope: Scope, cluster: str) -> Credentials | None:
        return await self._database.run(credentials.read, scope, cluster)

    async def all_credentials(self) -> tuple[Credentials, ...]:
        return await self._database.run(credentials.read_all)

    # --- access keys and the audit log ---

    async def access_key(self, id: str) -> AccessKey | None:
        return access.of_row(await self._database.first(tables.access_key, ("document",), {"id": id}))

    async def access_keys(self) -> tuple[AccessKey, ...]:
        return await self._database.run(access.read_keys)

    async def put_access_key(self, key: AccessKey) -> None:
        await self._database.run(access.put_key, key)

    async def remove_access_key(self, id: str) -> bool:
        return await self._database.run(access.remove_key, id)

    async def add_audit(self, entry: AuditEntry) -> None:
        def query(conn: Connection) -> None:
            self._database.serialize(conn)  # whoever read up to a number has seen all below it
            access.add_entry(conn, entry)

        await self._database.run(query)

    async def begin_audit(self, entry: AuditEntry, used: UsedSignature) -> datetime | None:
        def query(conn: Connection) -> datetime | None:
            self._database.serialize(conn)
            if self._forgotten_at is None or entry.at - self._forgotten_at > FORGET_EVERY:
                access.forget(conn, entry.at)
                self._forgotten_at = entry.at
            before = access.use(conn, used, entry.at)
            if before is None:
                access.add_entry(conn, entry)
            return before

        return await self._database.run(query)

    async def audit(self, *, after: int = 0, limit: int = 100) -> tuple[AuditEntry, ...]:
        return await self._database.run(access.read_entries, after, limit)

    async def last_audit(self) -> int:
        return await self._database.run(access.last_entry)

    # --- the reconcile table ---

    async def claim(self, owner: str, now: datetime, until: datetime, limit: int) -> tuple[Lease, ...]:
        def query(conn: Connection) -> tuple[Lease, ...]:
            ahead = self._ahead(conn)
            if self._claimed_ahead is None:
                leases.hurry(conn, now + ahead, ASLEEP_MAX)
            elif self._claimed_ahead - ahead > WENT_BACK:
                leases.hurry(conn, now + ahead, timedelta())
            self._claimed_ahead = ahead
            return leases.claim(conn, owner, now + ahead, until + ahead, limit)

        return await self._database.run(query)

    async def renew(self, owner: str, keys: Sequence[str], until: datetime) -> frozenset[str]:
        def query(conn: Connection) -> frozenset[str]:
            return leases.renew(conn, owner, keys, until + self._ahead(conn))

        return await self._database.run(query)

    async def finish(
        self, lease: Lease, wake_at: datetime | None, outcome: Outcome = WENT_WELL
    ) -> datetime | None:
        def query(conn: Connection) -> datetime | None:
            ahead = self._ahead(conn)
            due = leases.finish(conn, lease, None if wake_at is None else wake_at + ahead, outcome)
            return None if due is None else due - ahead

        return await self._database.run(query)

    async def next_wake(self, now: datetime) -> datetime | None:
        def query(conn: Connection) -> datetime | None:
            ahead = self._ahead(conn)
            at = leases.next_wake(conn, now + ahead)
            return None if at is None else at - ahead

        return await self._database.run(query)

    async def parked(self) -> tuple[Parked, ...]:
        def query(conn: Connection) -> tuple[Parked, ...]:
            ahead = self._ahead(conn)
            return tuple(replace(each, since=each.since - ahead) for each in leases.parked(conn))

        return await self._database.run(query)

    async def lease_tokens(self, keys: Sequence[str]) -> dict[str, int]:
        return await self._database.run(leases.tokens, keys)

    async def release(self, owner: str) -> None:
        def query(conn: Connection) -> None:
            leases.release(conn, owner)
            self._database.tell(conn, WAKE)

        await self._database.run(query)


def _news_of(changes: Changes) -> list[str]:
    there = (WAKE, changes.wake), (EVENTS, changes.events), (RECORDS, changes.are_news)
    return [news for news, is_so in there if is_so]


def _scoped(scope: Scope, **columns: str) -> dict[str, Any]:
    return {"account": scope.account, "region": scope.region, **columns}
