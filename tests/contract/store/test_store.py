"""What every store promises: records, revisions, tokens, wakes and fenced leases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from nodeyard.drivers.store import MemoryStore, SqlStore
from nodeyard.drivers.store.errors import StoreError
from nodeyard.model.drain import Drain
from nodeyard.model.health import Issue, IssueCode
from nodeyard.model.nodegroup import Taint
from nodeyard.ports import Changes, Credentials, Event, Fenced, Outcome, StaleRevision, Store, TokenRecord
from tests.nouns import NOON, SCOPE, a_cluster, a_nodegroup, an_update

SOON = NOON + timedelta(seconds=5)
LATER = NOON + timedelta(seconds=60)


@pytest.fixture(params=["sqlite", "memory", "postgresql"])
async def store(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    if request.param == "postgresql":
        opened = SqlStore(request.getfixturevalue("postgres").new_database())
    else:
        opened = SqlStore(tmp_path / "nodeyard.db")
    await opened.open()
    yield opened
    await opened.close()


async def test_a_record_comes_back_as_it_was_written(store: Store) -> None:
    group = a_nodegroup(
        taints=(Taint("gpu", "NO_SCHEDULE", "yes"),),
        issues=(Issue(IssueCode.ACCESS_DENIED, "no", ("i-1",)),),
        drains={"i-1": Drain("i-1", "node-1", NOON, LATER)},
        labels={"a": "b"},
    )
    await store.commit(Changes(put=(a_cluster(), group)))
    assert await store.nodegroup(SCOPE, "prod", "blue") == replace(group, revision=1)
    assert await store.cluster(SCOPE, "prod") == replace(a_cluster(), revision=1)
    assert await store.nodegroups(SCOPE, "prod") == (replace(group, revision=1),)
    assert await store.all_clusters() == await store.clusters(SCOPE)


async def test_a_write_over_an_old_revision_is_refused_and_changes_nothing(store: Store) -> None:
    await store.commit(Changes(put=(a_nodegroup(),)))
    first = await store.nodegroup(SCOPE, "prod", "blue")
    assert first is not None
    await store.commit(Changes(put=(replace(first, disk_size=30),)))
    with pytest.raises(StaleRevision):
        await store.commit(Changes(put=(a_cluster(), replace(first, disk_size=40))))
    assert await store.cluster(SCOPE, "prod") is None


async def test_a_second_record_of_the_same_name_is_refused(store: Store) -> None:
    await store.commit(Changes(put=(a_nodegroup(),)))
    with pytest.raises(StaleRevision):
        await store.commit(Changes(put=(a_nodegroup(),)))


async def test_updates_come_newest_first_and_go_with_their_group(store: Store) -> None:
    token = TokenRecord(SCOPE, "UpdateNodegroupConfig", "t", "d", "u-2", NOON)
    await store.commit(Changes(put=(a_nodegroup(), an_update(id="u-1")), tokens=(token,)))
    await store.commit(Changes(put=(an_update(id="u-2"),)))
    assert [u.id for u in await store.updates(SCOPE, "prod", "blue")] == ["u-2", "u-1"]
    assert await store.updates(SCOPE, "prod", None) == ()
    group = await store.nodegroup(SCOPE, "prod", "blue")
    assert group is not None
    await store.commit(Changes(delete=(group,)))
    assert await store.updates(SCOPE, "prod", "blue") == ()
    assert await store.token(SCOPE, "UpdateNodegroupConfig", "t") is None


async def test_a_token_is_used_once(store: Store) -> None:
    token = TokenRecord(SCOPE, "CreateNodegroup", "t", "digest", "arn", NOON)
    await store.commit(Changes(tokens=(token,)))
    assert await store.token(SCOPE, "CreateNodegroup", "t") == token
    with pytest.raises(StaleRevision):
        await store.commit(Changes(tokens=(token,)))


async def test_events_are_numbered_and_filtered(store: Store) -> None:
    assert await store.last_event() == 0
    for name in ("blue", "green"):
        await store.commit(Changes(events=(Event(SCOPE, "prod", name, NOON, "Made", name),)))
    assert [e.message for e in await store.events(None)] == ["blue", "green"]
    (green,) = await store.events(SCOPE, cluster="prod", nodegroup="green")
    assert await store.events(None, after=green.sequence) == ()
    assert await store.last_event() == green.sequence


async def test_a_due_key_is_claimed_once_until_its_lease_runs_out(store: Store) -> None:
    await store.commit(Changes(wake=(("k", NOON), ("not-yet", LATER))))
    (lease,) = await store.claim("a", NOON, SOON, 10)
    assert (lease.key, lease.token) == ("k", 1)
    assert await store.claim("b", NOON, SOON, 10) == ()
    (taken,) = await store.claim("b", SOON, LATER, 10)
    assert taken.token == 2
    for late in (
        store.commit(Changes(put=(a_cluster(),)), lease=lease),
        store.finish(lease, None),
    ):
        with pytest.raises(Fenced):
            await late
    assert await store.cluster(SCOPE, "prod") is None


async def test_renewing_keeps_a_lease_and_names_those_that_are_still_ours(store: Store) -> None:
    await store.commit(Changes(wake=(("k", NOON),)))
    await store.claim("a", NOON, SOON, 10)
    assert await store.renew("a", ["k", "other"], LATER) == {"k"}
    assert await store.renew("b", ["k"], LATER) == frozenset()
    assert await store.claim("b", SOON, LATER, 10) == ()


async def test_a_wake_during_the_work_is_kept(store: Store) -> None:
    await store.commit(Changes(wake=(("k", NOON),)))
    (lease,) = await store.claim("a", NOON, SOON, 10)
    await store.commit(Changes(wake=(("k", NOON),)))
    await store.finish(lease, None)
    (again,) = await store.claim("a", NOON, SOON, 10)
    await store.finish(again, LATER)
    assert await store.next_wake(NOON) == LATER


async def test_an_error_counts_an_attempt_and_success_forgets_them(store: Store) -> None:
    await store.commit(Changes(wake=(("k", NOON),)))
    for attempts, error in ((0, "bad"), (1, "bad"), (2, None), (0, None)):
        (lease,) = await store.claim("a", NOON, SOON, 10)
        assert lease.attempts == attempts
        await store.finish(lease, NOON, Outcome(error))


async def test_a_parked_key_is_left_alone_until_a_person_takes_it_up(store: Store) -> None:
    await store.commit(Changes(wake=(("good", NOON), ("k", NOON))))
    good, bad = sorted(await store.claim("a", NOON, SOON, 10), key=lambda lease: lease.key)
    await store.finish(bad, NOON, Outcome("RuntimeError: a bug", bug=True, park=True))
    await store.finish(good, LATER)
    await store.commit(Changes(wake=(("k", NOON),)))  # a hint changes nothing
    assert await store.claim("b", NOON, SOON, 10) == ()
    assert await store.next_wake(NOON) == LATER
    (parked,) = await store.parked()
    assert (parked.key, parked.since, parked.error, parked.attempts) == ("k", NOON, "RuntimeError: a bug", 1)
    await store.commit(Changes(unpark=("k",), wake=(("k", NOON),)))
    assert await store.parked() == ()
    (lease,) = await store.claim("b", NOON, SOON, 10)
    assert (lease.key, lease.attempts, lease.bugs) == ("k", 0, 0)


async def test_bugs_are_counted_apart_from_what_the_world_says(store: Store) -> None:
    await store.commit(Changes(wake=(("k", NOON),)))
    for bugs, outcome in (
        (0, Outcome("a", bug=True)),
        (1, Outcome("b", bug=True)),
        (2, Outcome("c")),
        (0, None),
    ):
        (lease,) = await store.claim("a", NOON, SOON, 10)
        assert lease.bugs == bugs
        if outcome is not None:
            await store.finish(lease, NOON, outcome)


async def test_a_clean_stop_gives_every_lease_back_at_once(store: Store) -> None:
    await store.commit(Changes(wake=(("k", NOON),)))
    await store.claim("a", NOON, LATER, 10)
    await store.release("a")
    assert len(await store.claim("b", NOON, LATER, 10)) == 1


async def test_the_leases_of_a_killed_process_are_free_at_the_next_start(tmp_path: Path) -> None:
    dead = SqlStore(tmp_path / "nodeyard.db")
    await dead.open()
    await dead.commit(Changes(wake=(("k", NOON),)))
    (old,) = await dead.claim("a", NOON, LATER, 10)
    await dead.close()  # lets the lock go, as the system does for a killed process; the lease stays
    store = SqlStore(tmp_path / "nodeyard.db")
    await store.open()
    (taken,) = await store.claim("b", NOON, LATER, 10)
    assert taken.token > old.token
    with pytest.raises(Fenced):
        await store.finish(old, None)
    await store.close()


async def test_a_second_process_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    first = SqlStore(tmp_path / "nodeyard.db")
    await first.open()
    with pytest.raises(StoreError, match="in use by process"):
        await SqlStore(tmp_path / "nodeyard.db").open()
    await first.close()


async def test_credentials_are_replaced_and_go_with_their_cluster(store: Store) -> None:
    first, other = Credentials(SCOPE, "prod", "v1.a"), Credentials(SCOPE, "stage", "v1.b")
    await store.commit(Changes(put=(a_cluster(),), credentials=(first, other)))
    await store.commit(Changes(credentials=(replace(first, sealed="v1.c"),)))
    assert await store.credentials(SCOPE, "prod") == replace(first, sealed="v1.c")
    assert await store.all_credentials() == (replace(first, sealed="v1.c"), other)
    assert "v1.c" not in repr(await store.credentials(SCOPE, "prod"))
    cluster = await store.cluster(SCOPE, "prod")
    assert cluster is not None
    await store.commit(Changes(delete=(cluster,)))
    assert await store.credentials(SCOPE, "prod") is None
    assert await store.credentials(SCOPE, "stage") == other


async def test_an_overview_has_every_group_and_the_updates_that_they_name(store: Store) -> None:
    assert await store.overview() == ((), ())
    busy = a_nodegroup(name="busy", active_update="u-2")
    updates = (an_update(nodegroup="busy", id="u-1"), an_update(nodegroup="busy", id="u-2"))
    await store.commit(Changes(put=(a_cluster(), a_nodegroup(name="calm"), busy, *updates)))
    groups, active = await store.overview()
    assert {each.name for each in groups} == {"busy", "calm"}
    assert [each.id for each in active] == ["u-2"]
