"""The HTTP door: EKS by rest-json, every other AWS service by its signature, probes beside them.

A raw ASGI application. Each request is read within bounds, given an id, and answered with a
modelled error when anything is wrong with it; nothing here knows what an operation means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from nodeyard.api import probes
from nodeyard.api.caller import Caller
from nodeyard.api.event_stream import EventStream
from nodeyard.api.metrics import Metrics
from nodeyard.api.operations import Handler, Operations, Served
from nodeyard.api.probes import Ready
from nodeyard.model.scope import Scope
from nodeyard.ports import Clock, Ids
from nodeyard.wire import sigv4
from nodeyard.wire.encode import Response
from nodeyard.wire.model import ServiceModel
from nodeyard.wire.sigv4 import HttpRequest, Signed, Target

AsgiScope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[AsgiScope, Receive, Send], Awaitable[None]]
EKS_BODY_BYTES_MAX = 1 << 20
AWS_BODY_BYTES_MAX = 16 << 20
EXTENSION_PREFIX = "/nodeyard/v1/"
EVENTS_PATH = "/nodeyard/v1/events"
_ACCOUNT_AS_KEY = re.compile(r"\d{12}")


@dataclass(frozen=True, slots=True)
class Door:
    """What the door serves. `access_keys` empty: every signature is taken at its word."""

    model: ServiceModel
    handlers: Mapping[str, Handler]
    clock: Clock
    ids: Ids
    account: str
    access_keys: Mapping[str, str]
    other_services: Asgi | None = None
    extensions: Mapping[str, Asgi] | None = None
    """Path prefix -> what answers there by itself."""
    extension: Served | None = None
    """The operations of our own service model."""
    events: EventStream | None = None
    ready: Ready | None = None
    """Says why the service is not ready; None: it always is."""
    metrics: Metrics | None = None


class TooLarge(Exception):
    pass


def build(door: Door) -> Asgi:
    """Return the ASGI application of a door."""
    return _App(door).__call__


class _App:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._eks = Operations(Served("EKS", door.model, door.handlers))
        self._extension = None if door.extension is None else Operations(door.extension)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path in probes.PATHS:
            await _send(send, await probes.answer(path, self._door.ready, self._door.metrics))
            return
        for prefix, app in (self._door.extensions or {}).items():
            if path.startswith(prefix):
                await app(scope, receive, send)
                return
        if path == EVENTS_PATH and self._door.events is not None:
            await self._stream(scope, receive, send)
        else:
            await self._aws(scope, receive, send)

    async def _aws(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        request_id = self._door.ids.uuid()
        headers, query = _headers(scope), scope["query_string"].decode("latin-1")
        signed = sigv4.parse(headers, query)
        small = signed is None or signed.service == "eks" or _is_ours(scope["path"])
        limit = EKS_BODY_BYTES_MAX if small else AWS_BODY_BYTES_MAX
        try:
            body = await _body(receive, limit)
        except TooLarge:
            message = f"The request body is larger than {limit} bytes."
            answer = self._eks.encoder.error("InvalidParameterException", message)
            await _send(send, answer, request_id)
            return
        http = HttpRequest(scope["method"], _raw_path(scope), query, headers, body)
        refused = self._authenticate(signed, http)
        if refused is not None or signed is None:
            await _send(send, refused or _unsigned(), request_id)
        elif signed.service == "eks" or _is_ours(http.path):
            await _send(send, await self._operate(signed, http, request_id), request_id)
        elif self._door.other_services is None:
            message = f"Only EKS is served here, not {signed.service}; send it to AWS itself."
            await _send(send, _error(400, "UnknownServiceException", message), request_id)
        else:
            scope["nodeyard.target"] = Target(signed.service, signed.region, self._account(signed))
            await self._door.other_services(scope, _replay(body, receive), send)

    def _authenticate(self, signed: Signed | None, http: HttpRequest) -> Response | None:
        if signed is None:
            return _unsigned()
        keys = self._door.access_keys
        if not keys:
            return None
        secret = keys.get(signed.access_key)
        if secret is None:
            message = "The security token included in the request is invalid: the access key is unknown."
            return _error(403, "UnrecognizedClientException", message)
        why = sigv4.verify(signed, secret, http, self._door.clock.now())
        return None if why is None else _error(403, "InvalidSignatureException", why)

    def _account(self, signed: Signed) -> str:
        if _ACCOUNT_AS_KEY.fullmatch(signed.access_key):
            return signed.access_key
        return self._door.account

    async def _operate(self, signed: Signed, http: HttpRequest, request_id: str) -> Response:
        service = self._eks
        if self._extension is not None and _is_ours(http.path):
            service = self._extension
        match = service.match(http)
        if match is None:
            message = f"{service.name} has no operation at {http.method} {http.path}."
            return _error(404, "UnknownOperationException", message)
        scope = Scope(self._account(signed), signed.region)
        began = self._door.clock.now()
        answer = await service.answer(match, Caller(scope, signed.access_key, request_id), http)
        if self._door.metrics is not None:
            took = (self._door.clock.now() - began).total_seconds()
            self._door.metrics.request(service.name, match.operation.name, answer.status, took)
        return answer

    async def _stream(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer a subscription: signed as any request, or by nobody where nobody is verified."""
        assert self._door.events is not None
        headers, query = _headers(scope), scope["query_string"].decode("latin-1")
        signed = sigv4.parse(headers, query)
        if signed is not None or self._door.access_keys:
            refused = self._authenticate(signed, HttpRequest("GET", _raw_path(scope), query, headers, b""))
            if refused is not None:
                await _send(send, refused, self._door.ids.uuid())
                return
        who = None if signed is None else Scope(self._account(signed), signed.region)
        await self._door.events.serve(who, query, headers.get("last-event-id"), (receive, send))


def _error(status: int, code: str, message: str) -> Response:
    headers = (("content-type", "application/json"), ("x-amzn-errortype", code))
    return Response(status, headers, json.dumps({"message": message}).encode())


def _unsigned() -> Response:
    message = (
        "Missing Authentication Token: sign the request with Signature Version 4. "
        "Any AWS client does it; where no access keys are configured any credentials will do."
    )
    return _error(403, "MissingAuthenticationTokenException", message)


def _is_ours(path: str) -> bool:
    return path.startswith(EXTENSION_PREFIX)


def _headers(scope: AsgiScope) -> dict[str, str]:
    return {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}


def _raw_path(scope: AsgiScope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")


async def _body(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives the body once more, then whatever else comes."""
    given = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _send(send: Send, response: Response, request_id: str = "") -> None:
    headers = [(k.encode(), v.encode()) for k, v in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    if request_id:
        headers.append((b"x-amzn-requestid", request_id.encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
