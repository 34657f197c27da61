"""What the AWS driver is told at start: where AWS is, who calls, how patiently.

`app` fills it in; no module of this package reads the environment itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nodeyard.model.scope import Scope

Credentials = tuple[str, str, str | None]
"""Access key id, secret access key, session token."""


def account_as_access_key(scope: Scope) -> Credentials:
    """Return credentials for the embedded AWS: it reads the account from the access key id."""
    return scope.account, "embedded-world-has-no-secrets", None


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """How to reach AWS.

    `credentials` is asked before every call, in a pool thread, so it may refresh temporary
    keys; it should keep what is still valid. None means botocore's ambient chain.
    Units: seconds. Bounds: threads >= 1, attempts >= 1.
    """

    endpoint_url: str | None = None
    credentials: Callable[[Scope], Credentials] | None = None
    connect_timeout_s: float = 5
    read_timeout_s: float = 60
    retry_mode: str = "standard"
    attempts: int = 4
    """Calls in all, the first one included, before a retryable error is handed up."""
    threads: int = 8
    user_agent: str = "nodeyard"
