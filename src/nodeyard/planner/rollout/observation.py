"""What an update sees at one instant, and the questions the planner asks of it. Values.

Source: EKS User Guide, update behaviour: nodes are new when they carry the new image's labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

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


class Sides(NamedTuple):
    """The instances of a group that Auto Scaling does not let go already, old and new.

    `joined` are the new ones whose nodes are Ready and carry their labels.
    """

    staying: tuple[Member, ...]
    old: tuple[Member, ...]
    new: tuple[Member, ...]
    joined: tuple[Member, ...]
    joined_ids: frozenset[str]


@dataclass(frozen=True)
class Observation:
    """The Auto Scaling group, its instances with their nodes, and pods where they matter.

    `pods` holds the pods of every node whose turn it is, and of every new node while sizes go
    down. `launch_failures` are what Auto Scaling says about launches that failed lately.
    `left_cordoned` are the instances whose nodes an earlier try cordoned and left so.
    `known` are the sides that were told apart already, of these members.
    """

    group: AutoScalingGroup
    members: tuple[Member, ...]
    pods: Mapping[str, tuple[Pod, ...]]
    launch_failures: tuple[Issue, ...] = ()
    left_cordoned: frozenset[str] = frozenset()
    known: dict[tuple[str | None, Target], Sides] = field(default_factory=dict, compare=False, repr=False)

    def sides(self, memory: Rollout) -> Sides:
        """Tell old from new instances: once for each target, a look asks for it several times."""
        key = memory.template_version, memory.target
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = _sides(self.members, memory)
        return found


def _sides(members: tuple[Member, ...], memory: Rollout) -> Sides:
    staying = tuple(member for member in members if not member.leaving)
    old: list[Member] = []
    new: list[Member] = []
    for member in staying:
        (new if is_new(member, memory) else old).append(member)
    joined = tuple(
        member
        for member in new
        if member.ready and member.node is not None and _labelled(member.node.labels, memory.target)
    )
    return Sides(staying, tuple(old), tuple(new), joined, frozenset(each.instance.id for each in joined))


class View:
    """An observation, seen with the memory of the update. `staying` and what follows is that of `Sides`.

    `out` are the instances whose turn it is: their nodes serve nobody any more.
    """

    def __init__(self, seen: Observation, memory: Rollout) -> None:
        self.seen = seen
        self.memory = memory
        self.staying, self.old, self.new, self.joined, self.joined_ids = seen.sides(memory)
        self.out = frozenset(turn.instance for turn in memory.turns)

    @property
    def available(self) -> int:
        """Return how many nodes can take and serve pods now, as far as this update knows."""
        old = sum(1 for member in self.old if takes_pods(member) and member.instance.id not in self.out)
        return old + len(self.joined)

    def is_new(self, member: Member) -> bool:
        """See `is_new`."""
        return is_new(member, self.memory)

    def member(self, instance: str) -> Member | None:
        return next((each for each in self.seen.members if each.instance.id == instance), None)

    @property
    def zones_to_cover(self) -> frozenset[str]:
        """Return the zones that have old nodes and no new one that is Ready."""
        covered = {member.instance.zone for member in self.joined}
        return frozenset(member.instance.zone for member in self.old) - covered


def is_new(member: Member, memory: Rollout) -> bool:
    """Tell whether an instance runs the target: launched by this update, or an earlier try's."""
    version = member.instance.launch_template_version
    if memory.template_version is not None and version == memory.template_version:
        return True
    node = member.node
    if node is None or node.unschedulable:
        # An earlier try that failed leaves its node cordoned. It takes no pods, so it is replaced.
        return False
    return _labelled(node.labels, memory.target)


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
