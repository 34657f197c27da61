"""Read and write what leads to attached clusters, sealed: functions of a connection."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from nodeyard.drivers.store.tables import credentials as table
from nodeyard.model.scope import Scope
from nodeyard.ports import Credentials


def read(conn: Connection, scope: Scope, cluster: str) -> Credentials | None:
    """Return those of one cluster, None when it has none."""
    found = conn.execute(select(table.c.sealed).where(*_of(scope, cluster))).scalar()
    return None if found is None else Credentials(scope, cluster, found)


def read_all(conn: Connection) -> tuple[Credentials, ...]:
    """Return those of every cluster, by scope and name."""
    query = select(table).order_by(table.c.account, table.c.region, table.c.cluster)
    return tuple(
        Credentials(Scope(row.account, row.region), row.cluster, row.sealed) for row in conn.execute(query)
    )


def put(conn: Connection, given: Credentials) -> None:
    """Write credentials over those that the cluster has."""
    remove(conn, given.scope, given.cluster)
    place = {"account": given.scope.account, "region": given.scope.region, "cluster": given.cluster}
    conn.execute(insert(table).values(**place, sealed=given.sealed))


def remove(conn: Connection, scope: Scope, cluster: str) -> None:
    conn.execute(delete(table).where(*_of(scope, cluster)))


def _of(scope: Scope, cluster: str) -> list[Any]:
    return [table.c.account == scope.account, table.c.region == scope.region, table.c.cluster == cluster]
