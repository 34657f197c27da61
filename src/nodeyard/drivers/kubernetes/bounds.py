"""How much an API server may answer. One that sends without end is given up like one that is silent.

What a cluster within the limits of Kubernetes answers stays far below.
Source: Kubernetes, Considerations for large clusters (5,000 nodes, 150,000 pods); etcd, System limits
(1.5 MiB a request).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp

ANSWER_BYTES_MAX = 64 << 20
"""An answer, unpacked: a page of 500 pods of ten kilobytes is five megabytes."""
EVENT_BYTES_MAX = 16 << 20
"""One event of a watch: one object."""
OBJECTS_MAX = 300_000
"""All pages of a list, or the copy of what is watched."""
PAGES_MAX = 3_000
"""Pages of a list, which a server may leave a fifth full."""
RETRY_AFTER_S_MAX = 300.0
"""How long one lets oneself be told to wait."""


class TooMuch(Exception):
    """More than a bound. The text goes on a sentence that begins with what it is about."""


async def whole(content: aiohttp.StreamReader) -> bytes:
    """Return a body. Raises: TooMuch."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in content.iter_any():
        size += len(chunk)
        if size > ANSWER_BYTES_MAX:
            raise TooMuch(f"answers with more than {ANSWER_BYTES_MAX >> 10:,} KiB")
        chunks.append(chunk)
    return b"".join(chunks)


async def lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Yield the lines of a body that are not blank. Raises: TooMuch."""
    pending = bytearray()
    async for chunk in content.iter_any():
        *ended, rest = chunk.split(b"\n")
        for each in ended:
            pending += each
            if pending.strip():
                yield bytes(pending)
            pending.clear()
        pending += rest
        if len(pending) > EVENT_BYTES_MAX:
            raise TooMuch(f"sends an event of more than {EVENT_BYTES_MAX >> 10:,} KiB")
