"""Signature Version 4: whose request it is, and whether the signature is right. Pure.

Source: AWS General Reference, Signature Version 4 signing process.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote

ALGORITHM = "AWS4-HMAC-SHA256"
CLOCK_SKEW_MAX = timedelta(minutes=5)
_FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")


@dataclass(frozen=True, slots=True)
class Target:
    """Which service, Region and account a signed request is for."""

    service: str
    region: str
    account: str


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature says of itself; nothing of it is verified yet."""

    access_key: str
    day: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    at: str
    presigned: bool
    expires_s: int = 0


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What was signed. `path` and `query` are raw; header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def parse(headers: Mapping[str, str], query: str) -> Signed | None:
    """Return what the Authorization header or the presigned query says; None when unsigned."""
    header = headers.get("authorization", "")
    if header.startswith(ALGORITHM):
        fields = dict(_FIELD.findall(header))
        return _signed(fields, headers.get("x-amz-date", ""), presigned=False)
    values = dict(parse_qsl(query, keep_blank_values=True, errors="replace"))
    if values.get("X-Amz-Algorithm") != ALGORITHM:
        return None
    fields = {name: values.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")}
    return _signed(
        fields, values.get("X-Amz-Date", ""), presigned=True, expires=values.get("X-Amz-Expires", "")
    )


def _signed(fields: Mapping[str, str], at: str, *, presigned: bool, expires: str = "") -> Signed | None:
    scope = fields.get("Credential", "").rsplit("/", 4)
    if len(scope) != 5 or scope[4] != "aws4_request":
        return None
    access_key, day, region, service, _ = scope
    return Signed(
        access_key=access_key,
        day=day,
        region=region,
        service=service,
        signed_headers=tuple(fields.get("SignedHeaders", "").split(";")),
        signature=fields.get("Signature", ""),
        at=at,
        presigned=presigned,
        expires_s=int(expires) if expires.isdecimal() and len(expires) < 8 else 0,
    )


def verify(signed: Signed, secret: str, request: HttpRequest, now: datetime) -> str | None:
    """Return None when the signature is right and fresh, else a sentence that says why not."""
    try:
        at = datetime.strptime(signed.at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return "The request has no valid X-Amz-Date; sign it again."
    latest = at + (timedelta(seconds=signed.expires_s) if signed.presigned else CLOCK_SKEW_MAX)
    if now > latest or now < at - CLOCK_SKEW_MAX:
        return f"The signature of {signed.at} is not valid at {now:%Y%m%dT%H%M%SZ}; check the clock."
    if "host" not in signed.signed_headers:
        return "The host header must be signed."
    expected = _signature(signed, secret, request)
    if not hmac.compare_digest(expected.encode(), signed.signature.encode()):
        return "The signature does not match; check the secret access key."
    return None


def _signature(signed: Signed, secret: str, request: HttpRequest) -> str:
    scope = f"{signed.day}/{signed.region}/{signed.service}/aws4_request"
    canonical = hashlib.sha256(_canonical(signed, request).encode()).hexdigest()
    text = "\n".join((ALGORITHM, signed.at, scope, canonical))
    key = f"AWS4{secret}".encode()
    for part in (signed.day, signed.region, signed.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _canonical(signed: Signed, request: HttpRequest) -> str:
    headers = "".join(
        f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed.signed_headers
    )
    if signed.presigned:
        payload = "UNSIGNED-PAYLOAD" if signed.service == "s3" else hashlib.sha256(b"").hexdigest()
    else:
        given = request.headers.get("x-amz-content-sha256")
        payload = given if given == "UNSIGNED-PAYLOAD" else hashlib.sha256(request.body).hexdigest()
    # Every service but s3 signs the path encoded once more.
    path = quote(request.path or "/", safe="/-_.~")
    return "\n".join(
        (
            request.method,
            path,
            _canonical_query(request.query),
            headers,
            ";".join(signed.signed_headers),
            payload,
        )
    )


def _canonical_query(query: str) -> str:
    pairs = []
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if name != "X-Amz-Signature":
            pairs.append((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
