"""Sizes while an update runs: somebody else may change them, and they come back exactly. Pure.

Source: EKS User Guide, update behaviour: when Cluster Autoscaler scales up meanwhile, the bigger
size stays. What it takes away is taken from the size to restore in the same way (ours).
"""

from __future__ import annotations

from nodeyard.model.nodegroup import Scaling
from nodeyard.model.rollout import Rollout
from nodeyard.model.values import replace
from nodeyard.planner.words import counted
from nodeyard.ports import AutoScalingGroup


def follow(memory: Rollout, group: AutoScalingGroup) -> tuple[Rollout, tuple[str, ...]]:
    """Return the memory with changes of the desired size that somebody else made, and what to say.

    A value between those before and after the last plan's actions is our own work, done in part.
    """
    before = memory.before
    assert before is not None and memory.desired is not None, "sizes are written down in set-up"
    was = memory.desired if memory.desired_was is None else memory.desired_was
    low, high = min(was, memory.desired), max(was, memory.desired)
    confirmed = memory.having(desired=group.desired, desired_was=group.desired)
    if low <= group.desired <= high:
        return confirmed, ()
    change = group.desired - (high if group.desired > high else low)
    wanted = max(before.minimum, before.desired + change)
    sizes = Scaling(before.minimum, max(before.maximum, wanted), wanted)
    note = (
        f"somebody changed the desired size by {change:+d} to {group.desired} during the update; "
        f"it ends with {counted(wanted, 'node')} instead of {before.desired}"
    )
    return replace(confirmed, before=sizes), (note,)


def surged(before: Scaling, surge: int) -> Scaling:
    """Return the sizes with a surge on top; the maximum grows too, so that autoscalers keep their room."""
    return Scaling(before.minimum, before.maximum + surge, before.desired + surge)


class Departures:
    """Decides for one termination after another whether the desired size goes down with it.

    Auto Scaling replaces a node that goes, until the new nodes there are and will be reach the
    size to restore; from then on the surge is given back node by node, and no new node has to go.
    """

    def __init__(self, desired: int, old: int, wanted: int) -> None:
        self.desired = desired
        self._old = old
        self._wanted = wanted

    def old_node_goes(self) -> bool:
        """Return whether the desired size goes down with the next old node."""
        self._old -= 1
        down = self.desired - self._old > self._wanted
        self.desired -= down
        return down
