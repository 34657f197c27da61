"""What a store on SQLite remembers: never what a commit has changed or removed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from nodeyard.drivers.store import SqlStore
from nodeyard.drivers.store.held import RECORDS_MAX, Held
from nodeyard.ports import Changes
from tests.nouns import SCOPE, a_cluster, a_nodegroup, an_update


async def test_a_commit_is_seen_at_once_by_who_reads_after_it(tmp_path: Path) -> None:
    store = SqlStore(tmp_path / "nodeyard.db")
    await store.open()
    await store.commit(Changes(put=(a_cluster(), a_nodegroup(disk_size=1), an_update())))
    for size in range(2, 12):
        held = await store.nodegroup(SCOPE, "prod", "blue")
        assert held is not None and held.disk_size == size - 1
        assert await store.nodegroup(SCOPE, "prod", "blue") is held  # not read again
        reads = asyncio.gather(*(store.nodegroup(SCOPE, "prod", "blue") for _ in range(5)))
        await store.commit(Changes(put=(replace(held, disk_size=size),)))
        await reads
    assert await store.update(SCOPE, "prod", "blue", "u-1") is not None
    group = await store.nodegroup(SCOPE, "prod", "blue")
    assert group is not None
    await store.commit(Changes(delete=(group,)))
    assert await store.nodegroup(SCOPE, "prod", "blue") is None
    assert await store.update(SCOPE, "prod", "blue", "u-1") is None
    await store.close()


def test_what_is_held_is_bounded() -> None:
    held = Held()
    for number in range(RECORDS_MAX + 1):
        held.hold((number,), number)
    assert [held.find((number,)) for number in (0, RECORDS_MAX)] == [None, RECORDS_MAX]
