"""Where nobody is verified, web pages of others cannot speak to the service on the developer's machine."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from nodeyard.api import asgi
from tests.unit.api.test_asgi import KEYS, door


async def posted(app: asgi.Asgi, **headers: str) -> tuple[int, str]:
    """Send what a page can send without being asked for more: a simple request, signed in its query."""
    request = AWSRequest("GET", "http://localhost/clusters")
    SigV4QueryAuth(Credentials("AKID", "secret"), "eks", "eu-west-1", 60).add_auth(request)
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/clusters",
        "raw_path": b"/clusters",
        "query_string": urlsplit(request.url).query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"]).get("message", "")


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"host": "127.0.0.1:8620"}, True),
        ({"host": "[::1]:8620"}, True),
        ({"host": "localhost:8620", "origin": "http://localhost:8620"}, True),
        ({"host": "127.0.0.1:8620", "origin": "http://localhost:5173"}, True),
        ({"host": "nodeyard:8620"}, True),
        ({"host": "host.docker.internal:8620", "origin": "http://host.docker.internal:8620"}, True),
        ({"host": "127.0.0.1:8620", "origin": "https://attacker.example"}, False),
        ({"host": "127.0.0.1:8620", "origin": "null"}, False),
        ({"host": "127.0.0.1:8620", "origin": "https://localhost.attacker.example"}, False),
        ({"host": "127.0.0.1:8620", "origin": "https://notlocalhost"}, False),
        ({"host": "attacker.example:8620"}, False),
        ({"host": "attacker.example:8620", "origin": "http://attacker.example:8620"}, False),
        ({"host": "127.0.0.1.attacker.example"}, False),
        ({"host": "[::1"}, False),
    ],
)
async def test_a_page_of_somebody_else_is_refused(headers: dict[str, str], taken: bool) -> None:
    status, message = await posted(door(), **headers)
    assert status == (200 if taken else 403)
    assert taken or "--access-key" in message


async def test_where_callers_are_verified_the_signature_decides() -> None:
    """The host is signed, and no page has the secret."""
    app = door(access_keys=KEYS)
    assert (await posted(app, host="localhost", origin="https://console.example"))[0] == 200
    assert (await posted(app, host="attacker.example"))[0] == 403
