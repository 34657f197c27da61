"""Times in the two RFC 3339 forms of Kubernetes objects.

Called wherever an object gets or shows a time. Pure: the instant is an argument.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=1_000)
def rfc3339(instant: datetime) -> str:
    """Return an instant with whole seconds, as metadata and conditions have it."""
    return f"{instant.astimezone(UTC).isoformat()[:19]}Z"


def micro_time(instant: datetime) -> str:
    """Return an instant with microseconds, as leases and event series have it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@lru_cache(maxsize=1_000)
def parsed(text: str) -> datetime:
    """Return the instant a timestamp stands for."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
