"""Whether a request comes from whom it says: the signature, the key behind it, its session token.

`asgi` asks once per request, before anything of it is looked at. Who the callers are and where their
secrets are kept is told by `Callers`; `app` provides it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from nodeyard.access.policy import ALLOW_ALL, Policy
from nodeyard.api.refusals import refusal
from nodeyard.ports import Clock, PortError
from nodeyard.wire import sigv4
from nodeyard.wire.encode import Response
from nodeyard.wire.sigv4 import HttpRequest, Refusal, Signed

log = structlog.get_logger(__name__)

_ACCOUNT_AS_KEY = re.compile(r"\d{12}")
_BAD_TOKEN = "The security token included in the request is invalid"


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller who was recognized. With ALLOW_ALL alone it is the root of the account."""

    arn: str
    account: str
    user: str
    access_key: str
    policies: tuple[Policy, ...]

    @property
    def may_all(self) -> bool:
        return self.policies == (ALLOW_ALL,)


@dataclass(frozen=True, slots=True)
class Known:
    """An access key with what is needed to recognize who uses it."""

    principal: Principal
    secret: str
    active: bool = True
    expires_at: datetime | None = None
    token_digest: str | None = None
    """SHA-256, in hexadecimal, of the session token that belongs to the key; None: it has none."""


class Callers(Protocol):
    async def known(self, access_key: str) -> Known | None:
        """Return the key of that id, None when there is none. Raises: Unavailable."""
        ...


class RootKeys:
    """Keys given at the start: each is the root of the account and may do everything."""

    def __init__(self, keys: Mapping[str, str], account: str) -> None:
        self._keys = keys
        self._account = account

    async def known(self, access_key: str) -> Known | None:
        secret = self._keys.get(access_key)
        if secret is None:
            return None
        account = access_key if _ACCOUNT_AS_KEY.fullmatch(access_key) else self._account
        root = Principal(f"arn:aws:iam::{account}:root", account, "root", access_key, (ALLOW_ALL,))
        return Known(root, secret)


class Authentication:
    """Recognizes callers. `callers` None: nobody is verified. `regions` empty: any Region is served."""

    def __init__(self, callers: Callers | None, clock: Clock, regions: frozenset[str] = frozenset()) -> None:
        self._callers = callers
        self._clock = clock
        self._regions = regions

    @property
    def verifies(self) -> bool:
        return self._callers is not None

    async def recognize(
        self, signed: Signed | None, http: HttpRequest, services: frozenset[str] | None
    ) -> Principal | Response | None:
        """Return who calls, or the refusal; None where nobody is verified.

        `services` are those that the credential may be scoped to; None: any.
        """
        if signed is None:
            missing = sigv4.incomplete(http.headers, http.query)
            return unsigned() if missing is None else refusal(400, missing.code, missing.message)
        if self._regions and signed.region not in self._regions:
            return refusal(
                403,
                "InvalidSignatureException",
                f"Credential should be scoped to a valid region, not '{signed.region}'.",
            )
        if self._callers is None:
            return None
        try:
            known = await self._callers.known(signed.access_key)
        except PortError as error:
            return refusal(503, "ServiceUnavailableException", error.message)
        why = self._why_not(known, signed, http, services)
        if why is None and known is not None:
            return known.principal
        assert why is not None
        log.warning("a request was refused", access_key=signed.access_key, code=why.code, method=http.method)
        return refusal(403, why.code, why.message)

    def _why_not(
        self, known: Known | None, signed: Signed, http: HttpRequest, services: frozenset[str] | None
    ) -> Refusal | None:
        if known is None or not known.active:
            # One answer for both: nobody learns which keys there are.
            return Refusal("UnrecognizedClientException", f"{_BAD_TOKEN}.")
        if services is not None and signed.service not in services:
            wanted = " or ".join(sorted(services))
            why = f"Credential should be scoped to correct service: '{wanted}'."
            return Refusal("InvalidSignatureException", why)
        now = self._clock.wall()
        refused = sigv4.verify(signed, known.secret, http, now)
        if refused is not None:
            return refused
        if not _token_is_right(known, signed.token):
            return Refusal("UnrecognizedClientException", f"{_BAD_TOKEN}.")
        if known.expires_at is not None and now >= known.expires_at:
            return Refusal("ExpiredTokenException", "The security token included in the request is expired")
        return None


def _token_is_right(known: Known, token: str) -> bool:
    if known.token_digest is None:
        return token == ""
    digest = hashlib.sha256(token.encode()).hexdigest()
    return hmac.compare_digest(digest.encode(), known.token_digest.encode())


def unsigned() -> Response:
    """Return the answer to a request without a signature."""
    message = (
        "Missing Authentication Token: sign the request with Signature Version 4. "
        "Any AWS client does it; where no access keys are configured any credentials will do."
    )
    return refusal(403, "MissingAuthenticationTokenException", message)
