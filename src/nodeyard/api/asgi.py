"""The HTTP door: EKS by rest-json, every other AWS service by its signature, probes beside them.

A raw ASGI application. Each request is read within bounds, given an id, and answered with a
modelled error when anything is wrong with it; nothing here knows what an operation means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from nodeyard.api import elsewhere, event_stream, probes
from nodeyard.api.authentication import Authentication, Callers, Principal, RootKeys, unsigned
from nodeyard.api.caller import Caller
from nodeyard.api.event_stream import EventStream
from nodeyard.api.gate import Gate
from nodeyard.api.metrics import Metrics
from nodeyard.api.operations import Handler, Operations, Served
from nodeyard.api.probes import Ready
from nodeyard.api.refusals import refusal
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
STREAM = "StreamEvents"
"""What policies call a subscription to the events: nodeyard:StreamEvents."""
_EKS, _OURS = frozenset({"eks"}), frozenset({"eks", "nodeyard"})


@dataclass(frozen=True, slots=True)
class Door:
    """What the door serves. `access_keys` empty and no `callers`: every signature is taken at its word."""

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
    callers: Callers | None = None
    """Who may call; None: whoever has one of the `access_keys`, as the root of the account."""
    regions: frozenset[str] = frozenset()
    """Regions that requests may be for; empty: any."""
    gate: Gate | None = None


class TooLarge(Exception):
    pass


def build(door: Door) -> Asgi:
    """Return the ASGI application of a door."""
    return _App(door).__call__


class _App:
    def __init__(self, door: Door) -> None:
        self._door = door
        self._eks = Operations(Served("EKS", door.model, door.handlers), door.gate)
        self._extension = None if door.extension is None else Operations(door.extension, door.gate)
        callers = door.callers
        if callers is None and door.access_keys:
            callers = RootKeys(door.access_keys, door.account)
        self._authentication = Authentication(callers, door.clock, door.regions)

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
        if not self._authentication.verifies and (page := elsewhere.who(_headers(scope))) is not None:
            await _send(send, elsewhere.refused(page))
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
        small = small or self._door.other_services is None
        limit = EKS_BODY_BYTES_MAX if small else AWS_BODY_BYTES_MAX
        try:
            body = await _body(receive, limit)
        except TooLarge:
            message = f"The request body is larger than {limit} bytes."
            answer = self._eks.encoder.error("InvalidParameterException", message)
            await _send(send, answer, request_id)
            return
        http = HttpRequest(scope["method"], _raw_path(scope), query, headers, body)
        ours = _is_ours(http.path)
        eks = signed is not None and signed.service == "eks"
        who = await self._authentication.recognize(signed, http, _OURS if ours else _EKS if eks else None)
        if isinstance(who, Response) or signed is None:
            await _send(send, who if isinstance(who, Response) else unsigned(), request_id)
        elif eks or ours:
            caller = self._caller(signed, who, scope, http, request_id)
            if (made := await self._operate(caller, http, receive)) is not None:
                await _send(send, made, request_id)
        elif self._door.other_services is None:
            message = f"Only EKS is served here, not {signed.service}; send it to AWS itself."
            await _send(send, refusal(400, "UnknownServiceException", message), request_id)
        else:
            account = self._caller(signed, who, scope, http, request_id).scope.account
            scope["nodeyard.target"] = Target(signed.service, signed.region, account)
            await self._door.other_services(scope, _replay(body, receive), send)

    def _caller(
        self,
        signed: Signed,
        principal: Principal | None,
        scope: AsgiScope,
        http: HttpRequest,
        request_id: str,
    ) -> Caller:
        if principal is not None:
            account = principal.account
        else:
            own = len(signed.access_key) == 12 and signed.access_key.isdecimal()
            account = signed.access_key if own else self._door.account
        return Caller(
            scope=Scope(account, signed.region),
            access_key=signed.access_key,
            request_id=request_id,
            principal=principal,
            source=str((scope.get("client") or ("",))[0]),
            agent=http.headers.get("user-agent", ""),
            secure=scope.get("scheme") == "https",
            signed=signed,
        )

    async def _operate(self, caller: Caller, http: HttpRequest, receive: Receive) -> Response | None:
        """Return the answer of an operation; None where its caller went before it was made."""
        service = self._eks
        if self._extension is not None and _is_ours(http.path):
            service = self._extension
        match = service.match(http)
        if match is None:
            message = f"{service.name} has no operation at {http.method} {http.path}."
            return refusal(404, "UnknownOperationException", message)
        began = self._door.clock.steady()
        work = service.answer(match, caller, http)
        if service.ends_with_its_caller(match):
            kept = await _unless_left(work, receive)
            if kept is None:
                return None
            answer = kept
        else:
            answer = await work
        if self._door.metrics is not None:
            took = self._door.clock.steady() - began
            self._door.metrics.request(service.name, match.operation.name, answer.status, took)
        return answer

    async def _stream(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer a subscription: signed as any request, or by nobody where nobody is verified."""
        assert self._door.events is not None
        headers, query = _headers(scope), scope["query_string"].decode("latin-1")
        signed = sigv4.parse(headers, query)
        who = None
        if signed is not None or self._authentication.verifies:
            refused = await self._may_watch(
                signed, scope, HttpRequest("GET", _raw_path(scope), query, headers, b"")
            )
            if isinstance(refused, Response):
                await _send(send, refused, self._door.ids.uuid())
                return
            who = refused
        await self._door.events.serve(who, query, headers.get("last-event-id"), (receive, send))

    async def _may_watch(
        self, signed: Signed | None, scope: AsgiScope, http: HttpRequest
    ) -> Scope | Response:
        """Return whose events a subscriber may see, or the refusal."""
        principal = await self._authentication.recognize(signed, http, _OURS)
        if isinstance(principal, Response) or signed is None:
            return principal if isinstance(principal, Response) else unsigned()
        caller = self._caller(signed, principal, scope, http, self._door.ids.uuid())
        if self._door.gate is not None:
            cluster = event_stream.members(http.query).get("cluster")
            members = {} if cluster is None else {"clusterName": cluster}
            passed = await self._door.gate.enter("Nodeyard", STREAM, caller, members)
            if isinstance(passed, Response):
                return passed
        return caller.scope


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


async def _unless_left(work: Coroutine[Any, Any, Response], receive: Receive) -> Response | None:
    """Return what comes of work, None where the caller went first: then it is cancelled."""
    made, gone = asyncio.create_task(work), asyncio.create_task(_gone(receive))
    try:
        await asyncio.wait((made, gone), return_when=asyncio.FIRST_COMPLETED)
        return made.result() if made.done() else None
    finally:
        for task in (made, gone):
            task.cancel()
        await asyncio.gather(made, gone, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, response: Response, request_id: str = "") -> None:
    headers = [*_encoded(response.headers), (b"content-length", b"%d" % len(response.body))]
    if request_id:
        headers.append((b"x-amzn-requestid", request_id.encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


@lru_cache(64)
def _encoded(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode(), value.encode()) for name, value in headers)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
