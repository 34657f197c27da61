"""What a command says instead of doing its work: one sentence, and the exit code that goes with it."""

from __future__ import annotations

EXIT_REFUSED = 2


class CallRefused(Exception):
    """The command cannot do what it was asked. `message` is one sentence: what, why, what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unreachable(CallRefused):
    """Nobody answers at the endpoint, for now."""
