"""One EKS resource of a stack made, changed or deleted, and waited for.

Each of these may be begun again after a crash: by tokens and names the second try finds what the first one
did.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from nodeyard.model.scope import Scope
from nodeyard.ports import Clock
from nodeyard.world.aws.stacks.changes import ChangeError, calls
from nodeyard.world.aws.stacks.eks import Eks, EksRefused
from nodeyard.world.aws.stacks.properties import CLUSTER, Wanted

LOOK_EVERY_S = 5.0
"""Simulated seconds between two looks at what is on its way."""

_MISSING = "ResourceNotFoundException"
_PLAIN = frozenset({"TagResource", "UntagResource"})
"""Operations that are over with their answer."""


class Failed(Exception):
    """Why a resource did not come to what its template wants, in CloudFormation's words."""

    def __init__(self, why: str, *, nothing_was_done: bool = False) -> None:
        super().__init__(why)
        self.nothing_was_done = nothing_was_done


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done about one resource. `was`: as it is there now; `wanted` None: it is to go."""

    logical: str
    token: str
    was: Wanted | None
    wanted: Wanted | None
    arn: str = ""


class Work:
    """Does tasks for the stacks of one account and Region."""

    def __init__(self, eks: Eks, clock: Clock, scope: Scope) -> None:
        self._eks = eks
        self._clock = clock
        self._scope = scope

    async def do(self, task: Task) -> dict[str, Any]:
        """Do a task to its end; return the resource as it is described then, empty when it is gone.

        Raises: Failed.
        """
        try:
            if task.wanted is None:
                assert task.was is not None
                return await self._delete(task.was)
            if task.was is None:
                return await self._create(task.wanted, task.token)
            return await self._update(task.was, task.wanted, task)
        except EksRefused as refused:
            raise Failed(_refusal(refused)) from None
        except ChangeError as error:
            raise Failed(str(error), nothing_was_done=True) from None

    async def _create(self, wanted: Wanted, token: str) -> dict[str, Any]:
        operation = "CreateCluster" if wanted.kind == CLUSTER else "CreateNodegroup"
        await self._first(operation, wanted.members | {"clientRequestToken": _token(token, operation)})
        found = await self._until(lambda: self._describe(wanted), lambda it: it["status"] != "CREATING")
        if found["status"] not in ("ACTIVE", "UPDATING"):
            raise Failed(_unstable(wanted, found))
        return found

    async def _update(self, was: Wanted, wanted: Wanted, task: Task) -> dict[str, Any]:
        for number, (operation, members) in enumerate(calls(was, wanted, task.arn)):
            ask = self._call if number else self._first
            if operation in _PLAIN:
                await ask(operation, members)
                continue
            token = {"clientRequestToken": _token(task.token, f"{operation} {number}")}
            begun = (await ask(operation, members | token))["update"]
            named = {"name": wanted.cluster, "updateId": begun["id"]}
            if wanted.kind != CLUSTER:
                named["nodegroupName"] = wanted.name

            async def look(named: dict[str, Any] = named) -> dict[str, Any]:
                found: dict[str, Any] = (await self._call("DescribeUpdate", named))["update"]
                return found

            ended = await self._until(look, lambda it: it["status"] != "InProgress")
            if ended["status"] != "Successful":
                raise Failed(
                    f"Update failed due to {_listed(ended.get('errors', ()), 'ErrorCode', 'ErrorMessage')}"
                )
        return await self._describe(wanted)

    async def _delete(self, was: Wanted) -> dict[str, Any]:
        named = {"name": was.name} if was.kind == CLUSTER else _nodegroup(was)
        operation = "DeleteCluster" if was.kind == CLUSTER else "DeleteNodegroup"
        try:
            if (await self._describe(was))["status"] != "DELETING":
                await self._call(operation, named)
            found = await self._until(
                lambda: self._describe(was), lambda it: it["status"] in ("DELETE_FAILED", "FAILED")
            )
        except EksRefused as refused:
            if refused.code == _MISSING:
                return {}
            raise
        raise Failed(_unstable(was, found))

    async def _describe(self, wanted: Wanted) -> dict[str, Any]:
        found: dict[str, Any]
        if wanted.kind == CLUSTER:
            found = (await self._call("DescribeCluster", {"name": wanted.name}))["cluster"]
        else:
            found = (await self._call("DescribeNodegroup", _nodegroup(wanted)))["nodegroup"]
        return found

    async def _call(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        return await self._eks.call(self._scope, operation, members)

    async def _first(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        """Make the call with which a task begins. Raises: Failed, with nothing done, when it is refused."""
        try:
            return await self._call(operation, members)
        except EksRefused as refused:
            raise Failed(_refusal(refused), nothing_was_done=True) from None

    async def _until(
        self, look: Callable[[], Awaitable[dict[str, Any]]], done: Callable[[dict[str, Any]], bool]
    ) -> dict[str, Any]:
        while not done(found := await look()):
            await self._clock.sleep(LOOK_EVERY_S)
        return found


def _nodegroup(wanted: Wanted) -> dict[str, Any]:
    return {"clusterName": wanted.cluster, "nodegroupName": wanted.name}


def _refusal(refused: EksRefused) -> str:
    return f"Resource handler returned message: {refused.message} ({refused.code})"


def _token(task: str, operation: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{task} {operation}"))


def _unstable(wanted: Wanted, found: dict[str, Any]) -> str:
    """Source: reference, real clients, CloudFormation."""
    issues = _listed(found.get("health", {}).get("issues", ()), "Code", "Message")
    what = "Cluster" if wanted.kind == CLUSTER else "Nodegroup"
    return f"{what} {wanted.name} failed to stabilize: {issues}"


def _listed(errors: Any, code: str, message: str) -> str:
    texts = (
        f"{{{code}: {each.get('code', each.get('errorCode'))}, "
        f"{message}: {each.get('message', each.get('errorMessage'))}, "
        f"ResourceIds: [{', '.join(each.get('resourceIds', ()))}]}}"
        for each in errors
    )
    return f"[{', '.join(texts)}]"
