"""Why the embedded world cannot be opened, in one sentence for the person who started the program."""

from __future__ import annotations


class WorldDataError(Exception):
    """What is on disk cannot be used; `message` says why and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
