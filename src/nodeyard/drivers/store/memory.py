"""`ports.Store` in memory, for simulations and rehearsals: the same promises, but for surviving its process.

Nothing here waits, so every call is one transaction by itself. Records are frozen values and are
kept as they come.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from nodeyard.model.cluster import Cluster
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.scope import Scope
from nodeyard.model.update import Update
from nodeyard.model.values import replace
from nodeyard.ports import (
    WENT_WELL,
    Changes,
    Credentials,
    Event,
    Fenced,
    Lease,
    Outcome,
    Parked,
    StaleRevision,
    TokenRecord,
)

Record = Cluster | Nodegroup | Update
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Row:
    """One key of the reconcile table."""

    wake_at: datetime
    token: int = 0
    owner: str | None = None
    until: datetime = EPOCH
    attempts: int = 0
    bugs: int = 0
    woken: datetime | None = None
    error: str | None = None
    parked_at: datetime | None = None

    @property
    def free_at(self) -> datetime:
        """When the key is both due and free."""
        return max(self.wake_at, self.until)


class MemoryStore:
    """See `ports.Store`. Safe on one event loop."""

    def __init__(self) -> None:
        self._clusters: dict[tuple[Scope, str], Cluster] = {}
        self._groups: dict[tuple[Scope, str, str], Nodegroup] = {}
        self._updates: dict[tuple[Scope, str, str | None, str], Update] = {}
        """In the order in which they were made."""
        self._tokens: dict[tuple[Scope, str, str], TokenRecord] = {}
        self._credentials: dict[tuple[Scope, str], Credentials] = {}
        self._events: list[Event] = []
        self._rows: dict[str, _Row] = {}
        self._on_wake: list[Callable[[], None]] = []
        self._on_record: list[Callable[[], None]] = []
        self._on_event: list[Callable[[Event], None]] = []

    def on_wake(self, callback: Callable[[], None]) -> None:
        """Call back after every commit that makes a key due."""
        self._on_wake.append(callback)

    def on_record(self, callback: Callable[[], None]) -> None:
        """Call back after every commit by which a node group came or went, or a cluster changed."""
        self._on_record.append(callback)

    def on_event(self, callback: Callable[[Event], None]) -> None:
        """Call back with every event right after it was written."""
        self._on_event.append(callback)

    # --- looking at an instant, without a turn of the loop ---

    def cluster_now(self, scope: Scope, name: str) -> Cluster | None:
        return self._clusters.get((scope, name))

    def nodegroup_now(self, scope: Scope, cluster: str, name: str) -> Nodegroup | None:
        return self._groups.get((scope, cluster, name))

    def nodegroups_now(self) -> list[Nodegroup]:
        return list(self._groups.values())

    def update_now(self, scope: Scope, cluster: str, nodegroup: str | None, id: str) -> Update | None:
        return self._updates.get((scope, cluster, nodegroup, id))

    def events_now(self) -> list[Event]:
        return list(self._events)

    # --- records ---

    async def cluster(self, scope: Scope, name: str) -> Cluster | None:
        return self._clusters.get((scope, name))

    async def clusters(self, scope: Scope) -> tuple[Cluster, ...]:
        return tuple(self._clusters[key] for key in sorted(self._clusters) if key[0] == scope)

    async def all_clusters(self) -> tuple[Cluster, ...]:
        return tuple(self._clusters[key] for key in sorted(self._clusters))

    async def nodegroup(self, scope: Scope, cluster: str, name: str) -> Nodegroup | None:
        return self._groups.get((scope, cluster, name))

    async def nodegroups(self, scope: Scope, cluster: str) -> tuple[Nodegroup, ...]:
        return tuple(self._groups[key] for key in sorted(self._groups) if key[:2] == (scope, cluster))

    async def overview(self) -> tuple[tuple[Nodegroup, ...], tuple[Update, ...]]:
        groups = tuple(self._groups[key] for key in sorted(self._groups))
        active = ((g.scope, g.cluster, g.name, g.active_update) for g in groups if g.active_update)
        return groups, tuple(self._updates[each] for each in active)

    async def update(self, scope: Scope, cluster: str, nodegroup: str | None, id: str) -> Update | None:
        return self._updates.get((scope, cluster, nodegroup, id))

    async def updates(self, scope: Scope, cluster: str, nodegroup: str | None) -> tuple[Update, ...]:
        wanted = (scope, cluster, nodegroup)
        return tuple(each for key, each in reversed(self._updates.items()) if key[:3] == wanted)

    async def token(self, scope: Scope, operation: str, token: str) -> TokenRecord | None:
        return self._tokens.get((scope, operation, token))

    async def credentials(self, scope: Scope, cluster: str) -> Credentials | None:
        return self._credentials.get((scope, cluster))

    async def all_credentials(self) -> tuple[Credentials, ...]:
        return tuple(self._credentials[key] for key in sorted(self._credentials))

    async def events(
        self,
        scope: Scope | None,
        *,
        after: int = 0,
        cluster: str | None = None,
        nodegroup: str | None = None,
        limit: int = 100,
    ) -> tuple[Event, ...]:
        found: list[Event] = []
        for event in self._events[after:]:
            if len(found) == limit:
                break
            if (
                (scope is None or event.scope == scope)
                and (cluster is None or event.cluster == cluster)
                and (nodegroup is None or event.nodegroup == nodegroup)
            ):
                found.append(event)
        return tuple(found)

    async def last_event(self) -> int:
        return len(self._events)

    async def commit(self, changes: Changes, *, lease: Lease | None = None) -> None:
        """Write all or nothing. Raises: Fenced, StaleRevision."""
        if lease is not None:
            self._check(lease)
        for record in changes.put:
            self._check_revision(record)
        for token in changes.tokens:
            if (token.scope, token.operation, token.token) in self._tokens:
                raise StaleRevision(f"token {token.token} was used meanwhile")
        for record in changes.put:
            self._put(replace(record, revision=record.revision + 1))
        for gone in changes.delete:
            self._remove(gone)
        for given in changes.credentials:
            self._credentials[given.scope, given.cluster] = given
        for token in changes.tokens:
            self._tokens[token.scope, token.operation, token.token] = token
        for event in changes.events:
            numbered = replace(event, sequence=len(self._events) + 1)
            self._events.append(numbered)
            for listener in self._on_event:
                listener(numbered)
        for key in changes.unpark:
            if key in self._rows:
                self._rows[key].parked_at, self._rows[key].attempts, self._rows[key].bugs = None, 0, 0
        if changes.are_news:
            for callback in self._on_record:
                callback()
        for key, at in changes.wake:
            self._wake(key, at)
        if changes.wake:
            for callback in self._on_wake:
                callback()

    def _check_revision(self, record: Record) -> None:
        if isinstance(record, Cluster):
            held: Record | None = self._clusters.get((record.scope, record.name))
        elif isinstance(record, Nodegroup):
            held = self._groups.get((record.scope, record.cluster, record.name))
        else:
            held = self._updates.get((record.scope, record.cluster, record.nodegroup, record.id))
        if (held.revision if held else 0) != record.revision:
            what = getattr(record, "name", None) or getattr(record, "id", "")
            raise StaleRevision(f"{what} is no longer at revision {record.revision}")

    def _put(self, record: Record) -> None:
        if isinstance(record, Cluster):
            self._clusters[record.scope, record.name] = record
        elif isinstance(record, Nodegroup):
            self._groups[record.scope, record.cluster, record.name] = record
        else:
            self._updates[record.scope, record.cluster, record.nodegroup, record.id] = record

    def _remove(self, record: Cluster | Nodegroup) -> None:
        """Delete a record and what hangs on it: its updates and the tokens that name them."""
        if isinstance(record, Nodegroup):
            self._groups.pop((record.scope, record.cluster, record.name), None)
            owned = [k for k in self._updates if k[:3] == (record.scope, record.cluster, record.name)]
            results = {record.arn}
        else:
            self._clusters.pop((record.scope, record.name), None)
            self._credentials.pop((record.scope, record.name), None)
            owned = [key for key in self._updates if key[:2] == (record.scope, record.name)]
            results = {record.name}
        for key in owned:
            del self._updates[key]
            results.add(key[3])
        for used, token in list(self._tokens.items()):
            if token.scope == record.scope and token.result in results:
                del self._tokens[used]

    # --- the reconcile table ---

    def _wake(self, key: str, at: datetime | None) -> None:
        if at is None:
            self._rows.pop(key, None)
            return
        row = self._rows.setdefault(key, _Row(at))
        row.wake_at = min(row.wake_at, at)
        if row.owner is not None:
            row.woken = min(at, row.woken or at)

    async def claim(self, owner: str, now: datetime, until: datetime, limit: int) -> tuple[Lease, ...]:
        rows = self._rows.items()
        due = [(row.wake_at, key) for key, row in rows if row.free_at <= now and not row.parked_at]
        leases = []
        for _, key in heapq.nsmallest(limit, due):
            row = self._rows[key]
            row.token += 1
            row.owner, row.until, row.woken = owner, until, None
            leases.append(Lease(key, row.token, owner, row.attempts, row.bugs))
        return tuple(leases)

    async def renew(self, owner: str, keys: Sequence[str], until: datetime) -> frozenset[str]:
        ours = [key for key in keys if key in self._rows and self._rows[key].owner == owner]
        for key in ours:
            self._rows[key].until = until
        return frozenset(ours)

    async def finish(
        self, lease: Lease, wake_at: datetime | None, outcome: Outcome = WENT_WELL
    ) -> datetime | None:
        row = self._check(lease)
        wanted = [at for at in (row.woken, wake_at) if at is not None]
        if not wanted:
            del self._rows[lease.key]
            return None
        row.wake_at, row.woken = min(wanted), None
        row.owner, row.until = None, EPOCH
        row.attempts, row.error = (lease.attempts + 1 if outcome.error else 0), outcome.error
        row.bugs = lease.bugs + 1 if outcome.bug else 0
        row.parked_at = row.wake_at if outcome.park else None
        return None if outcome.park else row.wake_at

    async def next_wake(self, now: datetime) -> datetime | None:
        return min((row.free_at for row in self._rows.values() if not row.parked_at), default=None)

    async def parked(self) -> tuple[Parked, ...]:
        return tuple(
            Parked(key, row.parked_at, row.error or "", row.attempts)
            for key, row in sorted(self._rows.items())
            if row.parked_at
        )

    async def lease_tokens(self, keys: Sequence[str]) -> dict[str, int]:
        return {key: self._rows[key].token for key in keys if key in self._rows}

    async def release(self, owner: str) -> None:
        for row in self._rows.values():
            if row.owner == owner:
                row.owner, row.until, row.wake_at, row.woken = None, EPOCH, EPOCH, None

    def _check(self, lease: Lease) -> _Row:
        row = self._rows.get(lease.key)
        if row is None or (row.token, row.owner) != (lease.token, lease.owner):
            raise Fenced(f"{lease.key} was taken over")
        return row
