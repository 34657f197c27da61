"""The reconcile table: claim, renew, finish, release. Functions of a connection.

Every claim raises the key's token, and every fenced write compares it: a worker whose key
was taken over changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, case, delete, func, insert, select, update

from nodeyard.drivers.store.tables import reconcile
from nodeyard.ports import Fenced, Lease, Outcome, Parked

A_LONG_TIME = timedelta(days=3650)
LEASE_MAX = timedelta(minutes=5)


def _seconds(at: datetime) -> float:
    return at.timestamp()


def wake(conn: Connection, key: str, at: datetime | None) -> None:
    """Make a key due at an instant, never later than it already is; None removes the key."""
    if at is None:
        conn.execute(delete(reconcile).where(reconcile.c.key == key))
        return
    due = _seconds(at)
    row = conn.execute(select(reconcile).where(reconcile.c.key == key).with_for_update()).first()
    if row is None:
        conn.execute(
            insert(reconcile).values(key=key, wake_at=due, lease_token=0, lease_until=0.0, attempts=0)
        )
        return
    values: dict[str, float] = {"wake_at": min(row.wake_at, due)}
    if row.lease_owner is not None:
        values["woken"] = min(due, row.woken) if row.woken is not None else due
    conn.execute(update(reconcile).where(reconcile.c.key == key).values(**values))


def claim(conn: Connection, owner: str, now: datetime, until: datetime, limit: int) -> tuple[Lease, ...]:
    """Take due keys whose lease has run out, the longest due first."""
    table = reconcile
    due = (
        select(table.c.key)
        .where(
            table.c.wake_at <= _seconds(now),
            table.c.lease_until <= _seconds(now),
            table.c.parked_at.is_(None),
        )
        .order_by(table.c.wake_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        # As a part of its own it runs once: PostgreSQL may run a subquery again, past the limit.
        .cte("due")
    )
    taken = (
        update(table)
        .where(table.c.key.in_(select(due.c.key)))
        .values(
            lease_owner=owner,
            lease_token=table.c.lease_token + 1,
            lease_until=_seconds(until),
            woken=None,
        )
        .returning(table.c.key, table.c.lease_token, table.c.attempts, table.c.bugs)
    )
    rows = conn.execute(taken).all()
    return tuple(Lease(row.key, row.lease_token, owner, row.attempts, row.bugs) for row in rows)


def renew(conn: Connection, owner: str, keys: Sequence[str], until: datetime) -> frozenset[str]:
    rows = conn.execute(
        update(reconcile)
        .where(reconcile.c.lease_owner == owner, reconcile.c.key.in_(list(keys)))
        .values(lease_until=_seconds(until))
        .returning(reconcile.c.key)
    )
    return frozenset(rows.scalars())


def check(conn: Connection, lease: Lease) -> float | None:
    """Raise Fenced unless the key's token is still the lease's; return a wake that came meanwhile."""
    table = reconcile
    query = select(table.c.lease_token, table.c.lease_owner, table.c.woken).where(table.c.key == lease.key)
    row = conn.execute(query.with_for_update()).first()
    if row is None or (row.lease_token, row.lease_owner) != (lease.token, lease.owner):
        raise Fenced(f"{lease.key} was taken over")
    woken: float | None = row.woken
    return woken


def finish(conn: Connection, lease: Lease, wake_at: datetime | None, outcome: Outcome) -> datetime | None:
    """Give a lease back; a wake that came meanwhile is kept, the earlier one wins. Return which."""
    woken = check(conn, lease)
    this = reconcile.c.key == lease.key
    if wake_at is None and woken is None:
        conn.execute(delete(reconcile).where(this))
        return None
    wanted = [each for each in (woken, _seconds(wake_at) if wake_at else None) if each is not None]
    conn.execute(
        update(reconcile)
        .where(this)
        .values(
            wake_at=min(wanted),
            woken=None,
            lease_owner=None,
            lease_until=0.0,
            attempts=lease.attempts + 1 if outcome.error else 0,
            bugs=lease.bugs + 1 if outcome.bug else 0,
            last_error=outcome.error,
            parked_at=min(wanted) if outcome.park else None,
        )
    )
    return None if outcome.park else datetime.fromtimestamp(min(wanted), UTC)


def parked(conn: Connection) -> tuple[Parked, ...]:
    """Return the keys that nobody works on, by key."""
    rows = conn.execute(
        select(reconcile).where(reconcile.c.parked_at.is_not(None)).order_by(reconcile.c.key)
    ).all()
    return tuple(
        Parked(row.key, datetime.fromtimestamp(row.parked_at, UTC), row.last_error or "", row.attempts)
        for row in rows
    )


def tokens(conn: Connection, keys: Sequence[str]) -> dict[str, int]:
    """Return key -> token of the newest lease, of those that are there."""
    query = select(reconcile.c.key, reconcile.c.lease_token).where(reconcile.c.key.in_(list(keys)))
    return {row.key: row.lease_token for row in conn.execute(query)}


def unpark(conn: Connection, key: str) -> None:
    """Let a parked key be claimed again, as if it had never failed."""
    conn.execute(update(reconcile).where(reconcile.c.key == key).values(parked_at=None, attempts=0, bugs=0))


def hurry(conn: Connection, now: datetime, longest: timedelta) -> None:
    """Make due whatever sleeps longer than `longest`, and free what is leased longer than any lease lasts.

    For a clock that was set back. What sleeps until it is woken goes on sleeping.
    """
    table, asleep = reconcile, _seconds(now + longest)
    never = _seconds(now + A_LONG_TIME)
    late = table.c.wake_at > asleep, table.c.wake_at < never, table.c.parked_at.is_(None)
    conn.execute(update(table).where(*late).values(wake_at=_seconds(now)))
    held = table.c.lease_until > _seconds(now + LEASE_MAX)
    conn.execute(update(table).where(held).values(lease_owner=None, lease_until=0.0))


def next_wake(conn: Connection, now: datetime) -> datetime | None:
    """Return when the next key is both due and free.

    Both questions are answered by the index on `wake_at`: those that sleep are many and are not read.
    """
    table, awake = reconcile, reconcile.c.wake_at <= _seconds(now)
    ready = case((table.c.wake_at > table.c.lease_until, table.c.wake_at), else_=table.c.lease_until)
    due = conn.execute(select(func.min(ready)).where(awake, table.c.parked_at.is_(None))).scalar()
    sleeping = select(table.c.wake_at).where(table.c.wake_at > _seconds(now), table.c.parked_at.is_(None))
    later = conn.execute(sleeping.order_by(table.c.wake_at).limit(1)).scalar()
    found = [at for at in (due, later) if at is not None]
    return datetime.fromtimestamp(min(found), UTC) if found else None


def release_all(conn: Connection) -> None:
    """Give back every lease: for one who knows that no other worker is alive."""
    conn.execute(update(reconcile).values(lease_owner=None, lease_until=0.0))


def release(conn: Connection, owner: str) -> None:
    conn.execute(
        update(reconcile)
        .where(reconcile.c.lease_owner == owner)
        .values(lease_owner=None, lease_until=0.0, wake_at=0.0, woken=None)
    )
