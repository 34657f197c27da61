"""botocore signs, we verify."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from nodeyard.drivers.system import RealClock
from nodeyard.wire import sigv4
from nodeyard.wire.sigv4 import HttpRequest, Signed

KEYS = Credentials("AKIDEXAMPLE", "a-secret")
NOW = RealClock().now()
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
    assert sigv4.verify(signed, "a-secret", http, NOW) is None


def test_a_presigned_url_of_botocore_is_right_until_it_expires() -> None:
    request = AWSRequest("GET", "http://127.0.0.1:8620/?Action=GetCallerIdentity&Version=2011-06-15")
    SigV4QueryAuth(KEYS, "sts", "eu-west-1", expires=60).add_auth(request)
    signed, http = received(request)
    assert sigv4.verify(signed, "a-secret", http, NOW) is None
    late = sigv4.verify(signed, "a-secret", http, NOW + timedelta(minutes=6))
    assert late is not None and "not valid" in late


def test_another_secret_or_another_body_does_not_match() -> None:
    request = AWSRequest("POST", URLS[0], data=b"{}")
    SigV4Auth(KEYS, "eks", "eu-west-1").add_auth(request)
    signed, http = received(request)
    for secret, body in (("other", b"{}"), ("a-secret", b"[]")):
        changed = HttpRequest(http.method, http.path, http.query, http.headers, body)
        why = sigv4.verify(signed, secret, changed, NOW)
        assert why is not None and "does not match" in why


@pytest.mark.parametrize(
    "header", ["", "Bearer x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b/c, Signature=x"]
)
def test_what_is_no_signature_is_none(header: str) -> None:
    assert sigv4.parse({"authorization": header}, "") is None
