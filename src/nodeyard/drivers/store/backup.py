"""A copy of the whole database in one file, made while processes work, and put into an empty place.

The file is gzipped JSON lines: a heading with the format, then row by row; it is the same for SQLite
and PostgreSQL, so that what one wrote the other reads. Leases are not restored: whoever held them
works on the original. Source: SQLite documentation, WAL (readers see one instant); PostgreSQL,
Transaction Isolation (REPEATABLE READ).
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import sqlalchemy
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from nodeyard.drivers.store import schema, tables
from nodeyard.drivers.store.errors import NewerFormat, StoreError

T = TypeVar("T")

_GO_ON_NUMBERING = tuple(
    text(f"SELECT setval(pg_get_serial_sequence('{name}', 'sequence'), max(sequence)) FROM {name}")
    for name in ("event", "audit")
)

HEADING = "nodeyard backup"
BATCH = 500
_FREE = {"lease_owner": None, "lease_until": 0.0}


async def write(place: Path | str, file: Path) -> int:
    """Write the content of a database to a file, whole or not at all; return the number of rows."""
    draft = file.with_name(f".{file.name}.draft")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)  # what the database's file is to others, its copy is too
        with gzip.open(draft, "wb") as out:
            rows = await _in_one_instant(place, lambda conn: _dump(conn, out, str(place)))
        draft.replace(file)
    except OSError as error:
        raise StoreError(f"The backup {file} cannot be written: {error.strerror or error}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return rows


async def read(place: Path | str, file: Path) -> int:
    """Put a file into an empty database; return the number of rows. Raises: StoreError, changing nothing."""
    try:
        with gzip.open(file, "rb") as lines:
            return await _in_one_instant(place, lambda conn: _load(conn, lines, file), make=True)
    except (OSError, EOFError, msgspec.MsgspecError) as error:
        raise StoreError(f"The backup {file} cannot be read: {error}.") from error


def _dump(conn: Connection, out: Any, named: str) -> int:
    if not sqlalchemy.inspect(conn).has_table("meta"):
        raise StoreError(f"There is nothing of Nodeyard in {_plain(named)}.")
    format = conn.execute(select(tables.meta.c.value).where(tables.meta.c.key == "format")).scalar_one()
    if int(format) != tables.FORMAT:
        raise StoreError(
            f"The database has format {format} and this program writes {tables.FORMAT}: use the program that "
            "runs on it, or start this one on it first."
        )
    out.write(msgspec.json.encode({HEADING: tables.FORMAT}) + b"\n")
    rows = 0
    for table in _tables():
        found = conn.execution_options(yield_per=BATCH).execute(select(table))
        for row in found.mappings():
            out.write(msgspec.json.encode([str(table.name), {str(k): v for k, v in row.items()}]) + b"\n")
            rows += 1
    return rows


def _load(conn: Connection, lines: Iterator[bytes], file: Path) -> int:
    heading = msgspec.json.decode(next(iter(lines), b"{}"))
    found = heading.get(HEADING) if isinstance(heading, dict) else None
    if not isinstance(found, int):
        raise StoreError(f"{file} is no backup of Nodeyard.")
    if found > tables.FORMAT:
        raise NewerFormat(f"{file} has format {found}; this program reads up to {tables.FORMAT}.")
    if sqlalchemy.inspect(conn).has_table("meta"):
        raise StoreError("The database is not empty: a backup is restored into an empty one only.")
    schema.bring_up_to_date(conn, "The database", "choose another")
    known = {table.name: table for table in _tables()}
    rows = 0
    for line in lines:
        name, row = msgspec.json.decode(line)
        conn.execute(insert(known[name]).values(row | (_FREE if name == "reconcile" else {})))
        rows += 1
    if conn.dialect.name == "postgresql":
        for statement in _GO_ON_NUMBERING:
            conn.execute(statement)
    return rows


def _tables() -> list[sqlalchemy.Table]:
    return [table for table in tables.metadata.sorted_tables if table is not tables.meta]


async def _in_one_instant(place: Path | str, query: Callable[[Connection], T], *, make: bool = False) -> T:
    """Run a function in one transaction that sees one instant of the database."""
    try:
        if isinstance(place, Path):
            return _on_sqlite(place, query, make)
        url = sqlalchemy.make_url(place).set(drivername="postgresql+asyncpg")
        engine = create_async_engine(url, isolation_level="REPEATABLE READ")
        try:
            async with engine.begin() as conn:
                return await conn.run_sync(query)
        finally:
            await engine.dispose()
    except (SQLAlchemyError, ConnectionError) as error:
        raise StoreError(f"The database {_plain(str(place))} cannot be used: {error}.") from error


def _on_sqlite(path: Path, query: Callable[[Connection], T], make: bool) -> T:
    if make and path.exists():
        raise StoreError(f"There is a database at {path} already: a backup is restored into an empty place.")
    if not make and not path.exists():
        raise StoreError(f"There is no database at {path}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    # Without these each statement would see an instant of its own.
    sqlalchemy.event.listen(engine, "connect", _no_transactions_of_the_driver)
    sqlalchemy.event.listen(engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN"))
    try:
        with engine.begin() as conn:
            return query(conn)
    except BaseException:
        if make:
            path.unlink(missing_ok=True)
        raise
    finally:
        engine.dispose()


def _no_transactions_of_the_driver(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def _plain(place: str) -> str:
    """Return the address of a database without its password."""
    return sqlalchemy.make_url(place).render_as_string(hide_password=True) if "://" in place else place
