"""botocore signs, we verify."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from nodeyard.drivers.system import RealClock
from nodeyard.wire import sigv4
from nodeyard.wire.sigv4 import HttpRequest, Signed

KEYS = Credentials("AKIDEXAMPLE", "a-secret")

URLS = (
    "http://127.0.0.1:8620/clusters/prod/node-groups?maxResults=5&nextToken=a%2Bb%3D",
    "http://127.0.0.1:8620/tags/arn%3Aaws%3Aeks%3Aeu-west-1%3A111122223333%3Acluster%2Fprod",
    "http://127.0.0.1:8620/",
)


def received(request: AWSRequest) -> tuple[Signed, HttpRequest]:
    parts = urlsplit(request.url)
    headers = {key.lower(): str(value) for key, value in request.headers.items()}
    headers.setdefault("host", parts.netloc)
    signed = sigv4.parse(headers, parts.query)
    assert signed is not None
    return signed, HttpRequest(request.method, parts.path, parts.query, headers, request.data or b"")


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("body", [b"", b'{"name":"prod"}'])
def test_a_header_signature_of_botocore_is_right(url: str, body: bytes) -> None:
    request = AWSRequest("POST", url, data=body)
    SigV4Auth(KEYS, "eks", "eu-west-1").add_auth(request)
    signed, http = received(request)
    assert (signed.access_key, signed.region, signed.service) == ("AKIDEXAMPLE", "eu-west-1", "eks")
    assert sigv4.verify(signed, "a-secret", http, RealClock().now()) is None


def test_a_presigned_url_of_botocore_is_right_until_it_expires() -> None:
    request = AWSRequest("GET", "http://127.0.0.1:8620/?Action=GetCallerIdentity&Version=2011-06-15")
    SigV4QueryAuth(KEYS, "sts", "eu-west-1", expires=60).add_auth(request)
    signed, http = received(request)
    assert sigv4.verify(signed, "a-secret", http, RealClock().now()) is None
    late = sigv4.verify(signed, "a-secret", http, RealClock().now() + timedelta(minutes=6))
    assert late is not None and late.message.startswith("Signature expired")


def test_another_secret_or_another_body_does_not_match() -> None:
    request = AWSRequest("POST", URLS[0], data=b"{}")
    SigV4Auth(KEYS, "eks", "eu-west-1").add_auth(request)
    signed, http = received(request)
    for secret, body in (("other", b"{}"), ("a-secret", b"[]")):
        changed = HttpRequest(http.method, http.path, http.query, http.headers, body)
        why = sigv4.verify(signed, secret, changed, RealClock().now())
        assert why is not None and "does not match" in why.message


@pytest.mark.parametrize(
    "header", ["", "Bearer x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b/c, Signature=x"]
)
def test_what_is_no_signature_is_none(header: str) -> None:
    assert sigv4.parse({"authorization": header}, "") is None


# --- what botocore never sends, and an attacker would ---


def signed_request(
    *, data: bytes = b"{}", presign: int | None = None, service: str = "eks", **headers: str
) -> tuple[Signed, HttpRequest]:
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest("POST", URLS[0], data=data, headers=spelled)
    if presign is None:
        SigV4Auth(KEYS, service, "eu-west-1").add_auth(request)
    else:
        SigV4QueryAuth(KEYS, service, "eu-west-1", expires=presign).add_auth(request)
    return received(request)


def why_not(signed: Signed, http: HttpRequest, after: timedelta = timedelta()) -> str:
    refused = sigv4.verify(signed, "a-secret", http, RealClock().now() + after)
    return "" if refused is None else refused.message


@pytest.mark.parametrize(
    ("after", "why"),
    [
        (timedelta(minutes=4, seconds=50), ""),
        (timedelta(minutes=5, seconds=10), "Signature expired"),
        (timedelta(minutes=-4, seconds=-50), ""),
        (timedelta(minutes=-5, seconds=-10), "Signature not yet current"),
    ],
)
def test_a_header_signature_is_good_for_five_minutes_both_ways(after: timedelta, why: str) -> None:
    assert why_not(*signed_request(), after).startswith(why)
    assert bool(why_not(*signed_request(), after)) is bool(why)


@pytest.mark.parametrize(("seconds", "good"), [(60, True), (604800, True), (0, False), (604801, False)])
def test_a_presigned_url_may_last_a_week_at_most(seconds: int, good: bool) -> None:
    assert (why_not(*signed_request(presign=seconds)) == "") is good


def test_the_body_of_a_presigned_request_is_signed_too() -> None:
    signed, http = signed_request(presign=60, data=b"{}")
    assert why_not(signed, http) == ""
    assert "does not match" in why_not(signed, replace(http, body=b'{"name":"other"}'))


def test_a_signature_of_another_day_region_or_service_does_not_match() -> None:
    signed, http = signed_request()
    assert "does not match YYYYMMDD" in why_not(replace(signed, day="20200101"), http)
    assert "does not match" in why_not(replace(signed, region="us-east-1"), http)
    assert "does not match" in why_not(replace(signed, service="iam"), http)


@pytest.mark.parametrize("signature", ["", "0" * 64, "ä", "same but shorter"])
def test_a_forged_or_truncated_signature_does_not_match(signature: str) -> None:
    signed, http = signed_request()
    given = signed.signature[:-1] if signature == "same but shorter" else signature
    assert "does not match" in why_not(replace(signed, signature=given), http)


def test_every_part_of_the_request_is_signed() -> None:
    signed, http = signed_request()
    assert why_not(signed, http) == ""
    for changed in (
        replace(http, method="DELETE"),
        replace(http, path="/clusters/test/node-groups"),
        replace(http, query=http.query.replace("5", "6")),
        replace(http, query=http.query + "&more=1"),
        replace(http, headers={**http.headers, "host": "elsewhere"}),
    ):
        assert "does not match" in why_not(signed, changed)


def test_an_x_amz_header_that_was_put_in_on_the_way_is_refused() -> None:
    signed, http = signed_request()
    more = replace(http, headers={**http.headers, "x-amz-security-token": "x"})
    assert "not signed: x-amz-security-token" in why_not(signed, more)


def test_the_host_must_be_signed() -> None:
    signed, http = signed_request()
    bare = replace(signed, signed_headers=tuple(h for h in signed.signed_headers if h != "host"))
    assert "'Host'" in why_not(bare, http)


def test_a_hash_of_another_body_is_refused_and_an_unsigned_body_is_for_s3_alone() -> None:
    digest = "0" * 64
    assert "x-amz-content-sha256" in why_not(*signed_request(X_Amz_Content_SHA256=digest))
    assert "x-amz-content-sha256" in why_not(*signed_request(X_Amz_Content_SHA256="UNSIGNED-PAYLOAD"))
    request = AWSRequest("PUT", "http://localhost/bucket/key%20x", data=b"any")
    request.context["payload_signing_enabled"] = False
    S3SigV4Auth(KEYS, "s3", "eu-west-1").add_auth(request)
    signed, http = received(request)
    assert why_not(signed, replace(http, headers={**http.headers})) == ""


def test_a_plus_that_was_signed_cannot_be_turned_into_a_space() -> None:
    """The decoder reads `+` as a space and `%2B` as a plus, so that a signature must tell them apart."""
    signed, http = signed_request()
    assert "a%2Bb" in http.query
    assert "does not match" in why_not(signed, replace(http, query=http.query.replace("a%2Bb", "a+b")))


def test_a_request_signed_in_two_ways_is_refused() -> None:
    signed, http = signed_request()
    both = replace(http, query=http.query + "&X-Amz-Signature=00")
    assert "Only one auth mechanism" in why_not(signed, both)


def presigned_by(credential: str) -> str:
    return (
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=00"
    )


@pytest.mark.parametrize(
    ("header", "query", "why"),
    [
        ("AWS4-HMAC-SHA256 Credential=a/20260101/r/eks/aws4_request", "", "'SignedHeaders'"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=x", "", "aws4_request"),
        ("AWS4-HMAC-SHA256", "", "'Credential'"),
        ("", presigned_by("a%0AFORGED%20line/20260101/r/eks/aws4_request"), "aws4_request"),
        ("", presigned_by("a/20260101/r%0AFORGED/eks/aws4_request"), "aws4_request"),
        ("", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x", "'Signature'"),
        ("Bearer x", "", None),
        ("", "maxResults=5", None),
    ],
)
def test_a_signature_that_was_begun_says_what_is_missing(header: str, query: str, why: str | None) -> None:
    headers = {"authorization": header} if header else {}
    assert sigv4.parse(headers, query) is None
    refused = sigv4.incomplete(headers, query)
    assert (refused is None) if why is None else (refused is not None and why in refused.message)
