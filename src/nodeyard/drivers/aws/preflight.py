"""Whether the credentials may do what the service needs, found out before anything is made.

`app` asks for `nodeyard serve --check`. Only reads: who the caller is, and what IAM says of each action.
Source: IAM API, SimulatePrincipalPolicy.
"""

from __future__ import annotations

from dataclasses import dataclass

from nodeyard.drivers.aws import permissions
from nodeyard.drivers.aws.calls import Calls
from nodeyard.model.scope import Scope
from nodeyard.ports import PortError

ACTIONS_MAX = 50
"""Ours: actions a call, to stay far below the limit on the length of a request."""
_CONTEXT = [
    {
        "ContextKeyName": "iam:PassedToService",
        "ContextKeyValues": ["ec2.amazonaws.com"],
        "ContextKeyType": "string",
    }
]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found. `problem` says why nothing more is known; `denied` is empty when all is well."""

    caller: str = ""
    problem: str | None = None
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        return self.problem is None and not self.denied


async def look(calls: Calls, scope: Scope, queue: str | None = None) -> Found:
    """Return what the credentials may do; `queue` as in `permissions.needed`.

    Raises: nothing; what fails is told.
    """
    try:
        identity = await calls.call(scope, "sts", "get_caller_identity")
    except PortError as error:
        return Found(problem=f"AWS does not know the credentials: {error.message}")
    caller = str(identity["Arn"])
    if identity["Account"] != scope.account:
        return Found(
            caller,
            f"The credentials are of account {identity['Account']}, but --account-id is {scope.account}: "
            "give those of that account.",
        )
    if caller.endswith(":root"):
        # The root of an account has no policies that could be asked, and may do everything.
        every = sorted({action for actions in permissions.needed(queue).values() for action in actions})
        return Found(caller, allowed=tuple(every))
    try:
        return await _simulated(calls, scope, caller, queue)
    except PortError as error:
        return Found(
            caller,
            f"IAM does not tell what {caller} may do: {error.message}. Allow it "
            "iam:SimulatePrincipalPolicy and iam:GetRole on itself for this check, or compare its "
            "policies with the one below.",
        )


async def _simulated(calls: Calls, scope: Scope, caller: str, queue: str | None) -> Found:
    source = await _policy_source(calls, scope, caller)
    allowed: list[str] = []
    denied: list[str] = []
    for resource, actions in permissions.needed(queue).items():
        filled = resource.format(partition=scope.partition, account=scope.account)
        for start in range(0, len(actions), ACTIONS_MAX):
            # The paginator of botocore follows the markers; an answer may come in pieces.
            results = await calls.pages(
                scope,
                "iam",
                "simulate_principal_policy",
                "EvaluationResults",
                PolicySourceArn=source,
                ActionNames=list(actions[start : start + ACTIONS_MAX]),
                ResourceArns=[filled],
                ContextEntries=_CONTEXT,
            )
            for result in results:
                name = str(result["EvalActionName"])
                if result["EvalDecision"] == "allowed":
                    allowed.append(name)
                else:
                    denied.append(f"{name} on {filled} ({result['EvalDecision']})")
    return Found(caller, allowed=tuple(sorted(allowed)), denied=tuple(sorted(denied)))


async def _policy_source(calls: Calls, scope: Scope, caller: str) -> str:
    """Return the user or role whose policies count: for a session its role, with its path."""
    if ":assumed-role/" not in caller:
        return caller
    role = caller.split(":assumed-role/", 1)[1].split("/", 1)[0]
    found = await calls.call(scope, "iam", "get_role", RoleName=role)
    return str(found["Role"]["Arn"])
