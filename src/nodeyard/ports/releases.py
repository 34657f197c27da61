"""The seam through which an AMI release becomes known everywhere: kept, and told by the embedded AWS."""

from __future__ import annotations

from typing import Protocol

from nodeyard.catalog import Release


class Publisher(Protocol):
    """Raises: Unavailable when the release cannot be kept; then nothing has changed."""

    async def publish(self, release: Release) -> None:
        """Keep a release and add it to the catalog, so that it survives a restart."""
        ...
