"""Durable records, and the leases under which they are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from nodeyard.model.cluster import Cluster
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.scope import Scope
from nodeyard.model.update import Update
from nodeyard.ports.attaching import Credentials


class Fenced(Exception):
    """The caller's lease was taken over: drop what is in memory, touch nothing."""


class StaleRevision(Exception):
    """A record changed since it was read: read again and decide again."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one key, until `until`. `token` grows with every claim."""

    key: str
    token: int
    owner: str
    attempts: int
    """Runs in a row that failed."""
    bugs: int = 0
    """Runs in a row that failed on a bug."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went. `bug`: our own fault; `park`: nobody takes the key up until a person decides."""

    error: str | None = None
    bug: bool = False
    park: bool = False


WENT_WELL = Outcome()


@dataclass(frozen=True, slots=True)
class Parked:
    """A key that kept failing on a bug, and its last error."""

    key: str
    since: datetime
    error: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, with its causes: operation, node, pod, budget, in `subject`."""

    scope: Scope
    cluster: str
    nodegroup: str | None
    at: datetime
    kind: str
    message: str
    subject: dict[str, str] = field(default_factory=dict)
    sequence: int = 0
    """Given by the store."""


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """An idempotency token that was used: same digest, same answer."""

    scope: Scope
    operation: str
    token: str
    digest: str
    result: str
    """The id of what the first call made (nodegroup ARN, update id, cluster name)."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """One transaction. Records carry the revision they were read at (0: must not exist yet);
    the store adds one. `unpark` are parked keys to be taken up again. `wake` is (reconcile key,
    when); None as when means: remove the key. A wake never moves a pending earlier wake later,
    except through `Store.finish`. `credentials` take the place of those that their clusters had."""

    put: tuple[Cluster | Nodegroup | Update, ...] = ()
    delete: tuple[Cluster | Nodegroup, ...] = ()
    tokens: tuple[TokenRecord, ...] = ()
    events: tuple[Event, ...] = ()
    unpark: tuple[str, ...] = ()
    credentials: tuple[Credentials, ...] = ()
    wake: tuple[tuple[str, datetime | None], ...] = ()

    @property
    def are_news(self) -> bool:
        """Whether a node group comes or goes with these changes, or a cluster changes."""
        return bool(self.delete) or any(
            isinstance(each, Cluster) or (isinstance(each, Nodegroup) and each.revision == 0)
            for each in self.put
        )


class Store(Protocol):
    """Durable records. An acknowledged commit survives kill -9.

    Raises: StaleRevision, Fenced, Unavailable.
    """

    async def cluster(self, scope: Scope, name: str) -> Cluster | None: ...

    async def clusters(self, scope: Scope) -> tuple[Cluster, ...]:
        """Return the scope's clusters by name."""
        ...

    async def all_clusters(self) -> tuple[Cluster, ...]: ...

    async def nodegroup(self, scope: Scope, cluster: str, name: str) -> Nodegroup | None: ...

    async def nodegroups(self, scope: Scope, cluster: str) -> tuple[Nodegroup, ...]:
        """Return the cluster's node groups by name."""
        ...

    async def overview(self) -> tuple[tuple[Nodegroup, ...], tuple[Update, ...]]:
        """Return every node group, and the updates that they name as active."""
        ...

    async def update(self, scope: Scope, cluster: str, nodegroup: str | None, id: str) -> Update | None: ...

    async def updates(self, scope: Scope, cluster: str, nodegroup: str | None) -> tuple[Update, ...]:
        """Return the updates, newest first."""
        ...

    async def token(self, scope: Scope, operation: str, token: str) -> TokenRecord | None: ...

    async def credentials(self, scope: Scope, cluster: str) -> Credentials | None: ...

    async def all_credentials(self) -> tuple[Credentials, ...]:
        """Return those of every cluster, by scope and name."""
        ...

    async def commit(self, changes: Changes, *, lease: Lease | None = None) -> None:
        """Write all or nothing. With a lease, raise Fenced when the lease is no longer ours.

        Deleting a node group or cluster also removes its updates and credentials, so that a later
        one of the same name starts clean; events stay.
        """
        ...

    async def events(
        self,
        scope: Scope | None,
        *,
        after: int = 0,
        cluster: str | None = None,
        nodegroup: str | None = None,
        limit: int = 100,
    ) -> tuple[Event, ...]:
        """Return events with a sequence above `after`, oldest first."""
        ...

    async def last_event(self) -> int:
        """Return the sequence of the newest event, 0 when there is none."""
        ...

    # The reconcile table; used by the engine alone.

    async def claim(self, owner: str, now: datetime, until: datetime, limit: int) -> tuple[Lease, ...]:
        """Take due keys whose lease has run out; each claim raises the key's token."""
        ...

    async def renew(self, owner: str, keys: Sequence[str], until: datetime) -> frozenset[str]:
        """Prolong held leases in one statement; return the keys that are still ours."""
        ...

    async def finish(
        self, lease: Lease, wake_at: datetime | None, outcome: Outcome = WENT_WELL
    ) -> datetime | None:
        """Give the lease back with the next wake; None removes the key. Return when the key is due next.

        A wake committed by others while the work ran is kept: the earlier of both wins, and a
        key woken meanwhile is not removed. An error counts an attempt; none resets the count.
        """
        ...

    async def next_wake(self, now: datetime) -> datetime | None:
        """Return when the next key is both due and free."""
        ...

    async def parked(self) -> tuple[Parked, ...]:
        """Return the keys that were parked, by key."""
        ...

    async def lease_tokens(self, keys: Sequence[str]) -> dict[str, int]:
        """Return key -> token of the newest lease on it, without keys that are gone: a lower token's run was
        followed by another, here or elsewhere."""
        ...

    async def release(self, owner: str) -> None:
        """Give back every lease of this owner, due at once: a clean stop."""
        ...
