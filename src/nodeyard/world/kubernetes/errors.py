"""The failures of the Kubernetes API, in the words and codes real clients match on.

Raised by the API rules, turned into a Status body by the façade. Never carries Python details to a client.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec


class ApiError(Exception):
    """A request that the API refuses, with everything its Status object needs."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: dict[str, Any] | None = None,
        retry_after_s: int | None = None,
        token: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retry_after_s = retry_after_s
        self.token = token
        """With which a list may go on."""

    def status(self) -> dict[str, Any]:
        """Return the Status object that goes over the wire."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {"continue": self.token} if self.token else {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        details = dict(self.details or {})
        if self.retry_after_s is not None:
            details["retryAfterSeconds"] = self.retry_after_s
        if details:
            body["details"] = details
        body["code"] = self.code
        return body


def _details(resource: str, name: str) -> dict[str, Any]:
    plural, _, group = resource.partition(".")
    details: dict[str, Any] = {"name": name}
    if group:
        details["group"] = group
    details["kind"] = plural
    return details


def not_found(resource: str, name: str) -> ApiError:
    """Return the 404 for a missing object; resource is a key like `deployments.apps`."""
    return ApiError(404, "NotFound", f'{resource} "{name}" not found', _details(resource, name))


def no_such_path() -> ApiError:
    """Return the 404 for a path that no resource answers."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(resource: str, name: str) -> ApiError:
    """Return the 409 for a name that is taken."""
    return ApiError(409, "AlreadyExists", f'{resource} "{name}" already exists', _details(resource, name))


def conflict(resource: str, name: str, why: str = "") -> ApiError:
    """Return the 409 for a write based on an old version."""
    text = why or (
        "the object has been modified; please apply your changes to the latest version and try again"
    )
    message = f'Operation cannot be fulfilled on {resource} "{name}": {text}'
    return ApiError(409, "Conflict", message, _details(resource, name))


def cause(field: str, message: str, reason: str = "FieldValueInvalid") -> dict[str, str]:
    """Return one cause of an invalid object."""
    return {"reason": reason, "message": message, "field": field}


def required(field: str) -> dict[str, str]:
    """Return the cause that says a field is missing."""
    return cause(field, "Required value", "FieldValueRequired")


def wrong(field: str, value: Any, why: str) -> dict[str, str]:
    """Return the cause that says a field cannot have its value."""
    return cause(field, f"Invalid value: {msgspec.json.encode(value).decode()}: {why}")


def invalid(kind: str, name: str, causes: Sequence[dict[str, str]]) -> ApiError:
    """Return the 422 that lists what is wrong with an object."""
    lines = [f"{item['field']}: {item['message']}" for item in causes]
    text = lines[0] if len(lines) == 1 else "[" + ", ".join(lines) + "]"
    word, _, group = kind.partition(".")
    details = {"name": name, "group": group, "kind": word, "causes": list(causes)}
    details = {key: value for key, value in details.items() if value}
    return ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details)


def bad_request(message: str) -> ApiError:
    """Return the 400 for a request that cannot be read."""
    return ApiError(400, "BadRequest", message)


def forbidden(resource: str, name: str, why: str, causes: Sequence[dict[str, str]] = ()) -> ApiError:
    """Return the 403 for a request that an admission rule refuses."""
    details = _details(resource, name)
    if causes:
        details["causes"] = list(causes)
    return ApiError(403, "Forbidden", f'{resource} "{name}" is forbidden: {why}', details)


def unauthorized() -> ApiError:
    """Return the 401 for a request without a usable token."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def too_many_requests(
    message: str, causes: Sequence[dict[str, str]] = (), retry_after_s: int | None = None
) -> ApiError:
    """Return the 429 that asks a client to come back."""
    details = {"causes": list(causes)} if causes else None
    return ApiError(429, "TooManyRequests", message, details, retry_after_s)


def gone(message: str, token: str = "") -> ApiError:
    """Return the 410 after which a client lists again, or goes on with the token."""
    return ApiError(410, "Expired", message, token=token)


def too_large_version(version: int, now: int) -> ApiError:
    """Return the 504 for a version that is yet to come; a real server waits three seconds for it first."""
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    text = f"Timeout: Too large resource version: {version}, current: {now}"
    return ApiError(504, "Timeout", text, {"causes": causes}, retry_after_s=1)


def method_not_allowed() -> ApiError:
    """Return the 405 for a verb that a resource does not have."""
    return ApiError(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
    )


def unsupported_media_type(message: str) -> ApiError:
    """Return the 415 for a body in a form that is not read here."""
    return ApiError(415, "UnsupportedMediaType", message)


def internal(message: str, reason: str = "InternalError") -> ApiError:
    """Return the 500 for a state that the rules cannot resolve."""
    return ApiError(500, reason, message)


def not_implemented(message: str) -> ApiError:
    """Return the 501 for what needs real containers."""
    return ApiError(501, "NotImplemented", message)
