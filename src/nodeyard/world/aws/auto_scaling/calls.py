"""One request to Auto Scaling: who asks where, for what; and how lists are paged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nodeyard.world.aws.auto_scaling.engine import Engine
from nodeyard.world.aws.auto_scaling.errors import Refused, invalid
from nodeyard.world.aws.auto_scaling.records import Member
from nodeyard.world.aws.auto_scaling.state import GroupState

Parameters = dict[str, Any]
PAGE = 100


@dataclass(frozen=True, slots=True)
class Call:
    """One request: who asks where, for what."""

    engine: Engine
    account: str
    region: str
    parameters: Parameters

    def state(self, name: str | None = None) -> GroupState:
        """Return the group that the request names. Raises: Refused."""
        wanted = name or self.parameters["AutoScalingGroupName"]
        found = self.engine.groups.get((self.account, self.region, wanted))
        if found is None:
            invalid(f"AutoScalingGroup name not found - AutoScalingGroup {wanted} not found")
        return found

    def member(self, id: str) -> tuple[GroupState, Member]:
        key = self.engine.group_of.get(id)
        if key is None or key[:2] != (self.account, self.region):
            invalid(f"Instance Id not found - No managed instance found for instance ID: {id}")
        state = self.engine.groups[key]
        return state, state.members[id]

    def groups(self) -> list[GroupState]:
        """Return the groups of the caller's account and Region by name."""
        mine = [s for k, s in self.engine.groups.items() if k[:2] == (self.account, self.region)]
        return sorted(mine, key=lambda each: each.group.name)

    def done(self, state: GroupState) -> dict[str, Any]:
        self.engine.write(state)
        self.engine.wake(state.group.key)
        return {}


def page(call: Call, items: list[Any], key: str) -> dict[str, Any]:
    token = call.parameters.get("NextToken")
    if token is not None and not token.isdigit():
        raise Refused("InvalidNextToken", "The NextToken value is not valid.")
    start, most = int(token or 0), call.parameters.get("MaxRecords") or PAGE
    shown: dict[str, Any] = {key: items[start : start + most]}
    if start + most < len(items):
        shown["NextToken"] = str(start + most)
    return shown


def partition(region: str) -> str:
    if region.startswith("cn-"):
        return "aws-cn"
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    return (
        "aws-iso" if region.startswith("us-iso-") else "aws-iso-b" if region.startswith("us-isob-") else "aws"
    )
