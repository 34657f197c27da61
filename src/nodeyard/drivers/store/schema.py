"""The tables of a database brought up to date, forwards only, in the transaction that opens it.

A new database is made whole from `tables`; an older one runs the Alembic migrations that it lacks
(a test holds both ways to one result). `meta.format` is the number of the newest migration, which
every program can read and compare, however old it is.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy
from sqlalchemy import Connection, insert, select, update

from nodeyard.drivers.store import tables
from nodeyard.drivers.store.errors import NewerFormat, StoreError

MIGRATIONS = Path(__file__).parent / "migrations"
_ALEMBICS_OWN = "schema_version"


def bring_up_to_date(conn: Connection, named: str, instead: str) -> None:
    """Make or migrate the tables. Raises: NewerFormat before anything is touched.

    `named` is the database as a sentence begins with it, `instead` what else to do about a newer one.
    """
    if not sqlalchemy.inspect(conn).has_table("meta"):
        tables.metadata.create_all(conn)
        conn.execute(insert(tables.meta).values(key="format", value=str(tables.FORMAT)))
        return
    found = int(conn.execute(select(tables.meta.c.value).where(tables.meta.c.key == "format")).scalar_one())
    if found > tables.FORMAT:
        raise NewerFormat(
            f"{named} has format {found}; this program reads up to {tables.FORMAT}. "
            f"Start the newer program, or {instead}."
        )
    if found < tables.FORMAT:
        migrate(conn, found)


def check_format(conn: Connection, named: str) -> None:
    """See that a running program's database is of this program's format. Raises: StoreError."""
    found = int(conn.execute(select(tables.meta.c.value).where(tables.meta.c.key == "format")).scalar_one())
    if found != tables.FORMAT:
        raise StoreError(
            f"{named} has format {found} and this program writes {tables.FORMAT}: "
            "use the program that runs on it."
        )


def migrate(conn: Connection, found: int) -> None:
    """Run the migrations above a format, oldest first."""
    from alembic.config import Config  # slow to load, and seldom needed
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(MIGRATIONS))
    head = revision(tables.FORMAT)

    def steps(_current: object, _context: object) -> list[object]:
        return list(scripts._upgrade_revs(head, revision(found)))

    with EnvironmentContext(Config(), scripts, fn=steps) as environment:
        environment.configure(connection=conn, version_table=_ALEMBICS_OWN)
        environment.run_migrations()
    # What remembers the format is `meta`: a database that was migrated is as one that was made.
    conn.exec_driver_sql(f"DROP TABLE {_ALEMBICS_OWN}")
    conn.execute(update(tables.meta).where(tables.meta.c.key == "format").values(value=str(tables.FORMAT)))


def revision(format: int) -> str:
    """Return the name of the migration that leads to a format."""
    return f"{format:04}"
