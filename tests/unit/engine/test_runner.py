"""The engine on a real store: one run at a time, retries that wait, leases that fence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from nodeyard.drivers.store import SqlStore
from nodeyard.drivers.system import ScaledClock, SeededIds
from nodeyard.engine import retry
from nodeyard.engine.runner import Engine, Handler, Next, Work
from nodeyard.ports import Changes, Clock, Denied, Fenced, Unavailable, fencing


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    store = SqlStore(tmp_path / "nodeyard.db")
    await store.open()
    yield store
    await store.close()


@asynccontextmanager
async def running(store: SqlStore, handler: Handler, clock: Clock | None = None) -> AsyncIterator[Engine]:
    engine = Engine(store, clock or ScaledClock(1000), SeededIds(1), handler)
    store.on_wake(engine.wake)
    task = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        await engine.stop()
        await task


async def due(store: SqlStore, *keys: str) -> None:
    now = ScaledClock().now()
    await store.commit(Changes(wake=tuple((key, now) for key in keys)))


async def test_a_key_runs_when_it_is_due_and_is_forgotten_when_done(store: SqlStore) -> None:
    done = asyncio.Event()

    async def handler(work: Work) -> Next:
        done.set()
        return Next(at=None, forget=True)

    async with running(store, handler):
        await due(store, "k")
        await asyncio.wait_for(done.wait(), 5)
        async with asyncio.timeout(5):
            while await store.next_wake(ScaledClock().now()) is not None:
                await asyncio.sleep(0)


async def test_a_wake_while_the_key_runs_makes_it_run_again_but_never_beside_itself(store: SqlStore) -> None:
    inside = 0
    runs = 0
    again = asyncio.Event()
    go_on = asyncio.Event()

    async def handler(work: Work) -> Next:
        nonlocal inside, runs
        inside += 1
        assert inside == 1
        runs += 1
        if runs == 1:
            await due(store, work.key)
            go_on.set()
        await asyncio.sleep(0)
        inside -= 1
        if runs == 2:
            again.set()
        return Next(at=None)

    async with running(store, handler):
        await due(store, "k")
        await asyncio.wait_for(go_on.wait(), 5)
        await asyncio.wait_for(again.wait(), 5)
    assert runs == 2


async def test_a_failing_key_comes_back_and_does_not_hold_up_another(store: SqlStore) -> None:
    attempts: list[int] = []
    other, recovered = asyncio.Event(), asyncio.Event()

    async def handler(work: Work) -> Next:
        if work.key == "other":
            other.set()
            return Next(at=None, forget=True)
        attempts.append(work.lease.attempts)
        if len(attempts) == 1:
            raise Unavailable("no answer")
        if len(attempts) == 2:
            raise RuntimeError("a bug")
        recovered.set()
        return Next(at=None, forget=True)

    async with running(store, handler) as engine:
        await due(store, "bad", "other")
        await asyncio.wait_for(other.wait(), 5)
        await asyncio.wait_for(recovered.wait(), 10)
        assert attempts == [0, 1, 2]
    assert engine.failing() == {}


async def test_a_key_that_keeps_hitting_a_bug_is_parked_and_another_goes_on(store: SqlStore) -> None:
    runs, other = 0, asyncio.Event()

    async def handler(work: Work) -> Next:
        nonlocal runs
        if work.key == "other":
            other.set()
            return Next(at=None, forget=True)
        runs += 1
        raise RuntimeError("a bug")

    async with running(store, handler) as engine:
        await due(store, "bad")
        async with asyncio.timeout(30):
            while not await store.parked():
                await asyncio.sleep(0)
        await due(store, "bad", "other")
        await asyncio.wait_for(other.wait(), 5)
        (parked,) = await store.parked()
        assert (parked.key, parked.error, runs) == ("bad", "RuntimeError: a bug", retry.PARK_AFTER)
        assert engine.failing() == {}
        await store.commit(Changes(unpark=("bad",), wake=(("bad", ScaledClock().now()),)))
        async with asyncio.timeout(5):
            while runs == retry.PARK_AFTER:
                await asyncio.sleep(0)


async def test_what_no_waiting_mends_is_told_and_tried_again_until_it_is_mended(
    store: SqlStore,
) -> None:
    runs, allowed, done = 0, False, asyncio.Event()

    async def handler(work: Work) -> Next:
        nonlocal runs
        runs += 1
        if not allowed:
            raise Denied("the role may not do it")
        done.set()
        return Next(at=None)

    async with running(store, handler) as engine:
        await due(store, "k")
        async with asyncio.timeout(30):
            while runs <= retry.PARK_AFTER:
                await asyncio.sleep(0)
        assert engine.failing() == {"k": "Denied: the role may not do it"}
        assert await store.parked() == ()
        allowed = True
        async with asyncio.timeout(30):
            await done.wait()
            while engine.failing():
                await asyncio.sleep(0)


async def test_a_failure_is_told_by_the_worker_that_took_the_key_up_since_and_by_no_other(
    store: SqlStore,
) -> None:
    async def refused(work: Work) -> Next:
        raise Denied("the role may not do it")

    async with running(store, refused, ScaledClock()) as engine:
        await due(store, "k", "gone")
        async with asyncio.timeout(5):
            while engine.failing().keys() != {"k", "gone"}:
                await asyncio.sleep(0)
            now = ScaledClock().now() + timedelta(minutes=5)
            while not (taken := await store.claim("another", now, now + timedelta(minutes=5), 1)):
                await asyncio.sleep(0)
            await store.commit(Changes(wake=(("gone" if taken[0].key == "k" else "k", None),)))
            while engine.failing():
                engine.wake()
                await asyncio.sleep(0)


async def test_a_worker_that_stood_still_runs_its_own_key_again_only_after_the_old_run_ended(
    store: SqlStore,
) -> None:
    order: list[str] = []
    begun, done = asyncio.Event(), asyncio.Event()

    async def handler(work: Work) -> Next:
        order.append(f"begin {work.lease.token}")
        try:
            if work.lease.token == 1:
                begun.set()
                await asyncio.Event().wait()
        finally:
            order.append(f"end {work.lease.token}")
        done.set()
        return Next(at=None, forget=True)

    async with running(store, handler, ScaledClock()) as engine:
        await due(store, "k")
        await asyncio.wait_for(begun.wait(), 5)
        # As if the process had stood still for longer than its lease.
        await store.renew(engine.owner, ["k"], ScaledClock().now() - timedelta(seconds=60))
        engine.wake()
        await asyncio.wait_for(done.wait(), 5)
    assert order == ["begin 1", "end 1", "begin 2", "end 2"]


async def test_a_driver_does_not_act_for_a_run_whose_lease_is_no_longer_safe(store: SqlStore) -> None:
    outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def handler(work: Work) -> Next:
        fencing.check()
        work.renewed_at -= 60.0
        try:
            await asyncio.create_task(_act())
        except Fenced:
            outcome.set_result("fenced")
            raise
        outcome.set_result("acted")
        return Next(at=None, forget=True)

    async def _act() -> None:
        fencing.check()

    async with running(store, handler, ScaledClock()):
        await due(store, "k")
        assert await asyncio.wait_for(outcome, 5) == "fenced"


async def test_a_worker_whose_lease_was_taken_over_can_write_nothing(store: SqlStore) -> None:
    outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    clock = ScaledClock()

    async def handler(work: Work) -> Next:
        far = clock.after(3600)
        assert await store.claim("thief", far, clock.after(7200), 1)
        try:
            await work.commit(Changes(wake=(("new", clock.now()),)))
        except Fenced:
            outcome.set_result("fenced")
            raise
        outcome.set_result("written")
        return Next(at=None)

    async with running(store, handler, clock):
        await due(store, "k")
        assert await asyncio.wait_for(outcome, 5) == "fenced"


@pytest.mark.parametrize("attempts", [0, 1, 5, 1000])
def test_backoff_stays_within_its_bounds(attempts: int) -> None:
    for chance in (0.0, 0.999):
        assert 0.5 <= retry.backoff_s(attempts, chance, longest_s=60) <= 60
