"""The closed set of errors that the world may answer."""

from __future__ import annotations

KUBERNETES = "kubernetes: "
"""How the `operation` of an error from a cluster begins."""


class PortError(Exception):
    """The world said no. `message` is a sentence for people; `retry` says whether time may help."""

    retry = False

    def __init__(self, message: str, *, code: str = "", operation: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        """The vendor's own error code, for messages only; never branch on it."""
        self.operation = operation
        """The call that failed: AWS's name of it, such as `CreateLaunchTemplate`, or what was tried on a
        cluster behind the word of KUBERNETES, such as `kubernetes: PATCH /api/v1/nodes/n1`."""


class Throttled(PortError):
    retry = True

    def __init__(
        self, message: str, *, code: str = "", operation: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, code=code, operation=operation)
        self.retry_after_s = retry_after_s


class Unavailable(PortError):
    """Not reachable, timed out, or a fault of the other side."""

    retry = True


class Conflict(PortError):
    """Somebody changed the thing meanwhile: look again, then repeat."""

    retry = True


class NotFound(PortError):
    pass


class NoCapacity(PortError):
    retry = True


class Denied(PortError):
    pass


class NotOptedIn(Denied):
    """The account has not signed up for the service."""


class Invalid(PortError):
    """The request itself is wrong; repeating it cannot help."""


class TooLong(Invalid):
    """A list in the request has more members than the service takes."""


class LimitExceeded(PortError):
    """A quota of the account is used up."""


class UnknownFailure(PortError):
    pass
