"""The HTTP face of embedded clusters: one ASGI application that real Kubernetes clients speak to.

Served by `nodeyard.app` behind TLS. Routes, authenticates and frames; every rule is in the API.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec

from nodeyard.world.errors import WorldDataError
from nodeyard.world.kubernetes import discovery, openapi
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.credentials import Tokens
from nodeyard.world.kubernetes.errors import ApiError, bad_request, internal, no_such_path
from nodeyard.world.kubernetes.exchange import Reply, Request, reply
from nodeyard.world.kubernetes.handler import Handler

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_LOG = logging.getLogger(__name__)
_PUBLIC = frozenset({"version", "healthz", "livez", "readyz"})
_OLD_OPENAPI = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
_HEADS = _PUBLIC | {"api", "apis", "openapi", "metrics"}
_WITHOUT_CLUSTER = (
    "the path does not say which cluster is meant; kubectl get --raw leaves out the path of the server, so "
    "put it in front: kubectl get --raw /ACCOUNT/REGION/CLUSTER/healthz"
)
_MAX_BODY = 8 * 1024 * 1024


class Served(Protocol):
    """A cluster, as far as the façade needs it."""

    @property
    def version(self) -> str: ...
    @property
    def api(self) -> Api: ...


Find = Callable[[str, str, str], Served | None]


class Facade:
    """Answers `/ACCOUNT/REGION/NAME/...` for every cluster that `find` knows."""

    def __init__(self, find: Find, tokens: Tokens) -> None:
        self._find = find
        self._tokens = tokens

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] == "websocket":
            await _refuse_websocket(scope, receive, send)
            return
        answer: Reply
        try:
            request = await _request(scope, receive)
            answer = self.answer(request)
        except ApiError as error:
            answer = reply(error.status(), error.code)
            if error.retry_after_s is not None:
                answer.headers["retry-after"] = str(error.retry_after_s)
        except WorldDataError as error:
            _LOG.error("%s", error.message)
            answer = reply(internal(error.message).status(), 500)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            # A body whose fields have other types than the kind declares ends here.
            _LOG.warning("%s %s: unreadable object", scope["method"], scope["path"], exc_info=True)
            text = f"the object cannot be read as its kind: {type(error).__name__}: {error}; check its fields"
            answer = reply(bad_request(text).status(), 400)
        await _respond(answer, receive, send)

    def answer(self, request: Request) -> Reply:
        """Return the reply to a request; the path starts with account, region and cluster name.

        Raises: ApiError.
        """
        steps = [step for step in request.path.split("/") if step]
        if steps and steps[0] in _HEADS:
            raise ApiError(404, "NotFound", _WITHOUT_CLUSTER)
        if len(steps) < 3:
            raise no_such_path()
        account, region, name, *rest = steps
        cluster = self._find(account, region, name)
        if cluster is None:
            raise no_such_path()
        if not rest or rest[0] not in _PUBLIC:
            header = request.headers.get("authorization", "")
            request.user, request.groups = self._tokens.user(header, account, name)
        try:
            return self._route(request, cluster, rest)
        finally:
            # Whatever the answer tells of outlives the process from here on.
            cluster.api.store.flush()

    def _route(self, request: Request, cluster: Served, rest: list[str]) -> Reply:
        registry = cluster.api.store.registry
        head = rest[0] if rest else ""
        if head == "version":
            return reply(version_info(cluster.version))
        if head in _PUBLIC:
            return Reply(200, b"ok", "text/plain")
        if head == "openapi":
            return _openapi(rest[1:], request, cluster)
        if head == "api":
            if len(rest) == 1:
                return _root(request, cluster, core=True)
            if len(rest) == 2:
                return _known(discovery.resource_list(registry, "", rest[1]))
            return Handler(cluster.api).handle(request, "", rest[1], rest[2:])
        if head == "apis":
            if len(rest) == 1:
                return _root(request, cluster, core=False)
            if len(rest) == 2:
                return _known(discovery.api_group(registry, rest[1]))
            if len(rest) == 3:
                return _known(discovery.resource_list(registry, rest[1], rest[2]))
            return Handler(cluster.api).handle(request, rest[1], rest[2], rest[3:])
        if not rest:
            return reply(
                {"paths": ["/api", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"]}
            )
        raise no_such_path()


def version_info(version: str) -> dict[str, str]:
    """Return what /version says for a version such as 1.32."""
    major, _, minor = version.partition(".")
    return {
        "major": major,
        "minor": minor.partition(".")[0],
        "gitVersion": f"v{version}.0-eks-nodeyard" if version.count(".") == 1 else f"v{version}-eks-nodeyard",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "linux/amd64",
    }


def _known(document: dict[str, Any] | None) -> Reply:
    if document is None:
        raise no_such_path()
    return reply(document)


def _root(request: Request, cluster: Served, core: bool) -> Reply:
    registry = cluster.api.store.registry
    for version in ("v2", "v2beta1"):
        if f"g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" in request.accept.replace(" ", ""):
            answer = reply(discovery.aggregated(registry, core, version))
            form = f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
            answer.content_type = form
            return answer
    return reply(discovery.api_versions() if core else discovery.api_groups(registry))


def _openapi(rest: list[str], request: Request, cluster: Served) -> Reply:
    registry = cluster.api.store.registry
    if rest == ["v2"]:
        # An empty document in either form: it keeps nobody from asking for what is not there.
        if _OLD_OPENAPI in request.accept:
            return Reply(200, b"", _OLD_OPENAPI.replace("@", "."))
        return reply({"swagger": "2.0", "info": {"title": "Kubernetes"}, "paths": {}, "definitions": {}})
    if rest == ["v3"]:
        return reply(openapi.index(registry, len(registry.all())))
    if rest[:1] == ["v3"]:
        return _known(openapi.document(registry, "/".join(rest[1:])))
    raise no_such_path()


# --- ASGI ---


async def _request(scope: Message, receive: Receive) -> Request:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        if len(body) > _MAX_BODY:
            raise ApiError(413, "RequestEntityTooLarge", f"the body is over {_MAX_BODY} bytes; send less")
        if not message.get("more_body"):
            break
    headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
    query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
    return Request(scope["method"], scope["path"], query, headers, body)


async def _respond(answer: Reply, receive: Receive, send: Send) -> None:
    headers = {"content-type": answer.content_type, **answer.headers}
    if answer.stream is None:
        headers["content-length"] = str(len(answer.body))
    raw = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.code, "headers": raw})
    if answer.stream is None:
        await send({"type": "http.response.body", "body": answer.body})
        return
    # An empty piece makes the server send the headers at once: clients wait for them.
    await send({"type": "http.response.body", "body": b"", "more_body": True})
    pump = asyncio.create_task(_pump(answer, send))
    left = asyncio.create_task(_left(receive))
    try:
        await asyncio.wait((pump, left), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (pump, left):
            task.cancel()
        ended, _ = await asyncio.gather(pump, left, return_exceptions=True)
        if isinstance(ended, Exception):
            _LOG.warning("a watch ended early: %s", ended, exc_info=ended)


async def _pump(answer: Reply, send: Send) -> None:
    assert answer.stream is not None
    async for piece in answer.stream:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def _refuse_websocket(scope: Message, receive: Receive, send: Send) -> None:
    """Tell clients of exec, attach and port-forward why there is nothing to connect to."""
    await receive()
    status = internal(
        "the containers of this cluster are simulated and have no processes to connect to"
    ).status()
    if "websocket.http.response" in (scope.get("extensions") or {}):
        headers = [(b"content-type", b"application/json")]
        await send({"type": "websocket.http.response.start", "status": 501, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": msgspec.json.encode(status)})
        return
    with contextlib.suppress(RuntimeError):
        await send({"type": "websocket.close", "code": 1011})
