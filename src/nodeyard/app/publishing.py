"""`ports.Publisher` of `nodeyard up`: releases in a file of the data directory and in the embedded AWS."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec

from nodeyard.catalog import Catalog, Release
from nodeyard.ports import Unavailable
from nodeyard.settings import StartRefused
from nodeyard.world.aws.embedded import EmbeddedAws


class Releases:
    """The file `releases.json`: written whole or not at all, read at every start."""

    def __init__(self, data_dir: Path, catalog: Catalog, aws: EmbeddedAws) -> None:
        self._path = data_dir / "releases.json"
        self._catalog = catalog
        self._aws = aws
        self._writing = asyncio.Lock()

    def load(self) -> None:
        """Add what was published in earlier runs. Raises: StartRefused."""
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=tuple[Release, ...])
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError) as error:
            raise StartRefused(
                f"The published releases in {self._path} cannot be read: {error}. "
                "Repair the file, or remove it and publish the releases again."
            ) from error
        for release in kept:
            listed = self._catalog.releases(release.ami_type, release.kubernetes_version)
            if release not in listed:  # a newer program may ship what was published with an older one
                self._catalog.published.add(release)

    async def publish(self, release: Release) -> None:
        """See `ports.Publisher`."""
        async with self._writing:
            try:
                await asyncio.to_thread(self._write, (*self._catalog.published, release))
            except OSError as error:
                text = f"release {release.release_version} cannot be kept in {self._path}: {error.strerror}"
                raise Unavailable(text) from error
            self._catalog.published.add(release)
        await self._aws.catalog_changed()

    def _write(self, releases: tuple[Release, ...]) -> None:
        draft = self._path.with_suffix(".draft")
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(releases))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
