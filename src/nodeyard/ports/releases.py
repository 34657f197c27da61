"""The seams through which AMI releases become known: published, or looked up in AWS."""

from __future__ import annotations

from typing import Protocol

from nodeyard.catalog import Release
from nodeyard.model.scope import Scope


class Publisher(Protocol):
    """Raises: Unavailable when the release cannot be kept; then nothing has changed."""

    async def publish(self, release: Release) -> None:
        """Keep a release and add it to the catalog, so that it survives a restart."""
        ...


class ReleaseSource(Protocol):
    """Brings into the catalog what AWS has in a Region, when it is about to be needed. Raises: PortError."""

    async def learn(
        self, scope: Scope, ami_type: str, version: str, release_version: str | None = None
    ) -> None:
        """Look up the newest release of a type for a Kubernetes version, and one more by its version.

        What AWS does not have is not in the catalog afterwards; that is no error.
        """
        ...
