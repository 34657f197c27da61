"""The file of the user's own images: read at the start, and again whenever it has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from nodeyard.catalog import Catalog, ImagesRefused
from nodeyard.settings import StartRefused

log = structlog.get_logger(__name__)

LOOK_S = 2.0
"""Wall seconds between two looks at the file. By its text: a mounted file may change without a new time."""


def loaded(path: Path | None, catalog: Catalog) -> Images | None:
    """Return the images of a file, read once; None where there is none. Raises: StartRefused."""
    if path is None:
        return None
    made = Images(path, catalog)
    made.load()
    return made


class Images:
    """Keeps `catalog.own` as the file says."""

    def __init__(self, path: Path, catalog: Catalog) -> None:
        self._path = path
        self._catalog = catalog
        self._text = ""

    def load(self) -> None:
        """Read the file. Raises: StartRefused, which says what is wrong with it."""
        try:
            self._read(self._path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ImagesRefused) as error:
            raise StartRefused(f"--images {self._path} cannot be used: {_why(error)}.") from error

    async def run(self, changed: Callable[[], Awaitable[None]] | None = None) -> None:
        """Follow the file until cancelled; while it cannot be used, what was read before stays.

        `changed` is awaited after each new reading.
        """
        told = ""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                text = await asyncio.to_thread(self._path.read_text, encoding="utf-8")
                if text == self._text:
                    continue
                self._read(text)
            except (OSError, UnicodeDecodeError, ImagesRefused) as error:
                if told != (told := _why(error)):
                    log.warning("the images stay as they were", file=str(self._path), why=told)
                continue
            told = ""
            count = len(tuple(self._catalog.own))
            log.info("the images were read again", file=str(self._path), releases=count)
            if changed is not None:
                await changed()

    def _read(self, text: str) -> None:
        self._catalog.read_own(text)
        self._text = text


def _why(error: Exception) -> str:
    return str(error.strerror) if isinstance(error, OSError) else str(error)
