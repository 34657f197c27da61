"""How Auto Scaling says no: raised by its operations, written out by `query`."""

from __future__ import annotations

from typing import NoReturn


class Refused(Exception):
    """A request that Auto Scaling answers with an error. `code` is the one of the service model."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> NoReturn:
    """Refuse with ValidationError, which Auto Scaling uses for nearly everything."""
    raise Refused("ValidationError", message)
