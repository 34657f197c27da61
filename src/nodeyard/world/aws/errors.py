"""What the embedded AWS raises to the program around it; requests are answered with AWS errors instead."""

from __future__ import annotations


class WorldDataError(Exception):
    """Kept data of the embedded AWS cannot be used. `message` says which, why and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
