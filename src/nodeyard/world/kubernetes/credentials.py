"""Who a bearer token stands for: our own driver, or an AWS caller with an EKS token.

Called by the façade for every request. Never keeps a token.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from nodeyard.ports import Clock
from nodeyard.world.kubernetes.errors import unauthorized

_PREFIX = "k8s-aws-v1."
_LIFE = timedelta(minutes=15)
_CLUSTER_HEADER = "x-k8s-aws-id"

User = tuple[str, tuple[str, ...]]
AccountOfToken = Callable[[str, str], str | None]
"""Given the presigned URL and the cluster that a token names: the caller's account, None to refuse."""


class Tokens:
    """Judges the tokens of all clusters of one process."""

    def __init__(self, internal_token: str, clock: Clock, account_of_token: AccountOfToken | None) -> None:
        self._internal = internal_token
        self._clock = clock
        self._account_of_token = account_of_token

    def user(self, header: str, account: str, cluster: str) -> User:
        """Return the user and groups of an Authorization header.

        Raises: ApiError 401.
        """
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized()
        if hmac.compare_digest(token.encode(), self._internal.encode()):
            return "system:nodeyard", ("system:masters", "system:authenticated")
        if not token.startswith(_PREFIX):
            raise unauthorized()
        caller, key = self._caller(token[len(_PREFIX) :], cluster)
        if caller and caller != account:
            raise unauthorized()
        return f"arn:aws:iam::{caller or account}:user/{key}", ("system:masters", "system:authenticated")

    def _caller(self, encoded: str, cluster: str) -> tuple[str, str]:
        """Return the account ("" when unknown) and the access key of a presigned STS request."""
        try:
            url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise unauthorized() from None
        parts = urlsplit(url)
        query = {name.lower(): values[0] for name, values in parse_qs(parts.query).items()}
        signed = query.get("x-amz-signedheaders", "").split(";")
        named = query.get(_CLUSTER_HEADER, cluster)
        if query.get("action") != "GetCallerIdentity" or _CLUSTER_HEADER not in signed or named != cluster:
            raise unauthorized()
        key, _, _scope = query.get("x-amz-credential", "").partition("/")
        if not key or not query.get("x-amz-signature") or not self._fresh(query.get("x-amz-date", "")):
            raise unauthorized()
        if self._account_of_token is not None:
            known = self._account_of_token(url, cluster)
            if known is None:
                raise unauthorized()
            return known, key
        return (key if key.isdigit() and len(key) == 12 else ""), key

    def _fresh(self, date: str) -> bool:
        try:
            signed_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return False
        return abs(self._clock.now() - signed_at) <= _LIFE
