"""One service behind the door: a request that names one of its operations -> the answer.

EKS and our own extension are served by the same code; only the model and the handlers differ.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from nodeyard.api.caller import Caller
from nodeyard.api.gate import Gate
from nodeyard.api.written import Shown, Written
from nodeyard.model.refusal import RefusedError
from nodeyard.ports import Invalid, PortError, StaleRevision
from nodeyard.wire.decode import Decoder, Malformed, Request, caller_error
from nodeyard.wire.encode import Encoder, Response
from nodeyard.wire.model import Operation, ServiceModel
from nodeyard.wire.route import Match, Router
from nodeyard.wire.sigv4 import HttpRequest

log = structlog.get_logger(__name__)

Handler = Callable[[Caller, dict[str, Any]], Awaitable[dict[str, Any] | Shown]]
"""From decoded members to those of the output shape."""

TRIES = 4

_NAMES = ("clusterName", "nodegroupName", "fargateProfileName", "addonName")
"""Members of requests that errors have too."""
_CLUSTER = "/clusters/{name}"
"""How the addresses begin of operations whose member `name`, where they have it, is a cluster."""


@dataclass(frozen=True, slots=True)
class Served:
    """A service: its name for people, its model, and a handler for each operation that it has."""

    name: str
    model: ServiceModel
    handlers: Mapping[str, Handler]
    long: frozenset[str] = frozenset()
    """Operations that take long and only answer: they end when their caller goes."""


class Operations:
    """The operations of one service. `gate` None: every call goes on."""

    def __init__(self, served: Served, gate: Gate | None = None) -> None:
        self.name = served.name
        self._gate = gate
        self._served = served
        self._router = Router(served.model)
        self._decoder = Decoder(served.model)
        self.encoder = Encoder(served.model)
        self._written = Written(self.encoder)

    def match(self, http: HttpRequest) -> Match | None:
        """Return the operation that a request names, None when the service has none there."""
        return self._router.match(http.method, http.path)

    def ends_with_its_caller(self, match: Match) -> bool:
        """Say whether nothing but the answer is lost when an operation is cancelled."""
        return match.operation.name in self._served.long

    async def answer(self, match: Match, caller: Caller, http: HttpRequest) -> Response:
        """Return the answer to a request, an error of the model when anything is wrong with it."""
        operation = match.operation
        handler = self._served.handlers.get(operation.name)
        if handler is None:
            message = f"Nodeyard does not implement {operation.name} yet."
            return self.encoder.error(caller_error(operation), message)
        params = self._decoder.decode(match, Request(http.query, http.headers, http.body))
        if isinstance(params, Malformed):
            return self.encoder.error(params.code, params.message, params.members)
        if self._gate is None:
            return await self._handled(operation, handler, caller, params)
        passed = await self._gate.enter(self.name, operation.name, caller, params)
        if isinstance(passed, Response):
            return passed
        answer = await self._handled(operation, handler, caller, params)
        await self._gate.leave(passed, answer)
        return answer

    async def _handled(
        self, operation: Operation, handler: Handler, caller: Caller, params: dict[str, Any]
    ) -> Response:
        try:
            found = await _decided(handler, caller, params)
            if isinstance(found, Shown):
                return self._written.answer(operation, found)
            return self.encoder.success(operation, found)
        except RefusedError as error:
            refused = error.refused
            named = _named(operation, params) | refused.members
            return self.encoder.error(refused.code, refused.message, named)
        except StaleRevision:
            message = "The resource was changed by another request at the same moment; try again."
            code = _declared(operation, "ResourceInUseException")
            return self.encoder.error(code, message, _named(operation, params))
        except Invalid as error:
            return self.encoder.error(caller_error(operation), error.message, _named(operation, params))
        except PortError as error:
            log.warning("a request failed outside", operation=operation.name, error=error.message)
            code = "ServiceUnavailableException" if error.retry else "ServerException"
            return self.encoder.error(_declared(operation, code), error.message, _named(operation, params))
        except Exception:
            log.exception("a request hit a bug", operation=operation.name, request_id=caller.request_id)
            message = f"Internal failure; the service's log has more under request id {caller.request_id}."
            return self.encoder.error("ServerException", message, _named(operation, params))


def _named(operation: Operation, params: Mapping[str, Any]) -> dict[str, str]:
    """Return what a call names, for the members of its error: all of it, whichever of it is missing.

    Source: EKS API reference, ResourceNotFoundException: "the node group associated with the exception".
    """
    named = {name: params[name] for name in _NAMES if isinstance(params.get(name), str)}
    if operation.uri.startswith(_CLUSTER) and "name" in params:
        named["clusterName"] = params["name"]
    return named


async def _decided(handler: Handler, caller: Caller, params: dict[str, Any]) -> dict[str, Any] | Shown:
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
