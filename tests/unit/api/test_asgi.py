"""The door without a socket: what goes in, what comes out."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from nodeyard.api import asgi, service_model
from nodeyard.api.caller import Caller
from nodeyard.api.event_stream import EventStream
from nodeyard.api.operations import Served
from nodeyard.drivers.store import MemoryStore
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


def asked(method: str, path: str, body: bytes, *, key: str | None, service: str) -> Members:
    request = AWSRequest(method, f"http://localhost{path}", data=body)
    if key is not None:
        SigV4Auth(Credentials(key, "secret"), service, "eu-west-1").add_auth(request)
    headers = [(k.lower().encode(), str(v).encode()) for k, v in request.headers.items()]
    return {
        "type": "http",
        "method": method,
        "path": path.partition("?")[0],
        "raw_path": path.partition("?")[0].encode(),
        "query_string": path.partition("?")[2].encode(),
        "headers": [*headers, (b"host", b"localhost")],
    }


async def call(
    app: asgi.Asgi,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    key: str | None = "AKID",
    service: str = "eks",
) -> tuple[int, dict[str, str], Any]:
    scope = asked(method, path, body, key=key, service=service)
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


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/clusters/a%00b", b""),
        ("/clusters/prod/updates/x?nodegroupName=a%00", b""),
        ("/tags/arn", b'{"tags": {"a": "\\u0000"}}'),
        ("/tags/arn", b'{"tags": {"\\ud800": "a"}}'),
    ],
)
async def test_text_that_no_store_can_keep_is_refused(path: str, body: bytes) -> None:
    async def never(caller: Caller, members: Members) -> Members:
        raise AssertionError(members)

    names = ("DescribeCluster", "DescribeUpdate", "TagResource")
    app = door(handlers=dict.fromkeys(names, never))
    status, _, answer = await call(app, "POST" if body else "GET", path, body)
    assert status == 400
    assert "NUL" in answer["message"] or "surrogate" in answer["message"]


@pytest.mark.parametrize("service", ["eks", "s3"])
async def test_a_body_that_is_too_large_is_refused(service: str) -> None:
    large = b" " * (asgi.EKS_BODY_BYTES_MAX + 1)
    status, _, body = await call(door(), "POST", "/clusters", large, service=service)
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


# --- beside EKS: our own operations, the event stream, probes ---

KEYS = {"AKID": "secret"}


async def list_faults(caller: Caller, members: Members) -> Members:
    return {"faults": [{"id": caller.scope.region, "name": caller.scope.account}], "menu": []}


def extended(**changes: Any) -> asgi.Asgi:
    ours = Served("Nodeyard", service_model.extension(), {"ListFaults": list_faults})
    return door(extension=ours, **changes)


@pytest.mark.parametrize("service", ["nodeyard", "eks"])
async def test_our_operations_are_signed_as_those_of_eks(service: str) -> None:
    status, _, body = await call(extended(access_keys=KEYS), "GET", "/nodeyard/v1/faults", service=service)
    assert (status, body["faults"]) == (200, [{"id": "eu-west-1", "name": "111122223333"}])


async def test_our_operations_are_refused_to_strangers_where_keys_are_configured() -> None:
    app = extended(access_keys={"AKID": "another secret"})
    status, headers, _ = await call(app, "GET", "/nodeyard/v1/faults", service="nodeyard")
    assert (status, headers["x-amzn-errortype"]) == (403, "InvalidSignatureException")
    status, headers, _ = await call(app, "GET", "/nodeyard/v1/faults", key=None)
    assert (status, headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")


async def test_what_takes_long_and_only_answers_ends_when_its_caller_goes() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def rehearse(_caller: Caller, _members: Members) -> Members:
        begun.set()
        try:
            return await asyncio.Event().wait() and {}
        finally:
            ended.set()

    name = "RehearseNodegroupUpdate"
    app = door(extension=Served("Nodeyard", service_model.extension(), {name: rehearse}, frozenset({name})))
    path = "/nodeyard/v1/clusters/prod/nodegroups/blue/rehearsals"
    sent: list[Any] = []

    async def receive() -> Any:
        if begun.is_set():
            return {"type": "http.disconnect"}
        if not sent:
            sent.append("the body")
            return {"type": "http.request", "body": b"{}", "more_body": False}
        await begun.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async with asyncio.timeout(5):
        await app(asked("POST", path, b"{}", key="AKID", service="nodeyard"), receive, send)
    assert ended.is_set()
    assert sent == ["the body"]


async def heard(app: asgi.Asgi, query: str = "", headers: Any = ()) -> tuple[int, str]:
    """Open the stream, leave at once, and return status and first words."""
    sent: list[Any] = []
    opened = asyncio.Event()

    async def receive() -> Any:
        await opened.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if "body" in message:
            opened.set()

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/nodeyard/v1/events",
        "raw_path": b"/nodeyard/v1/events",
        "query_string": query.encode(),
        "headers": [(k.lower().encode(), str(v).encode()) for k, v in headers],
    }
    async with asyncio.timeout(5):
        await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


def streaming(**changes: Any) -> asgi.Asgi:
    return extended(events=EventStream(MemoryStore(), RealClock()), **changes)


async def test_where_nobody_is_verified_the_stream_needs_no_signature() -> None:
    assert await heard(streaming()) == (200, "retry: 1000\nid: 0\n\n")


async def test_where_keys_are_configured_the_stream_needs_one() -> None:
    status, body = await heard(streaming(access_keys=KEYS))
    assert status == 403 and "Missing Authentication Token" in body


async def test_a_signed_subscription_is_taken() -> None:
    request = AWSRequest(
        "GET", "http://localhost/nodeyard/v1/events?cluster=prod", headers={"host": "localhost"}
    )
    SigV4Auth(Credentials("AKID", "secret"), "nodeyard", "eu-west-1").add_auth(request)
    status, _ = await heard(streaming(access_keys=KEYS), "cluster=prod", request.headers.items())
    assert status == 200


async def test_a_presigned_subscription_is_taken_and_another_query_is_not() -> None:
    request = AWSRequest("GET", "http://localhost/nodeyard/v1/events?cluster=prod")
    SigV4QueryAuth(Credentials("AKID", "secret"), "nodeyard", "eu-west-1", 60).add_auth(request)
    query = urlsplit(request.url).query
    host = [("host", "localhost")]
    status, _ = await heard(streaming(access_keys=KEYS), query, host)
    assert status == 200
    status, _ = await heard(streaming(access_keys=KEYS), query.replace("prod", "test"), host)
    assert status == 403


async def test_readyz_says_what_is_wrong_and_healthz_only_that_it_answers() -> None:
    async def why() -> str | None:
        return "The engine does not run."

    app = door(ready=why)
    for path, expected in (("/readyz", 503), ("/healthz", 200)):
        status, _, _ = await call(app, "GET", path, key=None)
        assert status == expected
