"""Read and write cluster, node group, update, token and event records: functions of a connection."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, func, insert, select, update

from nodeyard.drivers.store import tables
from nodeyard.model.cluster import Cluster
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.scope import Scope
from nodeyard.model.update import Update
from nodeyard.ports import Event, StaleRevision, TokenRecord

CLUSTER_UPDATES = ""
"""The node group column of updates that belong to the cluster itself."""

IDS_MAX = 500
"""Ids in one query."""

_TYPES: dict[type, tuple[Table, Any]] = {
    Cluster: (tables.cluster, msgspec.json.Decoder(Cluster)),
    Nodegroup: (tables.nodegroup, msgspec.json.Decoder(Nodegroup)),
    Update: (tables.operation, msgspec.json.Decoder(Update)),
}
_EVENTS = msgspec.json.Decoder(Event)
_TOKENS = msgspec.json.Decoder(TokenRecord)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def key_of(record: Cluster | Nodegroup | Update) -> dict[str, Any]:
    """Return the columns that name a record, in their order."""
    key: dict[str, Any] = {"account": record.scope.account, "region": record.scope.region}
    if isinstance(record, Cluster):
        return key | {"name": record.name}
    if isinstance(record, Nodegroup):
        return key | {"cluster": record.cluster, "name": record.name}
    return key | {
        "cluster": record.cluster,
        "nodegroup": record.nodegroup or CLUSTER_UPDATES,
        "id": record.id,
    }


def _where(table: Table, key: dict[str, Any]) -> list[Any]:
    return [table.c[column] == value for column, value in key.items()]


COLUMNS = ("document", "revision")
"""What a record is read from."""


def table_of(kind: type) -> Table:
    return _TYPES[kind][0]


def read(conn: Connection, kind: type, key: dict[str, Any]) -> Any:
    """Return one record, None when there is none."""
    table, decoder = _TYPES[kind]
    row = conn.execute(select(table.c.document, table.c.revision).where(*_where(table, key))).first()
    return None if row is None else _revised(decoder, row)


def of_row(kind: type, row: Any) -> Any:
    """Return the record that a row of COLUMNS holds, None for None."""
    return None if row is None else _revised(_TYPES[kind][1], row)


def _revised(decoder: Any, row: Any) -> Any:
    document, revision = row
    return dataclasses.replace(decoder.decode(document), revision=revision)


def read_all(
    conn: Connection, kind: type, key: dict[str, Any], *, newest_first: bool = False
) -> tuple[Any, ...]:
    """Return the records under a key prefix, by name, or the newest first."""
    table, decoder = _TYPES[kind]
    order = table.c.sequence.desc() if newest_first else table.c.name
    query = select(table.c.document, table.c.revision).where(*_where(table, key)).order_by(order)
    return tuple(_revised(decoder, row) for row in conn.execute(query))


def overview(conn: Connection) -> tuple[tuple[Nodegroup, ...], tuple[Update, ...]]:
    """Return every node group and the updates that they name as active, in few queries."""
    groups: tuple[Nodegroup, ...] = read_all(conn, Nodegroup, {})
    table, decoder = _TYPES[Update]
    ids = [each.active_update for each in groups if each.active_update is not None]
    active: list[Update] = []
    for first in range(0, len(ids), IDS_MAX):
        query = select(table.c.document, table.c.revision).where(table.c.id.in_(ids[first : first + IDS_MAX]))
        active += (_revised(decoder, row) for row in conn.execute(query))
    return groups, tuple(active)


def put(conn: Connection, record: Cluster | Nodegroup | Update) -> None:
    """Write a record over the revision it was read at. Raises: StaleRevision."""
    table, _ = _TYPES[type(record)]
    key = key_of(record)
    values: dict[str, Any] = {"document": _text(record), "revision": record.revision + 1}
    if record.revision == 0:
        exists = conn.execute(select(table.c.revision).where(*_where(table, key))).first()
        if exists is not None:
            raise StaleRevision(f"{key} exists already")
        if isinstance(record, Update):
            newest = conn.execute(select(func.max(table.c.sequence))).scalar()
            values["sequence"] = (newest or 0) + 1
        conn.execute(insert(table).values(**key, **values))
        return
    matches = [*_where(table, key), table.c.revision == record.revision]
    if conn.execute(update(table).where(*matches).values(**values)).rowcount == 0:
        raise StaleRevision(f"{key} is no longer at revision {record.revision}")


def remove(conn: Connection, record: Cluster | Nodegroup) -> None:
    """Delete a record and what hangs on it: its updates and the tokens that name them."""
    table, _ = _TYPES[type(record)]
    conn.execute(delete(table).where(*_where(table, key_of(record))))
    owned = {"account": record.scope.account, "region": record.scope.region}
    if isinstance(record, Nodegroup):
        owned |= {"cluster": record.cluster, "nodegroup": record.name}
        results = [record.arn]
    else:
        owned |= {"cluster": record.name}
        results = [record.name]
    operation = tables.operation
    ids = conn.execute(select(operation.c.id).where(*_where(operation, owned))).scalars()
    results += list(ids)
    conn.execute(delete(operation).where(*_where(operation, owned)))
    scoped = [tables.token.c.account == owned["account"], tables.token.c.region == owned["region"]]
    conn.execute(delete(tables.token).where(*scoped, tables.token.c.result.in_(results)))


def add_token(conn: Connection, record: TokenRecord) -> None:
    """Store a token. Raises: StaleRevision when somebody used it meanwhile."""
    if read_token(conn, record.scope, record.operation, record.token) is not None:
        raise StaleRevision(f"token {record.token} was used meanwhile")
    conn.execute(
        insert(tables.token).values(
            account=record.scope.account,
            region=record.scope.region,
            operation=record.operation,
            token=record.token,
            result=record.result,
            document=_text(record),
        )
    )


def read_token(conn: Connection, scope: Scope, operation: str, token: str) -> TokenRecord | None:
    key = {"account": scope.account, "region": scope.region, "operation": operation, "token": token}
    text = conn.execute(select(tables.token.c.document).where(*_where(tables.token, key))).scalar()
    found: TokenRecord | None = None if text is None else _TOKENS.decode(text)
    return found


def is_new_update(record: Cluster | Nodegroup | Update) -> bool:
    """Tell whether writing the record gives out a number."""
    return isinstance(record, Update) and record.revision == 0


def add_event(conn: Connection, event: Event) -> None:
    conn.execute(
        insert(tables.event).values(
            account=event.scope.account,
            region=event.scope.region,
            cluster=event.cluster,
            nodegroup=event.nodegroup,
            document=_text(event),
        )
    )


def read_events(conn: Connection, key: dict[str, Any], after: int, limit: int) -> tuple[Event, ...]:
    table = tables.event
    query = (
        select(table.c.sequence, table.c.document)
        .where(table.c.sequence > after, *_where(table, key))
        .order_by(table.c.sequence)
        .limit(limit)
    )
    return tuple(
        dataclasses.replace(_EVENTS.decode(row.document), sequence=row.sequence)
        for row in conn.execute(query)
    )


def last_event(conn: Connection) -> int:
    return conn.execute(select(func.max(tables.event.c.sequence))).scalar() or 0
