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

import structlog

from nodeyard.api.caller import Caller
from nodeyard.model.refusal import RefusedError
from nodeyard.model.scope import Scope
from nodeyard.ports import Clock, Ids, Invalid, PortError, StaleRevision
from nodeyard.wire import sigv4
from nodeyard.wire.decode import Decoder, Malformed, Request, caller_error
from nodeyard.wire.encode import Encoder, Response
from nodeyard.wire.model import Operation, ServiceModel
from nodeyard.wire.route import Match, Router
from nodeyard.wire.sigv4 import HttpRequest, Signed, Target

log = structlog.get_logger(__name__)

AsgiScope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[AsgiScope, Receive, Send], Awaitable[None]]
Handler = Callable[[Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

EKS_BODY_BYTES_MAX = 1 << 20
AWS_BODY_BYTES_MAX = 16 << 20
TRIES = 4
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


class TooLarge(Exception):
    pass


def build(door: Door) -> Asgi:
    """Return the ASGI application of a door."""
    return _App(door).__call__


class _App:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._router = Router(door.model)
        self._decoder = Decoder(door.model)
        self._encoder = Encoder(door.model)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path in ("/healthz", "/readyz"):
            await _send(send, Response(200, (("content-type", "text/plain"),), b"ok\n"))
            return
        for prefix, app in (self._door.extensions or {}).items():
            if path.startswith(prefix):
                await app(scope, receive, send)
                return
        await self._aws(scope, receive, send)

    async def _aws(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        request_id = self._door.ids.uuid()
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        signed = sigv4.parse(headers, query)
        limit = EKS_BODY_BYTES_MAX if signed is None or signed.service == "eks" else AWS_BODY_BYTES_MAX
        try:
            body = await _body(receive, limit)
        except TooLarge:
            message = f"The request body is larger than {limit} bytes."
            await _send(send, self._encoder.error("InvalidParameterException", message), request_id)
            return
        http = HttpRequest(scope["method"], _raw_path(scope), query, headers, body)
        refused = self._authenticate(signed, http)
        if refused is not None or signed is None:
            await _send(send, refused or _unsigned(), request_id)
        elif signed.service == "eks":
            await _send(send, await self._eks(signed, http, request_id), request_id)
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

    async def _eks(self, signed: Signed, http: HttpRequest, request_id: str) -> Response:
        match = self._router.match(http.method, http.path)
        if match is None:
            message = f"EKS has no operation at {http.method} {http.path}."
            return _error(404, "UnknownOperationException", message)
        scope = Scope(self._account(signed), signed.region)
        return await self._operate(match, Caller(scope, signed.access_key, request_id), http)

    async def _operate(self, match: Match, caller: Caller, http: HttpRequest) -> Response:
        operation = match.operation
        handler = self._door.handlers.get(operation.name)
        if handler is None:
            message = f"Nodeyard does not implement {operation.name} yet."
            return self._encoder.error(caller_error(operation), message)
        params = self._decoder.decode(match, Request(http.query, http.headers, http.body))
        if isinstance(params, Malformed):
            return self._encoder.error(params.code, params.message, params.members)
        try:
            return self._encoder.success(operation, await _decided(handler, caller, params))
        except RefusedError as error:
            refused = error.refused
            return self._encoder.error(refused.code, refused.message, refused.members)
        except StaleRevision:
            message = "The resource was changed by another request at the same moment; try again."
            return self._encoder.error(_declared(operation, "ResourceInUseException"), message)
        except Invalid as error:
            return self._encoder.error(caller_error(operation), error.message)
        except PortError as error:
            log.warning("a request failed outside", operation=operation.name, error=error.message)
            code = "ServiceUnavailableException" if error.retry else "ServerException"
            return self._encoder.error(_declared(operation, code), error.message)
        except Exception:
            log.exception("a request hit a bug", operation=operation.name, request_id=caller.request_id)
            message = f"Internal failure; the service's log has more under request id {caller.request_id}."
            return self._encoder.error("ServerException", message)


async def _decided(handler: Handler, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Run a handler, again when another request changed a record between its reading and its writing.

    A handler writes all or nothing, so the second run decides on what is there then: two requests
    with one idempotency token at the same moment get one answer.
    """
    for _ in range(TRIES - 1):
        try:
            return await handler(caller, params)
        except StaleRevision:
            continue
    return await handler(caller, params)


def _declared(operation: Operation, code: str) -> str:
    return code if code in operation.errors else "ServerException"


def _error(status: int, code: str, message: str) -> Response:
    headers = (("content-type", "application/json"), ("x-amzn-errortype", code))
    return Response(status, headers, json.dumps({"message": message}).encode())


def _unsigned() -> Response:
    message = (
        "Missing Authentication Token: sign the request with Signature Version 4. "
        "Any AWS client does it; where no access keys are configured any credentials will do."
    )
    return _error(403, "MissingAuthenticationTokenException", message)


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
