"""Read and write access keys, audit entries and used signatures: functions of a connection."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, text

from nodeyard.drivers.store import tables
from nodeyard.model.values import replace
from nodeyard.ports.access import AccessKey, AuditEntry, UsedSignature

_KEYS = msgspec.json.Decoder(AccessKey)
_ENTRIES = msgspec.json.Decoder(AuditEntry)
_USE = text(
    "INSERT INTO used_signature (digest, used_at, until) VALUES (:digest, :used_at, :until) "
    "ON CONFLICT (digest) DO NOTHING"
)


def of_row(row: Any) -> AccessKey | None:
    """Return the key that a row of its document alone holds, None for None."""
    return None if row is None else _KEYS.decode(row[0])


def read_keys(conn: Connection) -> tuple[AccessKey, ...]:
    """Return all keys by id."""
    query = select(tables.access_key.c.document).order_by(tables.access_key.c.id)
    return tuple(_KEYS.decode(found) for found in conn.execute(query).scalars())


def put_key(conn: Connection, key: AccessKey) -> None:
    """Write a key over what is there under its id."""
    remove_key(conn, key.id)
    document = msgspec.json.encode(key).decode()
    conn.execute(insert(tables.access_key).values(id=key.id, account=key.account, document=document))


def remove_key(conn: Connection, id: str) -> bool:
    """Return whether there was one."""
    return bool(conn.execute(delete(tables.access_key).where(tables.access_key.c.id == id)).rowcount)


def add_entry(conn: Connection, entry: AuditEntry) -> None:
    """Append an entry; its number comes from the database."""
    document = msgspec.json.encode(entry).decode()
    values = {"account": entry.account, "request_id": entry.request_id, "document": document}
    conn.execute(insert(tables.audit).values(**values))


def read_entries(conn: Connection, after: int, limit: int) -> tuple[AuditEntry, ...]:
    """Return entries above a number, oldest first."""
    table = tables.audit
    query = select(table.c.sequence, table.c.document).where(table.c.sequence > after)
    rows = conn.execute(query.order_by(table.c.sequence).limit(limit))
    return tuple(replace(_ENTRIES.decode(row.document), sequence=row.sequence) for row in rows)


def last_entry(conn: Connection) -> int:
    """Return the number of the newest entry, 0 when there is none."""
    return conn.execute(select(func.max(tables.audit.c.sequence))).scalar() or 0


def use(conn: Connection, used: UsedSignature, now: datetime) -> datetime | None:
    """Remember a signature; return when it was used if it is remembered already."""
    values = {"digest": used.digest, "used_at": now.timestamp(), "until": used.until.timestamp()}
    if conn.execute(_USE, values).rowcount == 1:
        return None
    table = tables.used_signature
    at = conn.execute(select(table.c.used_at).where(table.c.digest == used.digest)).scalar_one()
    return datetime.fromtimestamp(at, UTC)


def forget(conn: Connection, now: datetime) -> None:
    """Forget the signatures that nobody would take any more."""
    table = tables.used_signature
    conn.execute(delete(table).where(table.c.until < now.timestamp()))
