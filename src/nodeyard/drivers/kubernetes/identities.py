"""Who one is to an API server: a bearer token or a client certificate, for as long as it lasts."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    """`until`: after this instant another one is asked for. Certificate and key are PEM.

    `server_name` is the name in the server's certificate, where it is not that of the address.
    """

    until: datetime
    token: str | None = field(default=None, repr=False)
    certificate: tuple[str, str] | None = field(default=None, repr=False)
    server_name: str | None = None


IdentitySource = Callable[[], Awaitable[Identity]]
TokenSource = Callable[[], Awaitable[tuple[str, datetime]]]
"""Makes a bearer token and says after which instant to ask for another."""


def by_token(source: TokenSource) -> IdentitySource:
    """Return a source that makes tokens."""

    async def made() -> Identity:
        token, until = await source()
        return Identity(until, token)

    return made


def present(context: ssl.SSLContext, certificate: tuple[str, str]) -> None:
    """Let a context say who one is with a client certificate. Raises: ssl.SSLError.

    The library reads files only, so that for an instant there is one that nobody else can open.
    """
    with tempfile.TemporaryDirectory(prefix="nodeyard-") as folder:
        both = Path(folder) / "pair.pem"
        both.touch(mode=0o600)
        both.write_text("\n".join(certificate))
        # An empty pass phrase: for a key that has one the library would ask at the terminal, and wait.
        context.load_cert_chain(both, password="")
