"""The event stream without a socket: order, resumption, filters, silence, memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from nodeyard.api import event_stream
from nodeyard.api.event_stream import EventStream
from nodeyard.drivers.store import MemoryStore
from nodeyard.drivers.system import RealClock
from nodeyard.model.scope import Scope
from nodeyard.ports import Changes, Event
from tests.nouns import NOON, SCOPE

LIMIT_S = 5.0


class Client:
    """One subscription, and what came over it so far."""

    def __init__(self, stream: EventStream, query: str = "", last: str | None = None, who: Any = SCOPE):
        self.messages: list[dict[str, Any]] = []
        self._left = asyncio.Event()
        self._came = asyncio.Event()
        self.task = asyncio.create_task(stream.serve(who, query, last, (self._receive, self._send)))

    async def _receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.messages.append(dict(message))
        self._came.set()

    def text(self) -> str:
        return b"".join(each.get("body", b"") for each in self.messages).decode()

    def events(self) -> list[dict[str, Any]]:
        lines = [line for line in self.text().splitlines() if line.startswith("data: ")]
        return [json.loads(line.removeprefix("data: ")) for line in lines]

    async def until(self, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(LIMIT_S):
            while len(self.events()) < count:
                self._came.clear()
                await self._came.wait()
        return self.events()

    async def opened(self) -> None:
        await self.until_text("retry:")

    async def until_text(self, wanted: str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while wanted not in self.text():
                self._came.clear()
                await self._came.wait()

    async def leave(self) -> None:
        self._left.set()
        await self.task


class World:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.stream = EventStream(self.store, RealClock())
        self.store.on_event(lambda _: self.stream.committed())

    async def happens(self, *messages: str, **members: Any) -> None:
        defaults: dict[str, Any] = {"scope": SCOPE, "cluster": "prod", "nodegroup": "blue", "at": NOON}
        events = tuple(Event(kind="Test", message=each, **(defaults | members)) for each in messages)
        await self.store.commit(Changes(events=events))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    await made.happens("before")
    await made.stream.start()
    running = asyncio.create_task(made.stream.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_event_comes_with_its_sequence_and_its_causes(world: World) -> None:
    client = Client(world.stream)
    await client.opened()
    await world.happens("now", subject={"update": "u-1", "pod": "shop/web", "budget": ""})
    (event,) = await client.until(1)
    assert (event["sequence"], event["message"]) == (2, "now")
    assert event["subject"] == {"update": "u-1", "pod": "shop/web"}
    assert "id: 2\n" in client.text()
    await client.leave()
    assert world.stream.clients == 0


@pytest.mark.parametrize(("query", "last"), [("", "0"), ("after=0", None)])
async def test_a_client_goes_on_after_the_last_event_that_it_has(
    world: World, query: str, last: str | None
) -> None:
    client = Client(world.stream, query, last)
    assert [each["message"] for each in await client.until(1)] == ["before"]
    await client.leave()


async def test_what_happens_together_comes_together_and_never_more_than_a_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "PAGE_EVENTS", 3)
    client = Client(world.stream)
    await client.opened()
    await world.happens(*"abcdefgh")
    assert [each["message"] for each in await client.until(8)] == [*"abcdefgh"]
    sizes = [each.get("body", b"").count(b"data: ") for each in client.messages]
    assert max(sizes) == 3
    assert sum(sizes) == 8
    await client.leave()


async def test_only_what_was_asked_for_comes(world: World) -> None:
    client = Client(world.stream, "cluster=prod&nodegroup=blue&update=u-1")
    await client.opened()
    await world.happens("other group", nodegroup="green", subject={"update": "u-1"})
    await world.happens("other update", subject={"update": "u-2"})
    await world.happens("other account", scope=Scope("999999999999", "eu-west-1"), subject={"update": "u-1"})
    await world.happens("mine", subject={"update": "u-1"})
    assert [each["message"] for each in await client.until(1)] == ["mine"]
    await client.leave()


async def test_a_client_that_is_far_behind_reads_on_from_the_store(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "RING_EVENTS", 5)
    monkeypatch.setattr(event_stream, "PAGE_EVENTS", 7)
    world.stream = EventStream(world.store, RealClock())
    await world.stream.start()
    running = asyncio.create_task(world.stream.run())
    first = Client(world.stream)
    await first.opened()
    await world.happens(*(f"event {number}" for number in range(40)))
    await first.until(40)
    late = Client(world.stream, last="1")
    messages = [each["message"] for each in await late.until(40)]
    assert messages == [f"event {number}" for number in range(40)]
    assert len(world.stream._ring) == 5
    await first.leave()
    await late.leave()
    running.cancel()


async def test_many_clients_all_get_everything_once_and_in_order(world: World) -> None:
    clients = [Client(world.stream) for _ in range(200)]
    for client in clients:
        await client.opened()
    await world.happens(*(str(number) for number in range(50)))
    for client in clients:
        assert [int(each["message"]) for each in await client.until(50)] == list(range(50))
        await client.leave()


async def test_silence_is_broken_by_comments(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.01)
    client = Client(world.stream)
    await client.until_text(": still here")
    await client.leave()


async def test_an_id_that_is_none_is_refused(world: World) -> None:
    client = Client(world.stream, "after=yesterday")
    await client.task
    assert client.messages[0]["status"] == 400
    assert "'yesterday' is no event id" in client.text()


async def test_an_id_of_a_log_that_is_no_more_goes_on_with_this_one(world: World) -> None:
    client = Client(world.stream, last="900")
    await client.opened()
    await world.happens("now")
    assert [each["message"] for each in await client.until(1)] == ["now"]
    await client.leave()


async def test_a_stop_of_the_service_ends_the_stream_as_a_whole_answer(world: World) -> None:
    client = Client(world.stream)
    await client.opened()
    client.task.cancel()
    await asyncio.gather(client.task, return_exceptions=True)
    assert client.messages[-1] == {"type": "http.response.body", "body": b""}
    assert world.stream.clients == 0
