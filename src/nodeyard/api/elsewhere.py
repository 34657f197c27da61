"""Whether a request may be that of a web page of somebody else, where nobody is verified.

A page that a developer looks at can send requests to services of the developer's machine: to their
address (the Origin is then the page's), or to a name of its own that it points there (the Host is
then that name). Where callers are verified neither has a signature. Source: Fetch, Origin header;
Jackson et al., Protecting browsers from DNS rebinding attacks.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from nodeyard.api.refusals import refusal
from nodeyard.wire.encode import Response

_NOBODYS = (".localhost", ".internal", ".local", ".test", ".invalid", ".home.arpa")
"""Names that cannot be registered. Source: RFC 6761, RFC 6762, RFC 8375; ICANN, .internal."""


def who(headers: Mapping[str, str]) -> str | None:
    """Return the name of somebody else that a request speaks under, None when there is none.

    `headers` in lower case, as the door has them.
    """
    host, origin = headers.get("host", ""), headers.get("origin")
    name = _name(f"//{host}")
    if name is None or not (_is_address(name) or "." not in name or name.endswith(_NOBODYS)):
        return host
    if origin is None or origin.partition("://")[2] == host:
        return None
    page = _name(origin) or ""
    return None if f".{page}".endswith(".localhost") or _is_loopback(page) else origin


def refused(page: str) -> Response:
    """Return the answer to such a request."""
    return refusal(
        403,
        "AccessDeniedException",
        f"This could be a web page of {page!r}: nobody is verified here, so only pages and "
        "clients of this machine are answered. Use 127.0.0.1 or localhost, or start with --access-key.",
    )


def _name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return _is_address(name) and ipaddress.ip_address(name).is_loopback
