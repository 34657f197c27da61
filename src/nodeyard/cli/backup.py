"""`nodeyard backup` and `nodeyard restore`: the records of the service in one file, and back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from nodeyard.cli.flags import flag
from nodeyard.settings import StartRefused, database_of

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]
Url = Annotated[str, flag("--database-url", "postgresql://USER@HOST:PORT/NAME or sqlite:///FILE.")]


def backup(file: File, database_url: Url) -> None:
    """Write everything that the service knows to a file, while it runs.

    The embedded world of `nodeyard up` is no part of it: only clusters, groups, updates and events.
    """
    typer.echo(f"{_run(database_url, file, writes=True)} rows are in {file}.")


def restore(file: File, database_url: Url) -> None:
    """Put a backup into an empty database; processes that are started on it go on from there."""
    typer.echo(f"{_run(database_url, file, writes=False)} rows were restored from {file}.")


def _run(database_url: str, file: Path, *, writes: bool) -> int:
    from nodeyard.app import backups  # the database's libraries: only when they are needed

    place = database_of(database_url)
    try:
        return asyncio.run(backups.write(place, file) if writes else backups.read(place, file))
    except backups.StoreError as error:
        raise StartRefused(str(error)) from error
