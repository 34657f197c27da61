"""An API server that answers without end, or with what it should not, is given up with a sentence."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from nodeyard.drivers.kubernetes import Client, KubernetesApi, bounds, by_token
from nodeyard.drivers.kubernetes.informer import Informer
from nodeyard.model.cluster import Endpoint
from nodeyard.ports import PortError, Throttled, Unavailable
from tests.fakes import FakeClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SMALL = 1 << 20
BUFFERS = 32 << 20
"""What the two ends of a connection may hold beside what was read."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ENDLESS = HEAD + b"Connection: close\r\n\r\n"
NODE = {"metadata": {"name": "n1", "resourceVersion": "1"}}


class Server:
    """Says `head`, then `more` again and again until the client hangs up, or once."""

    def __init__(self, head: bytes, more: bytes = b"", *, again: bool = True) -> None:
        self.head, self.more, self.again = head, more, again
        self.sent = self.asked = 0
        self.hung_up = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            writer.write(self.head)
            while self.more:
                writer.write(self.more)
                await writer.drain()
                self.sent += len(self.more)
                if not self.again:
                    break
        except ConnectionError:
            pass
        finally:
            self.hung_up.set()
            writer.close()


@asynccontextmanager
async def asked(server: Server) -> AsyncIterator[Client]:
    async def token() -> tuple[str, datetime]:
        return "secret", datetime(9999, 1, 1, tzinfo=UTC)

    listening = await asyncio.start_server(server.answer, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    client = Client(Endpoint(f"http://127.0.0.1:{port}", ""), by_token(token), FakeClock(NOON))
    try:
        yield client
    finally:
        await client.close()
        listening.close()


def whole(body: bytes, *more: str, status: str = "200 OK") -> bytes:
    head = (f"HTTP/1.1 {status}", *more, f"Content-Length: {len(body)}", "Connection: close")
    return "\r\n".join((*head, "", "")).encode() + body


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "ANSWER_BYTES_MAX", SMALL)
    monkeypatch.setattr(bounds, "EVENT_BYTES_MAX", SMALL)


async def test_an_answer_without_end_is_given_up_and_the_connection_with_it() -> None:
    server = Server(ENDLESS + b'{"items": [', b'{"metadata": {"name": "n"}},' * 1000)
    async with asked(server) as client:
        with pytest.raises(Unavailable, match=r"more than 1,024 KiB, which no cluster does"):
            await KubernetesApi(client).nodes({})
        await asyncio.wait_for(server.hung_up.wait(), 30)
    assert server.sent < SMALL + BUFFERS


async def test_a_small_answer_that_unpacks_without_end_is_given_up() -> None:
    packed = zlib.compressobj(wbits=31)
    bomb = packed.compress(b" " * (256 << 20)) + packed.flush()
    head = f"Content-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\nConnection: close\r\n\r\n"
    async with asked(Server(HEAD + head.encode(), bomb, again=False)) as client:
        with pytest.raises(Unavailable, match=r"more than 1,024 KiB"):
            await client.call("GET", "/version")


async def test_headers_without_end_are_given_up() -> None:
    server = Server(HEAD, b"X-More: and more\r\n" * 1000)
    async with asked(server) as client:
        with pytest.raises(Unavailable, match="does not answer"):
            await client.call("GET", "/version")
        await asyncio.wait_for(server.hung_up.wait(), 30)
    assert server.sent < BUFFERS


async def test_an_error_without_end_is_given_up() -> None:
    refused = ENDLESS.replace(b"200 OK", b"500 Oh")
    for path in ("call", "watch"):
        async with asked(Server(refused, b"x" * 10_000)) as client:
            with pytest.raises(Unavailable, match=r"more than 1,024 KiB"):
                await (client.call("GET", "/version") if path == "call" else watched(client))


async def watched(client: Client) -> list[dict[str, Any]]:
    return [each async for each in client.watched("/api/v1/nodes", {}, lambda: None)]


async def test_an_event_without_end_is_given_up() -> None:
    server = Server(ENDLESS + b'{"type": "ADDED", "object": {"a": "', b"x" * 10_000)
    async with asked(server) as client:
        with pytest.raises(Unavailable, match=r"event of more than 1,024 KiB"):
            await watched(client)
        await asyncio.wait_for(server.hung_up.wait(), 30)
    assert server.sent < SMALL + BUFFERS


async def test_events_come_whole_however_they_are_cut() -> None:
    told = b"".join(json.dumps({"type": "ADDED", "object": {"n": n}}).encode() + b"\n" for n in range(50))
    for cut in (1, 7, len(told)):
        server = Server(ENDLESS + told[:cut], told[cut:], again=False)
        async with asked(server) as client:
            assert [each["object"]["n"] for each in await watched(client)] == list(range(50))


async def test_a_list_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "OBJECTS_MAX", 5)
    monkeypatch.setattr(bounds, "PAGES_MAX", 5)
    for items, why in (([NODE, NODE], "more than 5 objects"), ([], "more than 5 pages")):
        page = {"items": items, "metadata": {"continue": "more", "resourceVersion": "1"}}
        server = Server(whole(json.dumps(page).encode()))
        async with asked(server) as client:
            with pytest.raises(Unavailable, match=why):
                await KubernetesApi(client).nodes({})
        assert server.asked <= 6


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"{}", b"[]", b'{"a":' * 100_000])
async def test_what_is_no_list_is_not_taken_for_an_empty_one(body: bytes) -> None:
    async with asked(Server(whole(body))) as client:
        with pytest.raises(PortError, match="no list"):
            await KubernetesApi(client).nodes({})


@pytest.mark.parametrize(("said", "taken"), [("2", 2.0), ("1e300", 300.0), ("nan", None), ("-1", None)])
async def test_nobody_lets_himself_be_told_to_wait_for_ever(said: str, taken: float | None) -> None:
    busy = whole(b"{}", f"Retry-After: {said}", status="429 Too Many Requests")
    async with asked(Server(busy)) as client:
        with pytest.raises(Throttled) as caught:
            await client.call("GET", "/version")
    assert caught.value.retry_after_s == taken


async def test_a_copy_does_not_grow_without_end_and_survives_what_it_cannot_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "OBJECTS_MAX", 20)
    names: Iterator[int] = iter(range(1_000_000))

    def added() -> bytes:
        node = {"metadata": {"name": f"n{next(names)}", "resourceVersion": "2"}}
        return json.dumps({"type": "ADDED", "object": node}).encode() + b"\n"

    lists = 0

    class Growing(Server):
        async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal lists
            asks = await reader.readuntil(b"\r\n\r\n")
            if b"watch=1" in asks:
                strange = b'{"type": "ADDED", "object": {}}\n' if lists % 2 else b""
                writer.write(ENDLESS + b"".join(added() for _ in range(15)) + strange)
            else:
                lists += 1
                listed = [{"metadata": {"name": f"a{n}"}} for n in range(10)]
                page = {"items": listed, "metadata": {"resourceVersion": "1"}}
                writer.write(whole(json.dumps(page).encode()))
            await writer.drain()
            writer.close()

    async with asked(Growing(b"")) as client:
        informer = Informer(client, "/api/v1/nodes", {}, lambda obj: obj, lambda *_: None)
        task = asyncio.create_task(informer.run())
        async with asyncio.timeout(30):
            while lists < 6:
                assert len(informer.items) <= 20 and not task.done()
                await asyncio.sleep(0)
        task.cancel()
