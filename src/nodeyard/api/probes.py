"""What orchestrators ask: /healthz whether the process answers, /readyz whether it can do its work.

And what Prometheus asks. None of them needs a signature; none tells names of clusters or people.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from nodeyard.api.metrics import Metrics
from nodeyard.wire.encode import Response

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Ready = Callable[[], Awaitable[str | None]]
"""Return None when everything works, else what does not, in a sentence."""

PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
_TEXT = (("content-type", "text/plain; charset=utf-8"),)


def only(ready: Ready, metrics: Metrics) -> Asgi:
    """Return the application of a process that nobody calls: the probes and nothing else."""

    async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] in PATHS:
            found = await answer(scope["path"], ready, metrics)
        else:
            found = Response(404, _TEXT, b"This process only works; callers are answered by another.\n")
        headers = [(key.encode(), value.encode()) for key, value in found.headers]
        await send({"type": "http.response.start", "status": found.status, "headers": headers})
        await send({"type": "http.response.body", "body": found.body})

    return app


async def answer(path: str, ready: Ready | None, metrics: Metrics | None) -> Response:
    """Return the answer of one of PATHS."""
    if path == "/metrics":
        if metrics is None:
            return Response(404, _TEXT, b"Nothing is measured here.\n")
        content_type, body = await metrics.exposition()
        return Response(200, (("content-type", content_type),), body)
    why = await ready() if path == "/readyz" and ready is not None else None
    if why is not None:
        return Response(503, _TEXT, f"{why}\n".encode())
    return Response(200, _TEXT, b"ok\n")
