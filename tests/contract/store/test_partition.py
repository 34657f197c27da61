"""PostgreSQL behind a wire that is cut: calls say so within their limits, news are heard again afterwards."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import timedelta

import pytest

from nodeyard.drivers.store import SqlStore, postgres
from nodeyard.drivers.system import RealClock, SeededIds
from nodeyard.engine.runner import Engine, Next, Work
from nodeyard.ports import Changes, Unavailable
from tests.nouns import NOON, SCOPE, a_cluster
from tests.postgres import Postgres
from tests.relay import Relay

LIMIT_S = 40


@pytest.fixture
def wire(postgres: Postgres) -> Iterator[Relay]:
    made = Relay(postgres.port)
    yield made
    made.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("CONNECT_S", "ANSWER_S", "PING_S", "LISTEN_AGAIN_S"):
        monkeypatch.setattr(postgres, limit, 0.5)


def _cut_off(url: str, server: Postgres, wire: Relay) -> str:
    return url.replace(f":{server.port}/", f":{wire.port}/")


@pytest.mark.usefixtures("impatient")
async def test_while_the_wire_is_cut_calls_say_so_and_news_are_heard_after_it(
    postgres: Postgres, wire: Relay
) -> None:
    url = postgres.new_database()
    near, far = SqlStore(url), SqlStore(_cut_off(url, postgres, wire))
    for store in (near, far):
        await store.open()
    woken = asyncio.Event()
    try:
        async with asyncio.timeout(LIMIT_S):
            await far.commit(Changes(put=(a_cluster(),)))
            wire.cut()
            for _ in range(3):
                with pytest.raises(Unavailable):
                    await far.cluster(SCOPE, "prod")
            wire.mend()
            while await _answer(far) is None:
                pass
            far.on_wake(woken.set)
            while not woken.is_set():
                await near.commit(Changes(wake=(("k", NOON),)))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), 0.2)
    finally:
        for store in (near, far):
            await store.close()


async def _a_moment() -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 0.05)


async def _answer(store: SqlStore) -> object:
    with contextlib.suppress(Unavailable):
        return await store.cluster(SCOPE, "prod")
    return None


@pytest.mark.usefixtures("impatient")
async def test_what_a_worker_behind_a_cut_wire_held_goes_on_elsewhere_and_it_comes_back(
    postgres: Postgres, wire: Relay
) -> None:
    url, clock = postgres.new_database(), RealClock()
    near, far = SqlStore(url, clock), SqlStore(_cut_off(url, postgres, wire), clock)
    ran: list[str] = []
    begun, cancelled = asyncio.Event(), asyncio.Event()

    def handler(name: str, first: bool) -> object:
        async def run(work: Work) -> Next:
            ran.append(name)
            if first and not begun.is_set():
                begun.set()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    cancelled.set()
                    raise
            return Next(at=None)

        return run

    for store in (near, far):
        await store.open()
    engines = [
        Engine(store, clock, SeededIds(name), handler(name, name == "far"), lease_s=1.5, poll_s=0.1)  # type: ignore[arg-type]
        for store, name in ((far, "far"), (near, "near"))
    ]
    tasks = [asyncio.create_task(engines[0].run())]
    try:
        async with asyncio.timeout(LIMIT_S):
            await near.commit(Changes(wake=(("k", clock.now()),)))
            await begun.wait()
            wire.cut()
            tasks.append(asyncio.create_task(engines[1].run()))
            while "near" not in ran:
                await _a_moment()
            wire.mend()
            await cancelled.wait()  # its lease was gone when it could ask again
            await engines[1].stop()
            await near.commit(Changes(wake=(("k", clock.now() - timedelta(seconds=1)),)))
            before = ran.count("far")
            while ran.count("far") == before:
                await _a_moment()
    finally:
        for engine in engines:
            with contextlib.suppress(Unavailable):
                await engine.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for store in (near, far):
            await store.close()
