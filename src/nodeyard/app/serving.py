"""Sockets and web servers: bound before anything else starts, so that a taken port changes nothing."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

from nodeyard.settings import StartRefused

BACKLOG = 2048
GRACEFUL_S = 3


class Server(uvicorn.Server):  # type: ignore[misc]
    """A web server that leaves signals to the process that runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


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


def server(app: Any, certificate: tuple[Path, Path] | None = None) -> Server:
    """Return a server of an ASGI application, by TLS when a certificate and key are given."""
    tls: dict[str, Any] = {}
    if certificate is not None:
        tls = {"ssl_certfile": str(certificate[0]), "ssl_keyfile": str(certificate[1])}
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        interface="asgi3",
        lifespan="off",
        backlog=BACKLOG,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_S,
        **tls,
    )
    return Server(config)
