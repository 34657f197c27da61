"""Databases of earlier formats are brought up to date; those of later ones are refused and left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from nodeyard.drivers.store import SqlStore
from nodeyard.drivers.store.errors import NewerFormat, StoreError
from nodeyard.drivers.store.tables import FORMAT
from nodeyard.ports import Changes
from tests.nouns import NOON
from tests.postgres import Postgres

FORMAT_1 = """
CREATE TABLE meta (key VARCHAR NOT NULL, value VARCHAR, PRIMARY KEY (key));
CREATE TABLE cluster (account VARCHAR NOT NULL, region VARCHAR NOT NULL, name VARCHAR NOT NULL,
  revision INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (account, region, name));
CREATE TABLE nodegroup (account VARCHAR NOT NULL, region VARCHAR NOT NULL, cluster VARCHAR NOT NULL,
  name VARCHAR NOT NULL, revision INTEGER NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (account, region, cluster, name));
CREATE TABLE operation (account VARCHAR NOT NULL, region VARCHAR NOT NULL, cluster VARCHAR NOT NULL,
  nodegroup VARCHAR NOT NULL, id VARCHAR NOT NULL, sequence INTEGER NOT NULL, revision INTEGER NOT NULL,
  document TEXT NOT NULL, PRIMARY KEY (account, region, cluster, nodegroup, id));
CREATE TABLE token (account VARCHAR NOT NULL, region VARCHAR NOT NULL, operation VARCHAR NOT NULL,
  token VARCHAR NOT NULL, result VARCHAR NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY (account, region, operation, token));
CREATE TABLE event (sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, account VARCHAR NOT NULL,
  region VARCHAR NOT NULL, cluster VARCHAR NOT NULL, nodegroup VARCHAR, document TEXT NOT NULL);
CREATE TABLE reconcile ("key" VARCHAR NOT NULL, wake_at FLOAT NOT NULL, woken FLOAT, lease_owner VARCHAR,
  lease_token INTEGER NOT NULL, lease_until FLOAT NOT NULL, attempts INTEGER NOT NULL, last_error TEXT,
  PRIMARY KEY ("key"));
CREATE INDEX reconcile_due ON reconcile (wake_at);
INSERT INTO meta VALUES ('format', '1');
INSERT INTO reconcile VALUES ('k', 1.0, NULL, NULL, 3, 0.0, 2, 'bad');
"""
"""As the first programs made it."""


def _columns(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return table -> columns with their types, without their order."""
    with sqlite3.connect(path) as raw:
        names = [row[0] for row in raw.execute("select name from sqlite_master where type = 'table'")]
        return {
            name: sorted(row[1:4] for row in raw.execute(f"pragma table_info({name})"))
            for name in names
            if not name.startswith("sqlite_")
        }


async def _opened(place: Path | str) -> SqlStore:
    store = SqlStore(place)
    await store.open()
    return store


async def test_a_database_of_the_first_format_becomes_as_a_new_one_and_keeps_its_rows(tmp_path: Path) -> None:
    old, new = tmp_path / "old" / "nodeyard.db", tmp_path / "new" / "nodeyard.db"
    old.parent.mkdir()
    with sqlite3.connect(old) as raw:
        raw.executescript(FORMAT_1)
    store = await _opened(old)
    (lease,) = await store.claim("a", NOON, NOON, 10)
    assert (lease.key, lease.token, lease.attempts, lease.bugs) == ("k", 4, 2, 0)
    await store.close()
    await (await _opened(new)).close()
    assert _columns(old) == _columns(new)
    with sqlite3.connect(old) as raw:
        assert raw.execute("select value from meta").fetchone() == (str(FORMAT),)


async def test_postgresql_of_the_first_format_becomes_as_a_new_one(postgres: Postgres) -> None:
    old, new = postgres.new_database(), postgres.new_database()
    plain = FORMAT_1.replace("INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT", "SERIAL NOT NULL PRIMARY KEY")
    postgres.sql(plain, old.rpartition("/")[2])
    for url in (old, new):
        await (await _opened(url)).close()
    columns = (
        "select table_name, column_name, data_type, is_nullable from information_schema.columns "
        "where table_schema = 'public' order by 1, 2"
    )
    assert postgres.sql(columns, old.rpartition("/")[2]) == postgres.sql(columns, new.rpartition("/")[2])


async def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "nodeyard.db"
    await (await _opened(path)).close()
    with sqlite3.connect(path) as raw:
        raw.execute("update meta set value='99'")
    with pytest.raises(NewerFormat, match="format 99"):
        await SqlStore(path).open()
    with sqlite3.connect(path) as raw:
        assert raw.execute("select value from meta").fetchone() == ("99",)


async def test_a_newer_format_in_postgresql_is_refused_without_telling_a_password(postgres: Postgres) -> None:
    url = postgres.new_database()
    await (await _opened(url)).close()
    postgres.sql("update meta set value='99'", url.rpartition("/")[2])
    with pytest.raises(NewerFormat, match=r"format 99.*Start the newer program") as refused:
        await SqlStore(url.replace("yard@", "yard:secret@")).open()
    assert "secret" not in str(refused.value)


async def test_many_processes_may_open_an_empty_database_at_once(postgres: Postgres) -> None:
    import asyncio

    url = postgres.new_database()
    stores = await asyncio.gather(*(_opened(url) for _ in range(5)))
    await asyncio.gather(*(store.commit(Changes(wake=((f"k{i}", NOON),))) for i, store in enumerate(stores)))
    assert len(await stores[0].claim("a", NOON, NOON, 10)) == 5
    for store in stores:
        await store.close()


async def test_a_postgresql_that_does_not_answer_is_named_with_what_to_do() -> None:
    with pytest.raises(StoreError, match=r"yard:\*\*\*@127.0.0.1:1/x cannot be used.*--database-url"):
        await SqlStore("postgresql://yard:secret@127.0.0.1:1/x").open()


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nodeyard.db"
    path.write_bytes(b"not a database, for sure " * 100)
    with pytest.raises(StoreError, match=r"nodeyard\.db cannot be used"):
        await SqlStore(path).open()
