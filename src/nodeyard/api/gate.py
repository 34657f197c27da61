"""The gate between a decoded call and its handler: may the caller do it, and who did what.

Asked by `operations` for every call of a recognized caller. A call that changes something is in the
audit log before it acts, so that none acts without a trace, and once more with its outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from nodeyard.access import requests
from nodeyard.access.conditions import Context
from nodeyard.access.decide import Ask, decide, denied
from nodeyard.access.requests import Facts
from nodeyard.api.authentication import Principal
from nodeyard.api.caller import Caller
from nodeyard.api.refusals import code_of, refusal
from nodeyard.model.scope import Scope
from nodeyard.ports import Clock, PortError, Store
from nodeyard.ports.access import BEGUN, AuditEntry, AuditLog
from nodeyard.wire.encode import Response

log = structlog.get_logger(__name__)

Members = Mapping[str, Any]
Asks = Callable[[str, Members, Scope, Facts, Context], list[Ask]]
_READS = ("Describe", "Get", "List", "Stream")
_OF: dict[str, Asks] = {"EKS": requests.of_eks, "Nodeyard": requests.of_ours}


@dataclass(frozen=True, slots=True)
class Passed:
    """A call that may go on, and what is to be written of it at its end."""

    entry: AuditEntry | None


class Gate:
    """Judges and writes down. `audit` None: nothing is written down."""

    def __init__(self, store: Store, audit: AuditLog | None, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock

    async def enter(
        self, service: str, operation: str, caller: Caller, members: Members
    ) -> Passed | Response:
        """Return the right to go on, or the refusal. `service` is the name of the `Served`."""
        principal = caller.principal
        acts = not operation.startswith(_READS)
        if principal is None or (principal.may_all and not acts):
            return Passed(None)
        try:
            facts = await self._facts(operation, caller.scope, members)
            asks = _OF[service](
                operation, members, caller.scope, facts, self._circumstances(caller, principal)
            )
            entry = self._entry(caller, principal, asks)
            for ask in asks:
                verdict = decide(principal.policies, ask)
                if not verdict.allowed:
                    message = denied(principal.arn, ask, verdict)
                    await self._write(entry, "403 AccessDeniedException", message)
                    return refusal(403, "AccessDeniedException", message)
            if not acts:
                return Passed(None)
            await self._write(entry, BEGUN)
            return Passed(entry)
        except PortError as error:
            why = f"Nothing was done, because it could not be written down: {error.message}"
            return refusal(503, "ServiceUnavailableException", why)

    async def leave(self, passed: Passed, answer: Response) -> None:
        """Write down how a call ended. Raises: nothing; that it began is written already."""
        if passed.entry is None:
            return
        code = code_of(answer)
        try:
            await self._write(passed.entry, str(answer.status) if code is None else f"{answer.status} {code}")
        except PortError as error:
            log.error(
                "the outcome of a call is missing in the audit log",
                request_id=passed.entry.request_id,
                status=answer.status,
                error=error.message,
            )

    async def _write(self, entry: AuditEntry, outcome: str, message: str = "") -> None:
        if self._audit is not None:
            said = replace(entry, at=self._clock.now(), outcome=outcome, message=message)
            await self._audit.add_audit(said)

    def _entry(self, caller: Caller, principal: Principal, asks: list[Ask]) -> AuditEntry:
        return AuditEntry(
            at=self._clock.now(),
            account=caller.scope.account,
            region=caller.scope.region,
            request_id=caller.request_id,
            caller=principal.arn,
            access_key=principal.access_key,
            source=caller.source,
            action=asks[0].action,
            resources=tuple(ask.resource for ask in asks),
            outcome=BEGUN,
        )

    def _circumstances(self, caller: Caller, principal: Principal) -> dict[str, str | tuple[str, ...]]:
        """Return the condition keys of any call. Source: IAM User Guide, global condition context keys."""
        now = self._clock.now()
        made: dict[str, str | tuple[str, ...]] = {
            "aws:username": principal.user,
            "aws:userid": principal.access_key,
            "aws:principalarn": principal.arn,
            "aws:principalaccount": principal.account,
            "aws:principaltype": "Account" if principal.user == "root" else "User",
            "aws:requestedregion": caller.scope.region,
            "aws:resourceaccount": caller.scope.account,
            "aws:securetransport": "true" if caller.secure else "false",
            "aws:currenttime": now.isoformat(),
            "aws:epochtime": str(int(now.timestamp())),
            "aws:useragent": caller.agent,
        }
        return made | ({"aws:sourceip": caller.source} if caller.source else {})

    async def _facts(self, operation: str, scope: Scope, members: Members) -> Facts:
        kind = requests.kind(operation)
        cluster, group = requests.cluster_of(members), members.get("nodegroupName")
        if kind == requests.TAGGED:
            kind, cluster, group = _named(str(members.get("resourceArn", "")), scope)
        if cluster is None:
            return Facts()
        if kind == requests.NODEGROUP and group is not None:
            found = await self._store.nodegroup(scope, cluster, str(group))
            return Facts() if found is None else Facts(found.tags, found.uuid)
        there = await self._store.cluster(scope, cluster)
        return Facts() if there is None else Facts(there.tags)


def _named(arn: str, scope: Scope) -> tuple[str, str | None, str | None]:
    """Return the kind, cluster and node group of an ARN in this scope."""
    kind, *names = arn.removeprefix(scope.arn("eks", "")).split("/")
    if kind == requests.CLUSTER and len(names) == 1:
        return requests.CLUSTER, names[0], None
    if kind == requests.NODEGROUP and len(names) == 3:
        return requests.NODEGROUP, names[0], names[1]
    return requests.ALL, None, None
