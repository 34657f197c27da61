"""The file in which `up` and `serve` say that they answer."""

from __future__ import annotations

import os
from pathlib import Path

from nodeyard.settings import StartRefused


def refuse_unwritable(ready_file: Path) -> None:
    """Raise StartRefused for a file that could not be written later."""
    if not os.access(ready_file.parent, os.W_OK):
        raise StartRefused(
            f"--ready-file {ready_file} cannot be written: {ready_file.parent} is missing or not writable."
        )


def write_whole(path: Path, line: str) -> None:
    """Write the file whole or not at all: a script may be polling for it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(line + "\n", encoding="utf-8")
    draft.replace(path)
