"""What PostgreSQL adds: news between processes, races, its own clock, and coming back after it was gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nodeyard.drivers.store import SqlStore
from nodeyard.drivers.system import RealClock
from nodeyard.ports import Changes, Clock, Event, Fenced, StaleRevision, Unavailable
from tests.nouns import NOON, SCOPE, a_cluster, a_nodegroup
from tests.postgres import Postgres

LIMIT_S = 20


class ClockAhead(RealClock):
    """A clock that somebody set wrongly."""

    def __init__(self, ahead: timedelta) -> None:
        super().__init__()
        self._ahead = ahead

    def now(self) -> datetime:
        return super().now() + self._ahead


@asynccontextmanager
async def opened(url: str, *clocks: Clock | None) -> AsyncIterator[list[SqlStore]]:
    stores = [SqlStore(url, clock) for clock in clocks]
    for store in stores:
        await store.open()
    try:
        yield stores
    finally:
        for store in stores:
            await store.close()


async def test_a_commit_in_one_process_wakes_the_others(postgres: Postgres) -> None:
    async with opened(postgres.new_database(), None, None) as (here, there):
        woken, told = asyncio.Event(), asyncio.Event()
        async with asyncio.timeout(LIMIT_S):
            there.on_wake(woken.set)
            there.on_events(told.set)
            await woken.wait()  # at the beginning once, for what may have been missed
            await told.wait()
            woken.clear()
            told.clear()
            await here.commit(Changes(wake=(("k", NOON),)))
            await woken.wait()
            assert not told.is_set()
            await here.commit(Changes(events=(Event(SCOPE, "prod", None, NOON, "Made", "x"),)))
            await told.wait()


async def test_of_many_workers_each_key_has_one(postgres: Postgres) -> None:
    async with opened(postgres.new_database(), *[None] * 4) as stores:
        await stores[0].commit(Changes(wake=tuple((f"k{i}", NOON) for i in range(60))))
        later = NOON + timedelta(seconds=5)
        took = await asyncio.gather(
            *(store.claim(f"w{n}", NOON, later, 5) for n, store in enumerate(stores) for _ in range(5))
        )
        keys = [lease.key for leases in took for lease in leases]
        assert len(keys) == len(set(keys)) and all(len(leases) <= 5 for leases in took)


async def test_of_two_who_write_over_one_revision_one_is_refused(postgres: Postgres) -> None:
    async with opened(postgres.new_database(), None, None) as (one, two):
        outcomes = await asyncio.gather(
            one.commit(Changes(put=(a_cluster(),))),
            two.commit(Changes(put=(a_cluster(),))),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "StaleRevision"]
        await one.commit(Changes(put=(a_nodegroup(),)))
        group = await two.nodegroup(SCOPE, "prod", "blue")
        assert group is not None
        outcomes = await asyncio.gather(
            *(each.commit(Changes(put=(replace(group, disk_size=9),))) for each in (one, two)),
            return_exceptions=True,
        )
        assert [type(each) for each in outcomes if each is not None] == [StaleRevision]


async def test_the_numbers_of_events_appear_in_their_order(postgres: Postgres) -> None:
    async with opened(postgres.new_database(), None, None) as (one, two):
        seen: list[int] = []

        async def follow() -> None:
            while len(seen) < 80:
                seen.extend([each.sequence for each in await one.events(None, after=seen[-1] if seen else 0)])

        async def write(store: SqlStore, n: int) -> None:
            await store.commit(Changes(events=(Event(SCOPE, "prod", None, NOON, "Made", str(n)),)))

        async with asyncio.timeout(LIMIT_S):
            await asyncio.gather(follow(), *(write((one, two)[n % 2], n) for n in range(80)))
        assert len(seen) == len(set(seen)) == 80


async def test_the_clock_of_the_database_rules_over_leases(postgres: Postgres) -> None:
    hour = timedelta(hours=1)
    clocks = [RealClock(), ClockAhead(hour), ClockAhead(-hour)]
    async with opened(postgres.new_database(), *clocks) as stores:
        right, ahead, behind = stores
        now = [clock.now for clock in clocks]
        await ahead.commit(Changes(wake=(("k", now[1]()),)))
        lease_s = timedelta(seconds=3)
        (lease,) = await right.claim("a", now[0](), now[0]() + lease_s, 10)
        # To a clock that is an hour ahead the lease ran out long ago; it is not asked.
        assert await ahead.claim("b", now[1](), now[1]() + lease_s, 10) == ()
        assert await behind.claim("c", now[2](), now[2]() + lease_s, 10) == ()
        due = await behind.next_wake(now[2]())
        assert due is not None and timedelta() < due - now[2]() <= lease_s
        taken: tuple[object, ...] = ()
        async with asyncio.timeout(LIMIT_S):
            while not taken:
                taken = await behind.claim("c", now[2](), now[2]() + lease_s, 10)
        with pytest.raises(Fenced):
            await right.commit(Changes(put=(a_cluster(),)), lease=lease)


async def test_while_the_database_is_gone_calls_say_so_and_afterwards_all_goes_on(postgres: Postgres) -> None:
    async with opened(postgres.new_database(), None, None) as (here, there):
        await here.commit(Changes(put=(a_cluster(),)))
        postgres.stop()
        try:
            with pytest.raises(Unavailable, match="does not answer"):
                await here.cluster(SCOPE, "prod")
        finally:
            postgres.start()
        assert await here.cluster(SCOPE, "prod") == replace(a_cluster(), revision=1)
        woken = asyncio.Event()
        there.on_wake(woken.set)
        async with asyncio.timeout(LIMIT_S):
            while not woken.is_set():  # it may have come back, and said so, before anybody asked
                await here.commit(Changes(wake=(("k", NOON),)))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), 0.1)


async def test_a_worker_that_stands_still_in_a_transaction_loses_its_locks(
    postgres: Postgres,
) -> None:
    url = postgres.new_database()
    async with opened(url, None) as (store,):
        await store.commit(Changes(wake=(("k", NOON),)))
        import asyncpg

        stopped = await asyncpg.connect(url)
        await stopped.execute("SET idle_in_transaction_session_timeout = 2000")
        await stopped.execute("BEGIN")
        await stopped.execute("SELECT pg_advisory_xact_lock(2037477988)")
        await store.commit(Changes(events=(Event(SCOPE, "prod", None, NOON, "Made", "x"),)))
        assert await store.last_event() == 1
        stopped.terminate()


async def test_a_record_is_read_as_committed_last_by_anybody_also_over_connections_that_ended(
    postgres: Postgres,
) -> None:
    url = postgres.new_database()
    async with opened(url, None, None) as (here, there):
        async with asyncio.timeout(LIMIT_S):
            assert await there.nodegroup(SCOPE, "prod", "blue") is None
            await here.commit(Changes(put=(a_cluster(), a_nodegroup())))
            for version in ("1.35", "1.36"):
                found = await there.nodegroup(SCOPE, "prod", "blue")
                assert found is not None
                await here.commit(Changes(put=(replace(found, version=version),)))
                # Many at once: more than there are connections.
                read = await asyncio.gather(*(there.nodegroup(SCOPE, "prod", "blue") for _ in range(20)))
                assert {(each.version, each.revision) for each in read if each} == {
                    (version, found.revision + 1)
                }
                postgres.sql(
                    "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                )
