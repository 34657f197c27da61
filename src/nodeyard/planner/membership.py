"""Who belongs to a group: its instances as Auto Scaling sees them, joined with their nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nodeyard.ports import AutoScalingGroup, GroupInstance, Node

LAUNCHING = frozenset({"Pending", "Pending:Wait", "Pending:Proceed"})
LEAVING = frozenset({"Terminating", "Terminating:Wait", "Terminating:Proceed", "Terminated"})


@dataclass(frozen=True, slots=True)
class Member:
    """An instance and the node it became; None while it has not joined."""

    instance: GroupInstance
    node: Node | None

    @property
    def ready(self) -> bool:
        return self.node is not None and self.node.ready

    @property
    def leaving(self) -> bool:
        return self.instance.lifecycle_state in LEAVING


def pooled(group: AutoScalingGroup | None, nodes: Sequence[Node]) -> tuple[Member, ...]:
    """Return every instance of the warm pool of the group with its node, by instance id."""
    return () if group is None else _joined(group.warm, nodes)


def join(group: AutoScalingGroup | None, nodes: Sequence[Node]) -> tuple[Member, ...]:
    """Return every instance of the group with its node, by instance id."""
    return () if group is None else _joined(group.instances, nodes)


def _joined(instances: Sequence[GroupInstance], nodes: Sequence[Node]) -> tuple[Member, ...]:
    if not instances:
        return ()
    by_instance = {node.instance_id: node for node in nodes}
    ordered = sorted(instances, key=lambda each: each.id)
    return tuple(Member(instance, by_instance.get(instance.id)) for instance in ordered)
