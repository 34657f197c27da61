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
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote_plus

ALGORITHM = "AWS4-HMAC-SHA256"
CLOCK_SKEW_MAX = timedelta(minutes=5)
EXPIRES_S_MAX = 7 * 24 * 3600
"""Source: AWS General Reference, presigned requests; seven days."""
KEYS_KEPT = 256
"""How many signing keys are remembered: a caller's is the same all day."""
UNSIGNED = "UNSIGNED-PAYLOAD"
_CREDENTIAL = re.compile(
    r"(?P<key>[!-.0-~]{1,128})/(?P<day>[0-9]{1,8})/(?P<region>[A-Za-z0-9-]{1,64})/(?P<service>[\w.-]{1,64})/aws4_request",
    re.ASCII,
)
"""What is in a credential becomes ARNs, log lines and host names: it is nothing but words."""
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
    token: str = ""
    """The session token; empty when none was sent."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a signature is not taken: the error code of AWS, and its sentence."""

    code: str
    message: str


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
        at, token = headers.get("x-amz-date", ""), headers.get("x-amz-security-token", "")
        return _signed(fields, at, token, presigned=False)
    values = dict(parse_qsl(query, keep_blank_values=True, errors="replace"))
    if values.get("X-Amz-Algorithm") != ALGORITHM:
        return None
    fields = {name: values.get(f"X-Amz-{name}", "") for name in ("Credential", "SignedHeaders", "Signature")}
    at, token = values.get("X-Amz-Date", ""), values.get("X-Amz-Security-Token", "")
    return _signed(fields, at, token, presigned=True, expires=values.get("X-Amz-Expires", ""))


def _signed(
    fields: Mapping[str, str], at: str, token: str, *, presigned: bool, expires: str = ""
) -> Signed | None:
    scope = _CREDENTIAL.fullmatch(fields.get("Credential", ""))
    whole = fields.get("SignedHeaders") and fields.get("Signature")
    if not whole or scope is None:
        return None
    return Signed(
        access_key=scope["key"],
        day=scope["day"],
        region=scope["region"],
        service=scope["service"],
        signed_headers=tuple(fields["SignedHeaders"].split(";")),
        signature=fields["Signature"],
        at=at,
        presigned=presigned,
        expires_s=int(expires) if expires.isascii() and expires.isdecimal() and len(expires) < 8 else 0,
        token=token,
    )


def incomplete(headers: Mapping[str, str], query: str) -> Refusal | None:
    """Return what is missing from a signature that was begun; None when none was."""
    header = headers.get("authorization", "")
    if header:
        fields = dict(_FIELD.findall(header))
        begun, where = header.startswith("AWS4-"), "Authorization header"
    else:
        fields = {name.removeprefix("X-Amz-"): value for name, value in parse_qsl(query, errors="replace")}
        begun, where = "Algorithm" in fields or "Signature" in fields, "Query string"
    if not begun:
        return None
    names = [name for name in ("Credential", "SignedHeaders", "Signature") if not fields.get(name)]
    wanting = " ".join(f"{where} requires '{name}' parameter." for name in names)
    wanting = (
        wanting or "Credential must be KEY/DATE/REGION/SERVICE/aws4_request, signed by AWS4-HMAC-SHA256."
    )
    return Refusal("IncompleteSignatureException", wanting)


def verify(signed: Signed, secret: str, request: HttpRequest, now: datetime) -> Refusal | None:
    """Return None when the signature is right, whole and fresh.

    Whether the key may be used at all, and with which session token, is for the caller to know.
    """
    why = _not_fresh(signed, now) or _not_whole(signed, request)
    if why is not None:
        return Refusal("InvalidSignatureException", why)
    expected = _signature(signed, secret, request)
    if not hmac.compare_digest(expected.encode(), signed.signature.encode("utf-8", "replace")):
        return Refusal(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS "
            "Secret Access Key and signing method. Consult the service documentation for details.",
        )
    return None


def valid_until(signed: Signed) -> datetime:
    """Return when a signature that was verified stops being taken."""
    lasts = timedelta(seconds=signed.expires_s) if signed.presigned else CLOCK_SKEW_MAX
    return _signed_at(signed) + lasts


def _signed_at(signed: Signed) -> datetime:
    return datetime.strptime(signed.at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _not_fresh(signed: Signed, now: datetime) -> str | None:
    """Return why the time of a signature does not do. Source: texts as AWS answers them."""
    try:
        at = _signed_at(signed)
    except ValueError:
        return (
            "Date in Amazon format (X-Amz-Date, such as 20260102T030405Z) is missing; sign the request again."
        )
    if signed.day != signed.at[:8]:
        return f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date: {signed.day}"
    limits = f"({now:%Y%m%dT%H%M%SZ} {{}} 5 min.)"
    if at > now + CLOCK_SKEW_MAX:
        late = f"{now + CLOCK_SKEW_MAX:%Y%m%dT%H%M%SZ} {limits.format('+')}"
        return f"Signature not yet current: {signed.at} is still later than {late}"
    if not signed.presigned:
        if now > at + CLOCK_SKEW_MAX:
            early = f"{now - CLOCK_SKEW_MAX:%Y%m%dT%H%M%SZ} {limits.format('-')}"
            return f"Signature expired: {signed.at} is now earlier than {early}"
        return None
    if not 1 <= signed.expires_s <= EXPIRES_S_MAX:
        return f"X-Amz-Expires must be a number of seconds from 1 to {EXPIRES_S_MAX}."
    until = valid_until(signed)
    if now > until:
        return f"Signature expired: {until:%Y%m%dT%H%M%SZ} is now earlier than {now:%Y%m%dT%H%M%SZ}"
    return None


def _not_whole(signed: Signed, request: HttpRequest) -> str | None:
    """Return what of the request the signature leaves open to change."""
    if not signed.presigned and "X-Amz-Signature=" in request.query:
        return "Only one auth mechanism is allowed: the Authorization header or X-Amz-Signature."
    if "host" not in signed.signed_headers:
        return "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
    # An x-amz header means something to the service: one that is not signed could be put in on the way.
    open_ = sorted(
        name for name in request.headers if name.startswith("x-amz-") and name not in signed.signed_headers
    )
    if open_:
        return f"There were headers present in the request which were not signed: {', '.join(open_)}."
    given = request.headers.get("x-amz-content-sha256")
    if given is None or _is_open(signed, given):
        return None
    if not hmac.compare_digest(given.encode("utf-8", "replace"), _hash(request.body).encode()):
        return "The provided 'x-amz-content-sha256' header does not match what was computed."
    return None


def _is_open(signed: Signed, given: str) -> bool:
    """Return whether a request may leave its body unsigned, or signed in pieces: to S3 alone."""
    return signed.service == "s3" and (given == UNSIGNED or given.startswith("STREAMING-"))


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _signature(signed: Signed, secret: str, request: HttpRequest) -> str:
    scope = f"{signed.day}/{signed.region}/{signed.service}/aws4_request"
    canonical = hashlib.sha256(_canonical(signed, request).encode()).hexdigest()
    text = "\n".join((ALGORITHM, signed.at, scope, canonical))
    key = _signing_key(secret, signed.day, signed.region, signed.service)
    return hmac.digest(key, text.encode(), "sha256").hex()


@lru_cache(KEYS_KEPT)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _canonical(signed: Signed, request: HttpRequest) -> str:
    headers = "".join(
        f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed.signed_headers
    )
    given = request.headers.get("x-amz-content-sha256", UNSIGNED if signed.presigned else "")
    payload = given if _is_open(signed, given) else _hash(request.body)
    # Every service but s3 signs the path encoded once more.
    path = request.path or "/"
    if signed.service != "s3":
        path = quote(path, safe="/-_.~")
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
            # A plus is a space, as whoever decodes the query reads it: what is signed is what is meant.
            pairs.append((quote(unquote_plus(name), safe="-_.~"), quote(unquote_plus(value), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
