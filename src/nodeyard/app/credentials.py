"""Who may call an embedded world: the configured access keys, and the service itself.

The service reaches its own embedded AWS over the same port as everybody else, with the
account as access key id; where keys are configured it signs with a secret of this run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from nodeyard.drivers.aws.settings import Credentials
from nodeyard.model.scope import Scope
from nodeyard.ports import Clock, Ids
from nodeyard.wire import sigv4
from nodeyard.wire.sigv4 import HttpRequest

EKS_TOKEN_LIFE_S = 15 * 60
"""Source: aws-iam-authenticator; a token is presigned for 60 s and accepted for 15 minutes."""


class AccessKeys(Mapping[str, str]):
    """Access key id -> secret: those configured, and every 12-digit account with the secret of this run.

    Empty when none are configured: then no signature is verified.
    """

    def __init__(self, configured: Mapping[str, str], ids: Ids) -> None:
        self._configured = configured
        self._own_secret = ids.hex(40)

    def __getitem__(self, key: str) -> str:
        if key in self._configured:
            return self._configured[key]
        if self._configured and len(key) == 12 and key.isdecimal():
            return self._own_secret
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._configured)

    def __len__(self) -> int:
        return len(self._configured)

    def of_the_service(self, scope: Scope) -> Credentials:
        """Return the credentials with which the service calls its own embedded AWS."""
        return scope.account, self._own_secret, None


class EksTokens:
    """Which account an `aws eks get-token` token stands for."""

    def __init__(self, keys: AccessKeys, account: str, clock: Clock) -> None:
        self._keys = keys
        self._account = account
        self._clock = clock

    def account(self, presigned_url: str, cluster: str) -> str | None:
        """Return the account of the caller who signed the URL; None when the signature is wrong."""
        parts = urlsplit(presigned_url)
        signed = sigv4.parse({}, parts.query)
        if signed is None:
            return None
        if self._keys:
            secret = self._keys.get(signed.access_key)
            request = HttpRequest(
                "GET",
                parts.path or "/",
                parts.query,
                {"host": parts.netloc, "x-k8s-aws-id": cluster},
                b"",
            )
            lasting = replace(signed, expires_s=EKS_TOKEN_LIFE_S)
            if secret is None or sigv4.verify(lasting, secret, request, self._clock.wall()) is not None:
                return None
        if len(signed.access_key) == 12 and signed.access_key.isdecimal():
            return signed.access_key
        return self._account
