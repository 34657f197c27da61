"""What orchestrators ask: /healthz whether the process answers, /readyz whether it can do its work.

And what Prometheus asks. None of them needs a signature; none tells names of clusters or people.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nodeyard.api.metrics import Metrics
from nodeyard.wire.encode import Response

Ready = Callable[[], Awaitable[str | None]]
"""Return None when everything works, else what does not, in a sentence."""

PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
_TEXT = (("content-type", "text/plain; charset=utf-8"),)


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
