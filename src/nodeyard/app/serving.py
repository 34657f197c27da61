"""Sockets and web servers: bound before anything else starts, so that a taken port changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from nodeyard.settings import StartRefused

log = structlog.get_logger(__name__)

BACKLOG = 2048
GRACEFUL_S = 3
HEAD_BYTES_MAX = 64 * 1024
"""Of a request before its body, and between two pieces of a body. Ours; proxies take 8 to 64 KiB."""
LOOK_S = 60.0
"""Wall seconds between two looks at the files of a certificate."""


class Server(uvicorn.Server):  # type: ignore[misc]
    """A web server that leaves signals to the process that runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Bounded(HttpToolsProtocol):  # type: ignore[misc]
    """HTTP whose heads and trailers are bounded: the parser keeps them until they end, whoever sends them."""

    _kept = 0

    def data_received(self, data: bytes) -> None:
        self._kept += len(data)
        super().data_received(data)
        if self._kept > HEAD_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response(f"The request's head is larger than {HEAD_BYTES_MAX} bytes.")

    def on_headers_complete(self) -> None:
        self._kept = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._kept = 0
        super().on_body(body)


def bound(host: str, port: int, flag: str) -> socket.socket:
    """Return a bound socket. Raises: StartRefused, naming the flag to change."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
    except OSError as error:
        raise StartRefused(
            f"--host {host} is not an address of this machine: {error.strerror or error}."
        ) from error
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(address)
        made.listen(BACKLOG)  # from here on callers wait instead of being turned away
    except OSError as error:
        made.close()
        raise StartRefused(_why_not_bound(error, host, port, flag)) from error
    return made


def _why_not_bound(error: OSError, host: str, port: int, flag: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program: stop it, or choose another with {flag}."
    if error.errno == errno.EACCES:
        return (
            f"Port {port} on {host} needs privileges that this user lacks: choose one above 1023 with {flag}."
        )
    return (
        f"Port {port} on {host} cannot be opened: {error.strerror}; choose other values of --host and {flag}."
    )


def look_through(certificate: Path, key: Path) -> None:
    """Find out whether a certificate and its key can be served. Raises: StartRefused."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, lambda: "")
    except (OSError, ssl.SSLError) as error:
        why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise StartRefused(
            f"--tls-cert {certificate} with --tls-key {key} cannot be used: {why or error}. Both must be PEM "
            "files, and the key that of the certificate, without a pass phrase."
        ) from error


async def follow(server: Server, certificate: tuple[Path, Path]) -> None:
    """Serve a renewed certificate without a restart, until cancelled."""
    seen = stamps(certificate)
    while True:
        await asyncio.sleep(LOOK_S)
        if server.config.loaded:
            seen = renew(server.config.ssl, certificate, seen)


def stamps(certificate: tuple[Path, Path]) -> tuple[tuple[int, int, int] | None, ...]:
    """Return what tells whether the files are other ones."""
    found: list[tuple[int, int, int] | None] = []
    for each in certificate:
        try:
            stat = each.stat()
            found.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
        except OSError:
            found.append(None)
    return tuple(found)


def renew(
    context: ssl.SSLContext, certificate: tuple[Path, Path], seen: tuple[tuple[int, int, int] | None, ...]
) -> tuple[tuple[int, int, int] | None, ...]:
    """Let a context show the files as they are now, if they are others than those `seen`.

    Files that cannot be used are told, and the certificate before them stays. Connections keep theirs.
    """
    now = stamps(certificate)
    if now != seen:
        try:
            look_through(*certificate)  # in a context of its own: half a pair would end this one
            context.load_cert_chain(*certificate)
            log.info("the certificate was read again", file=str(certificate[0]))
        except (StartRefused, OSError) as error:
            log.error("the certificate stays the one before", why=getattr(error, "message", str(error)))
    return now


def server(app: Any, certificate: tuple[Path, Path] | None = None, proxies: Sequence[str] = ()) -> Server:
    """Return a server of an ASGI application, by TLS when a certificate and key are given.

    `proxies`: addresses whose X-Forwarded-For and X-Forwarded-Proto are believed. Anybody can send them.
    """
    tls: dict[str, Any] = {}
    if certificate is not None:
        tls = {"ssl_certfile": str(certificate[0]), "ssl_keyfile": str(certificate[1])}
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        interface="asgi3",
        http=Bounded,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        lifespan="off",
        backlog=BACKLOG,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_S,
        **tls,
    )
    return Server(config)
