"""Read and write access keys and audit entries: functions of a connection."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select

from nodeyard.drivers.store import tables
from nodeyard.model.values import replace
from nodeyard.ports.access import AccessKey, AuditEntry

_KEYS = msgspec.json.Decoder(AccessKey)
_ENTRIES = msgspec.json.Decoder(AuditEntry)


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
