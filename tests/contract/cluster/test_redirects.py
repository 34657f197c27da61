"""A server that sends the client elsewhere is not followed: only the service may reach that address."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from nodeyard.drivers.kubernetes import Client, by_token
from nodeyard.model.cluster import Endpoint
from nodeyard.ports import PortError
from tests.fakes import FakeClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def test_a_redirect_is_an_error_and_is_not_followed() -> None:
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split(b"\r\n", 1)[0])
        to = f"http://127.0.0.1:{port}/latest/meta-data"
        told = f"HTTP/1.1 307 Away\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        writer.write(told.encode())
        await writer.drain()
        writer.close()

    async def token() -> tuple[str, datetime]:
        return "secret", datetime(9999, 1, 1, tzinfo=UTC)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = Client(Endpoint(f"http://127.0.0.1:{port}", ""), by_token(token), FakeClock(NOON))
    try:
        with pytest.raises(PortError, match="307"):
            await client.call("GET", "/version")
        with pytest.raises(PortError, match="307"):
            async for _ in client.watched("/api/v1/pods", {}, lambda: None):
                pass
    finally:
        await client.close()
        server.close()
    assert [each.split(b"?")[0].removesuffix(b" HTTP/1.1") for each in asked] == [
        b"GET /version",
        b"GET /api/v1/pods",
    ]
