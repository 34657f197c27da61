"""The door without a socket: what goes in, what comes out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from nodeyard.api import asgi, service_model
from nodeyard.api.caller import Caller
from nodeyard.drivers.system import RealClock, SeededIds
from nodeyard.model.refusal import Refused, RefusedError
from nodeyard.ports import StaleRevision, Unavailable

Members = dict[str, Any]


async def list_clusters(caller: Caller, members: Members) -> Members:
    return {"clusters": [caller.scope.account, caller.scope.region]}


def door(**changes: Any) -> asgi.Asgi:
    defaults: Members = {
        "model": service_model.eks(),
        "handlers": {"ListClusters": list_clusters},
        "clock": RealClock(),
        "ids": SeededIds(1),
        "account": "111122223333",
        "access_keys": {},
    }
    return asgi.build(asgi.Door(**(defaults | changes)))


async def call(
    app: asgi.Asgi,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    key: str | None = "AKID",
    service: str = "eks",
) -> tuple[int, dict[str, str], Any]:
    request = AWSRequest(method, f"http://localhost{path}", data=body)
    if key is not None:
        SigV4Auth(Credentials(key, "secret"), service, "eu-west-1").add_auth(request)
    headers = [(k.lower().encode(), str(v).encode()) for k, v in request.headers.items()]
    scope = {
        "type": "http",
        "method": method,
        "path": path.partition("?")[0],
        "raw_path": path.partition("?")[0].encode(),
        "query_string": path.partition("?")[2].encode(),
        "headers": [*headers, (b"host", b"localhost")],
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    answer = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    text = sent[1]["body"]
    return sent[0]["status"], answer, json.loads(text) if text.startswith(b"{") else text


async def test_a_signed_request_reaches_its_handler_with_region_and_account() -> None:
    status, headers, body = await call(door(), "GET", "/clusters")
    assert (status, body) == (200, {"clusters": ["111122223333", "eu-west-1"]})
    assert headers["x-amzn-requestid"]


async def test_an_access_key_of_twelve_digits_is_the_account() -> None:
    _, _, body = await call(door(), "GET", "/clusters", key="464600099053")
    assert body["clusters"][0] == "464600099053"


async def test_every_operation_without_a_handler_says_so_in_a_modelled_error() -> None:
    app = door(handlers={})
    for operation in service_model.eks().operations.values():
        path = operation.uri.replace("{", "").replace("}", "")
        status, headers, body = await call(app, operation.method, path, b"{}")
        assert 400 <= status < 500
        assert service_model.eks().error(headers["x-amzn-errortype"]) is not None
        assert f"does not implement {operation.name} yet" in body["message"]


async def test_an_unsigned_request_is_told_to_sign() -> None:
    status, headers, body = await call(door(), "GET", "/clusters", key=None)
    assert (status, headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")
    assert "sign the request" in body["message"]


@pytest.mark.parametrize(
    ("keys", "status", "code"),
    [
        ({"AKID": "secret"}, 200, None),
        ({"AKID": "other"}, 403, "InvalidSignatureException"),
        ({"OTHER": "secret"}, 403, "UnrecognizedClientException"),
    ],
)
async def test_configured_keys_are_verified(keys: Members, status: int, code: str | None) -> None:
    found, headers, _ = await call(door(access_keys=keys), "GET", "/clusters")
    assert (found, headers.get("x-amzn-errortype")) == (status, code)


async def test_an_unknown_path_is_named_in_json() -> None:
    status, headers, body = await call(door(), "GET", "/nowhere")
    assert (status, headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
    assert "GET /nowhere" in body["message"]


async def test_bad_parameters_are_refused_before_the_handler() -> None:
    status, headers, body = await call(door(), "GET", "/clusters?maxResults=0")
    assert (status, headers["x-amzn-errortype"]) == (400, "InvalidParameterException")
    assert "maxResults" in body["message"]


async def test_a_body_that_is_too_large_is_refused() -> None:
    status, _, body = await call(door(), "POST", "/clusters", b" " * (asgi.EKS_BODY_BYTES_MAX + 1))
    assert status == 400 and "larger than" in body["message"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RefusedError(Refused("ResourceNotFoundException", "gone")), 404, "ResourceNotFoundException"),
        (Unavailable("no answer"), 503, "ServiceUnavailableException"),
        (StaleRevision("again"), 500, "ServerException"),
        (RuntimeError("a bug"), 500, "ServerException"),
    ],
)
async def test_every_failure_of_a_handler_is_a_modelled_error(
    error: Exception, status: int, code: str
) -> None:
    async def failing(caller: Caller, members: Members) -> Members:
        raise error

    app = door(handlers={"ListClusters": failing})
    found, headers, body = await call(app, "GET", "/clusters")
    assert (found, headers["x-amzn-errortype"]) == (status, code)
    assert "Traceback" not in body["message"]


async def test_another_service_goes_to_the_embedded_cloud_with_its_body() -> None:
    seen: Members = {}

    async def cloud(scope: Any, receive: Any, send: Any) -> None:
        seen["target"] = scope["nodeyard.target"]
        seen["body"] = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"<ok/>"})

    await call(door(other_services=cloud), "POST", "/", b"Action=X", service="ec2")
    assert (seen["target"].service, seen["body"]) == ("ec2", b"Action=X")


async def test_the_probes_need_no_signature() -> None:
    assert (await call(door(), "GET", "/healthz", key=None))[0] == 200
