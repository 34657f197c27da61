"""The callers of `nodeyard serve`: access keys in the database, their secrets sealed.

A key is read at every request, so that one that is disabled is out at once, in every process.
`issue` makes keys; the command line hands them out and never stores them in the open.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

import structlog

from nodeyard.access import policy
from nodeyard.access.policy import Policy
from nodeyard.api.authentication import Callers, Known, Principal
from nodeyard.drivers.system.sealing import Seal, SealError, drawn
from nodeyard.ports.access import AccessKey, Keyring

log = structlog.get_logger(__name__)

LONG_LIVED, TEMPORARY = "AKIA", "ASIA"
"""How the ids of AWS begin. Source: IAM User Guide, IAM identifiers, unique identifiers."""
POLICIES_HELD = 512


class StoredCallers:
    """Asks those given at the start first, then the database."""

    def __init__(self, first: Callers, keyring: Keyring, seal: Seal, account: str) -> None:
        self._first = first
        self._keyring = keyring
        self._seal = seal
        self._account = account

    async def known(self, access_key: str) -> Known | None:
        """See `Callers`. A key of another account is nobody here."""
        found = await self._first.known(access_key)
        if found is not None:
            return found
        key = await self._keyring.access_key(access_key)
        if key is None or key.account != self._account:
            return None
        try:
            secret = self._seal.unseal(key.sealed_secret, about(key.id)).decode()
        except SealError as error:
            log.error("an access key cannot be used", access_key=key.id, error=error.message)
            return None
        policies = tuple(_parsed(text) for text in key.policies.values())
        principal = Principal(key.arn, key.account, key.user, key.id, policies)
        return Known(principal, secret, key.active, key.expires_at, key.token_digest)


@lru_cache(POLICIES_HELD)
def _parsed(text: str) -> Policy:
    return policy.parse(text)


def about(id: str) -> str:
    """Return what the sealed secret of a key is bound to."""
    return f"access key {id}"


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key with what only its owner is told, once."""

    key: AccessKey
    secret: str
    token: str | None


def issue(
    seal: Seal, account: str, user: str, *, policies: dict[str, str], now: datetime, lasts_s: int | None
) -> Issued:
    """Make a key. With `lasts_s` it ends by itself and needs its session token in every request."""
    id = (LONG_LIVED if lasts_s is None else TEMPORARY) + base64.b32encode(drawn(10)).decode()
    secret = _text(30)
    token = None if lasts_s is None else _text(48)
    key = AccessKey(
        id=id,
        account=account,
        user=user,
        sealed_secret=seal.seal(secret.encode(), about(id)),
        created_at=now,
        expires_at=None if lasts_s is None else now + timedelta(seconds=lasts_s),
        token_digest=None if token is None else hashlib.sha256(token.encode()).hexdigest(),
        policies=policies,
    )
    return Issued(key, secret, token)


def _text(count: int) -> str:
    return base64.urlsafe_b64encode(drawn(count)).decode()


def sealed_again(keys: Sequence[AccessKey], seal: Seal) -> list[AccessKey]:
    """Return the keys sealed with the first key of the file. Raises: SealError."""
    return [
        replace(key, sealed_secret=seal.seal(seal.unseal(key.sealed_secret, about(key.id)), about(key.id)))
        for key in keys
    ]
