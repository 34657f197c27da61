"""What an update sees at one instant, and the questions the planner asks of it. Values.

Source: EKS User Guide, update behaviour: nodes are new when they carry the new image's labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from nodeyard.model.health import Issue
from nodeyard.model.rollout import Rollout, Target
from nodeyard.planner.launch_template import (
    LABEL_IMAGE,
    LABEL_NODEGROUP,
    LABEL_TEMPLATE,
    LABEL_TEMPLATE_VERSION,
)
from nodeyard.planner.membership import Member
from nodeyard.ports import AutoScalingGroup, Pod


@dataclass(frozen=True)
class Observation:
    """The Auto Scaling group, its instances with their nodes, and pods where they matter.

    `pods` holds the pods of every node whose turn it is, and of every new node while sizes go
    down. `launch_failures` are what Auto Scaling says about launches that failed lately.
    """

    group: AutoScalingGroup
    members: tuple[Member, ...]
    pods: Mapping[str, tuple[Pod, ...]]
    launch_failures: tuple[Issue, ...] = ()


class View:
    """An observation, seen with the memory of the update."""

    def __init__(self, seen: Observation, memory: Rollout) -> None:
        self.seen = seen
        self.memory = memory

    @cached_property
    def staying(self) -> tuple[Member, ...]:
        """Return the instances that Auto Scaling does not let go already."""
        return tuple(member for member in self.seen.members if not member.leaving)

    @cached_property
    def old(self) -> tuple[Member, ...]:
        return tuple(member for member in self.staying if not self.is_new(member))

    @cached_property
    def new(self) -> tuple[Member, ...]:
        return tuple(member for member in self.staying if self.is_new(member))

    @cached_property
    def joined(self) -> tuple[Member, ...]:
        """Return the new nodes that are Ready and carry their labels."""
        return tuple(
            member
            for member in self.new
            if member.ready and member.node is not None and _labelled(member.node.labels, self.memory.target)
        )

    @cached_property
    def joined_ids(self) -> frozenset[str]:
        return frozenset(member.instance.id for member in self.joined)

    @cached_property
    def out(self) -> frozenset[str]:
        """Return the instances whose turn it is: their nodes serve nobody any more."""
        return frozenset(turn.instance for turn in self.memory.turns)

    @cached_property
    def available(self) -> int:
        """Return how many nodes can take and serve pods now, as far as this update knows."""
        old = sum(1 for member in self.old if takes_pods(member) and member.instance.id not in self.out)
        return old + len(self.joined)

    def is_new(self, member: Member) -> bool:
        """Tell whether an instance runs the target: launched by this update, or an earlier try's."""
        version = member.instance.launch_template_version
        if self.memory.template_version is not None and version == self.memory.template_version:
            return True
        node = member.node
        if node is None or node.unschedulable:
            # An earlier try that failed leaves its node cordoned. It takes no pods, so it is replaced.
            return False
        return _labelled(node.labels, self.memory.target)

    def member(self, instance: str) -> Member | None:
        return next((each for each in self.seen.members if each.instance.id == instance), None)

    @cached_property
    def zones_to_cover(self) -> frozenset[str]:
        """Return the zones that have old nodes and no new one that is Ready."""
        covered = {member.instance.zone for member in self.joined}
        return frozenset(member.instance.zone for member in self.old) - covered


def takes_pods(member: Member) -> bool:
    """Tell whether a node is in use: Ready, and not left cordoned by an earlier try or by its owner."""
    return member.node is not None and member.node.ready and not member.node.unschedulable


def _labelled(labels: Mapping[str, str], target: Target) -> bool:
    if LABEL_NODEGROUP not in labels or labels.get(LABEL_IMAGE) != target.image_id:
        return False
    template = target.launch_template
    if template is None:
        return True
    return (labels.get(LABEL_TEMPLATE), labels.get(LABEL_TEMPLATE_VERSION)) == (template.id, template.version)
