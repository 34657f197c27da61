"""What is between a socket and the door: bounded heads, proxies that are believed, renewed certificates."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from nodeyard.app import serving
from tests.e2e.test_guarded_serve import certificate


async def whence(scope: Any, receive: Any, send: Any) -> None:
    """Read a request to its end and answer with where it came from."""
    while (await receive()).get("more_body"):
        pass
    body = f"{scope['client'][0]} {scope['scheme']}".encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def served(proxies: Sequence[str] = ()) -> AsyncIterator[int]:
    bound = serving.bound("127.0.0.1", 0, "--port")
    server = serving.server(whence, None, proxies)
    running = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        yield bound.getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def told(port: int, *pieces: bytes) -> bytes:
    """Send pieces one after another and return all that is answered until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
        with contextlib.suppress(ConnectionError):
            return await reader.read()
    return b""


HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
PIECE = b"a" * 100_000


@pytest.mark.parametrize(
    "pieces",
    [
        (HEAD, b"x-a: ", *[PIECE] * 20),
        (HEAD, *[b"x-a: " + PIECE + b"\r\n"] * 20),
        (b"GET /", *[PIECE] * 20),
        (CHUNKED, b"1\r\na\r\n0\r\nx-a: ", *[PIECE] * 20),
    ],
)
async def test_a_head_without_an_end_is_refused_before_it_fills_the_memory(pieces: tuple[bytes, ...]) -> None:
    async with served() as port:
        answer = await told(port, *pieces)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
        assert b" 200 " not in answer
        # Nothing of that is held against others, nor against large bodies in small pieces.
        body = b"".join(b"1\r\na\r\n" for _ in range(50_000)) + b"0\r\n\r\n"
        assert (await told(port, CHUNKED, body)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("proxies", "said"), [((), b"127.0.0.1 http"), (("127.0.0.0/8",), b"192.0.2.7 https")]
)
async def test_where_a_request_came_from_is_believed_of_proxies_that_were_named(
    proxies: tuple[str, ...], said: bytes
) -> None:
    forwarded = b"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n\r\n"
    async with served(proxies) as port:
        assert (await told(port, HEAD + forwarded)).endswith(said)


def shown(context: ssl.SSLContext) -> bytes | None:
    """Return the certificate that a handshake shows."""
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    here, there = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking, answering = client.wrap_bio(here, there), context.wrap_bio(there, here, server_side=True)
    for side in (asking, answering, asking, answering):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    return asking.getpeercert(binary_form=True)


def test_a_renewed_certificate_is_shown_and_a_half_one_is_not(tmp_path: Path) -> None:
    pair = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    first, seen = shown(context), serving.stamps(pair)
    assert serving.renew(context, pair, seen) == seen

    (tmp_path / "new").mkdir()
    new = certificate(tmp_path / "new")
    os.replace(new[0], pair[0])
    half = serving.renew(context, pair, seen)
    assert (shown(context), half != seen) == (first, True)
    os.replace(new[1], pair[1])
    whole = serving.renew(context, pair, half)
    assert shown(context) not in (None, first)
    pair[1].unlink()
    second = shown(context)
    serving.renew(context, pair, whole)
    assert shown(context) == second
