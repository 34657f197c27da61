"""The gate between a decoded call and its handler: may the caller do it, and who did what.

Asked by `operations` for every call of a recognized caller. A call that changes something is in the
audit log before it acts, so that none acts without a trace, and once more with its outcome. Its
signature is used up by that: the same request does not act twice, in whatever process it arrives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
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
from nodeyard.ports.access import BEGUN, AuditEntry, AuditLog, UsedSignature
from nodeyard.wire import sigv4
from nodeyard.wire.encode import Response

log = structlog.get_logger(__name__)

Members = Mapping[str, Any]
Asks = Callable[[str, Members, Scope, Facts, Context], list[Ask]]
REMEMBERED_BEYOND = timedelta(days=1)
"""How long a used signature is remembered after its end: clocks differ, and can be set back."""
RETRIED_WITHIN = timedelta(seconds=5)
"""How soon after its first try a client's own retry arrives that was signed in the same second: botocore does
not sign what tells the tries apart, so that its signature is the same."""
AGAIN_AFTER_MS, SPREAD_MS = 1000, 3000
"""When to sign anew: in another second, and not all in the same one where many callers do the same."""
_READS = ("Describe", "Get", "List", "Stream", "Validate")
_OF: dict[str, Asks] = {"EKS": requests.of_eks, "Nodeyard": requests.of_ours}


@dataclass(frozen=True, slots=True)
class Passed:
    """A call that may go on, and what is to be written of it at its end."""

    entry: AuditEntry | None


class Gate:
    """Judges and writes down."""

    def __init__(self, store: Store, audit: AuditLog, clock: Clock) -> None:
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
            before = await self._audit.begin_audit(entry, _used(caller))
            if before is None:
                return Passed(entry)
            again = sent_again(entry.at - before)
            await self._write(entry, f"{again.status} {again.code}", again.message)
            return again.answer(caller.request_id)
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


@dataclass(frozen=True, slots=True)
class SentAgain:
    """What is said to a request that acted already."""

    status: int
    code: str
    message: str

    def answer(self, request_id: str) -> Response:
        """Return it as an answer; one that may be a client's own retry says when to sign anew.

        The wait is spread by the id of the request, a UUID, which is chance.
        """
        made = refusal(self.status, self.code, self.message)
        if self.status != 429:
            return made
        wait_ms = AGAIN_AFTER_MS + int(request_id[:8], 16) % SPREAD_MS
        return replace(made, headers=(*made.headers, ("x-amz-retry-after", str(wait_ms))))


def sent_again(after: timedelta) -> SentAgain:
    """Return why a signature that was used this long ago is not taken. Neither answer lets the call act.

    Source: AWS SDKs and Tools Reference Guide, retry behavior: 429 is tried again, and signed again.
    """
    once = "one signature is good for one call that changes something, so nothing was done."
    if after < RETRIED_WITHIN:
        why = f"A request with the same signature came a moment ago; {once}"
        now = "Sign it again a second later, as AWS clients do by themselves."
        return SentAgain(429, "TooManyRequestsException", f"{why} {now}")
    why = f"The signature of this request was used before; {once}"
    now = "See whether the earlier request did what you want; if not, sign it again."
    return SentAgain(403, "InvalidSignatureException", f"{why} {now}")


def _used(caller: Caller) -> UsedSignature:
    """Return what is remembered of the signature of a caller who was recognized by it."""
    assert caller.signed is not None, "only a signature makes a principal"
    digest = hashlib.sha256(caller.signed.signature.encode()).hexdigest()
    return UsedSignature(digest, sigv4.valid_until(caller.signed) + REMEMBERED_BEYOND)


def _named(arn: str, scope: Scope) -> tuple[str, str | None, str | None]:
    """Return the kind, cluster and node group of an ARN in this scope."""
    kind, *names = arn.removeprefix(scope.arn("eks", "")).split("/")
    if kind == requests.CLUSTER and len(names) == 1:
        return requests.CLUSTER, names[0], None
    if kind == requests.NODEGROUP and len(names) == 3:
        return requests.NODEGROUP, names[0], names[1]
    return requests.ALL, None, None
