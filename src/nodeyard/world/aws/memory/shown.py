"""Instances of groups as the port shows them, each made once for each change of it. Used by `compute`."""

from __future__ import annotations

from typing import Any

from nodeyard.model.scope import Scope
from nodeyard.ports import GroupInstance
from nodeyard.translation import aws
from nodeyard.world.aws.auto_scaling import views
from nodeyard.world.aws.auto_scaling.records import Member
from nodeyard.world.aws.auto_scaling.state import GroupState


class ShownInstances:
    """Remembers what it made of each member of each group."""

    def __init__(self) -> None:
        self._made: dict[tuple[Scope, str], dict[str, tuple[Member, GroupInstance]]] = {}

    def of(self, scope: Scope, state: GroupState) -> dict[str, Any]:
        """Return the members of `ports.AutoScalingGroup` that tell of instances and of the warm pool."""
        key = (scope, state.group.name)
        before = self._made.get(key, {})
        made = {}
        for member in state.members.values():
            held = before.get(member.id)
            if held is None or held[0] is not member:
                held = member, aws.instance(views.instance(member))
            made[member.id] = held
        self._made[key] = made
        return {
            "instances": tuple(each for member, each in made.values() if not member.pooled),
            **aws.warm_pool(state.group.warm_pool, (each for member, each in made.values() if member.pooled)),
        }
