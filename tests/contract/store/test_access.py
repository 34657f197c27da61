"""Access keys and the audit log come back as they were written, from both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from nodeyard.drivers.store import SqlStore
from nodeyard.ports.access import BEGUN, AccessKey, AuditEntry
from tests.nouns import NOON

KEY = AccessKey("AKIA1", "111122223333", "ci", "v1.x.y", NOON, policies={"read": "{}"})
ENTRY = AuditEntry(
    NOON, "111122223333", "eu-west-1", "r-1", KEY.arn, "AKIA1", "127.0.0.1", "eks:X", ("*",), BEGUN
)


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[SqlStore]:
    place = tmp_path / "nodeyard.db" if request.param == "sqlite" else None
    opened = SqlStore(place or request.getfixturevalue("postgres").new_database())
    await opened.open()
    yield opened
    await opened.close()


async def test_a_key_is_written_over_and_removed_once(store: SqlStore) -> None:
    await store.put_access_key(KEY)
    await store.put_access_key(replace(KEY, active=False, expires_at=NOON, token_digest="d"))
    await store.put_access_key(replace(KEY, id="AKIA0"))
    assert [each.id for each in await store.access_keys()] == ["AKIA0", "AKIA1"]
    assert await store.access_key("AKIA1") == replace(KEY, active=False, expires_at=NOON, token_digest="d")
    assert await store.access_key("AKIA2") is None
    assert [await store.remove_access_key("AKIA1"), await store.remove_access_key("AKIA1")] == [True, False]


async def test_the_audit_log_only_grows_and_numbers_what_it_gets(store: SqlStore) -> None:
    assert await store.last_audit() == 0
    for outcome in (BEGUN, "200"):
        await store.add_audit(replace(ENTRY, outcome=outcome))
    first, second = await store.audit()
    assert (first.outcome, second.outcome) == (BEGUN, "200")
    assert first.resources == ("*",) and first.sequence < second.sequence
    assert await store.audit(after=first.sequence) == (second,)
    assert await store.audit(limit=1) == (first,)
    assert await store.last_audit() == second.sequence
