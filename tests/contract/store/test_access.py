"""Access keys, the audit log and used signatures come back as they were written, from both databases."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from nodeyard.drivers.store import SqlStore
from nodeyard.ports.access import BEGUN, AccessKey, AuditEntry, UsedSignature
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


async def test_a_signature_is_used_once_and_only_then_the_beginning_is_written(store: SqlStore) -> None:
    used = UsedSignature("d1", NOON + timedelta(days=1))
    tries = await asyncio.gather(*(store.begin_audit(ENTRY, used) for _ in range(4)))
    assert Counter(tries) == {NOON: 3, None: 1}
    assert len(await store.audit()) == 1
    assert await store.begin_audit(ENTRY, replace(used, digest="d2")) is None


async def test_a_used_signature_is_forgotten_after_its_end_and_not_before(store: SqlStore) -> None:
    used = UsedSignature("d1", NOON + timedelta(days=1))
    assert await store.begin_audit(ENTRY, used) is None
    for hours, known in ((23, NOON), (25, None)):
        later = replace(ENTRY, at=NOON + timedelta(hours=hours))
        assert await store.begin_audit(later, used) == known


async def test_two_processes_know_what_the_other_has_seen(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres").new_database()
    one, two = SqlStore(url), SqlStore(url)
    for each in (one, two):
        await each.open()
    used = UsedSignature("d1", NOON + timedelta(days=1))
    tries = await asyncio.gather(*(each.begin_audit(ENTRY, used) for each in (one, two) * 2))
    assert Counter(tries) == {NOON: 3, None: 1}
    for each in (one, two):
        await each.close()
