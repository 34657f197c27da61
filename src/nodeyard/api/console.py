"""The browser console under /console/: files that were built ahead, and what a browser may do with them.

`make console` (or building the wheel) puts the files into `nodeyard/console`. Where they are missing every
address answers with a page that says how to build them, so the program works without npm. The policy lets
the page run only its own scripts and talk only to where it came from.
Source: W3C Content Security Policy Level 3.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

PREFIX = "/console"
BUILT = Path(__file__).resolve().parent.parent / "console"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".json": "application/json",
}
_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Nodeyard console</title></head>
<body>
<h1>The console is not built</h1>
<p>The service works without it; only these pages are missing.</p>
<p>To build them, install Node.js 20 or newer with npm, then run this in a checkout of Nodeyard:</p>
<pre>make console</pre>
<p>Then load this page again. A wheel that was built where npm is installed has the console in it.</p>
</body></html>
"""

Message = MutableMapping[str, Any]
Headers = list[tuple[bytes, bytes]]


class Console:
    """An ASGI application over one folder of built files."""

    def __init__(self, folder: Path = BUILT) -> None:
        self._folder = folder

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        status, headers, body = self._answer(scope)
        headers += [(b"content-length", str(len(body)).encode()), *_ALWAYS]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _answer(self, scope: Message) -> tuple[int, Headers, bytes]:
        """Return status, headers and body of a request."""
        path = str(scope["path"])
        if scope["method"] not in ("GET", "HEAD"):
            return 405, [(b"allow", b"GET, HEAD"), _type(".html")], b"These are files: use GET."
        if path == PREFIX:
            return 308, [(b"location", f"{PREFIX}/".encode())], b""
        if not (self._folder / "index.html").is_file():
            return 503, [_type(".html"), (b"cache-control", b"no-store")], _NOT_BUILT.encode()
        wanted = path.removeprefix(f"{PREFIX}/") or "index.html"
        file = (self._folder / wanted).resolve()
        if not file.is_relative_to(self._folder.resolve()) or not file.is_file():
            return 404, [_type(".html")], b"The console has no such file; it begins at /console/."
        return 200, *_content(file, _accepts_gzip(scope), hashed=wanted.startswith("assets/"))


def _content(file: Path, gzip: bool, *, hashed: bool) -> tuple[Headers, bytes]:
    """Return headers and bytes of a file, compressed where that was prepared and is understood.

    The name of a hashed file changes with its content, so it never has to be asked for again.
    """
    keep = b"public, max-age=31536000, immutable" if hashed else b"no-cache"
    headers = [_type(file.suffix), (b"cache-control", keep), (b"vary", b"accept-encoding")]
    compressed = file.with_name(f"{file.name}.gz")
    if gzip and compressed.is_file():
        return [*headers, (b"content-encoding", b"gzip")], compressed.read_bytes()
    return headers, file.read_bytes()


def _accepts_gzip(scope: Message) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])


def _type(suffix: str) -> tuple[bytes, bytes]:
    return b"content-type", _TYPES.get(suffix, "application/octet-stream").encode()


_ALWAYS: Headers = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
