"""A backup made while the store is used goes into an empty place of either kind, and work goes on there."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from nodeyard.drivers.store import SqlStore, backup
from nodeyard.drivers.store.errors import StoreError
from nodeyard.ports import Changes, Event, Fenced
from tests.nouns import NOON, SCOPE, a_cluster, a_nodegroup, an_update
from tests.postgres import Postgres

SOON = NOON + timedelta(seconds=5)
KINDS = ("sqlite", "postgresql")


def _place(kind: str, folder: Path, request: pytest.FixtureRequest) -> Path | str:
    if kind == "sqlite":
        return folder / "nodeyard.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


async def _opened(place: Path | str) -> SqlStore:
    store = SqlStore(place)
    await store.open()
    return store


def _event(number: int) -> Event:
    return Event(SCOPE, "prod", "blue", NOON, "Made", f"ä {number}")


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
async def test_what_is_restored_is_what_was_there_and_goes_on(
    source: str, target: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file, there = tmp_path / "yard.backup", _place(target, tmp_path / "target", request)
    origin = _place(source, tmp_path / "source", request)
    store = await _opened(origin)
    first = Changes(
        put=(a_cluster(), a_nodegroup(), an_update(id="u-1")),
        events=(_event(1), _event(2)),
        wake=(("k", NOON),),
    )
    await store.commit(first)
    (held,) = await store.claim("a", NOON, SOON, 10)
    writing = asyncio.gather(*(store.commit(Changes(events=(_event(n),))) for n in range(3, 30)))
    assert await backup.write(origin, file) >= 6
    await writing

    copy = await _opened_after(there, file)
    assert await copy.cluster(SCOPE, "prod") == await store.cluster(SCOPE, "prod")
    assert await copy.nodegroup(SCOPE, "prod", "blue") == await store.nodegroup(SCOPE, "prod", "blue")
    assert await copy.updates(SCOPE, "prod", "blue") == await store.updates(SCOPE, "prod", "blue")
    events = await copy.events(None, limit=1000)
    assert events == (await store.events(None, limit=1000))[: len(events)]
    # The lease of the original means nothing here, and the numbers of events go on.
    (lease,) = await copy.claim("b", NOON, SOON, 10)
    assert (lease.key, lease.token) == ("k", held.token + 1)
    with pytest.raises(Fenced):
        await copy.finish(held, None)
    await copy.commit(Changes(events=(_event(99),)), lease=lease)
    assert await copy.last_event() == events[-1].sequence + 1
    await copy.close()
    await store.close()


async def _opened_after(there: Path | str, file: Path) -> SqlStore:
    await backup.read(there, file)
    return await _opened(there)


@pytest.mark.parametrize("target", KINDS)
async def test_a_place_that_is_not_empty_is_left_alone(
    target: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file, there = tmp_path / "yard.backup", _place(target, tmp_path / "target", request)
    store = await _opened(there)
    await store.commit(Changes(put=(a_cluster(),)))
    await backup.write(there, file)
    with pytest.raises(StoreError, match="empty"):
        await backup.read(there, file)
    assert await store.cluster(SCOPE, "prod") is not None
    await store.close()


async def test_a_file_that_is_no_backup_leaves_no_database(tmp_path: Path) -> None:
    file, there = tmp_path / "yard.backup", tmp_path / "new" / "nodeyard.sqlite"
    file.write_bytes(b"no backup at all")
    with pytest.raises(StoreError, match="cannot be read"):
        await backup.read(there, file)
    assert not there.exists()


async def test_a_backup_of_nothing_says_so(tmp_path: Path) -> None:
    file = tmp_path / "yard.backup"
    with pytest.raises(StoreError, match="There is no database"):
        await backup.write(tmp_path / "missing.sqlite", file)


async def test_only_the_owner_may_read_a_database_and_its_copies(tmp_path: Path) -> None:
    first, file, second = tmp_path / "first.sqlite", tmp_path / "yard.backup", tmp_path / "second.sqlite"
    store = await _opened(first)
    try:
        await store.commit(Changes(put=(a_cluster(),)))
        await backup.write(first, file)
        await backup.read(second, file)
        modes = _modes(tmp_path)
    finally:
        await store.close()
    assert {first, file, second} <= modes.keys()
    assert set(modes.values()) == {0o600}


def _modes(folder: Path) -> dict[Path, int]:
    return {each: each.stat().st_mode & 0o777 for each in folder.iterdir() if each.suffix != ".lock"}
