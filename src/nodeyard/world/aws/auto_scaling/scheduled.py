"""Scheduled actions whose time has come: the engine carries them out.

Source: EC2 Auto Scaling User Guide, scheduled scaling, suspend and resume processes.
"""

from __future__ import annotations

from datetime import datetime

from nodeyard.world.aws.auto_scaling.state import GroupState

PROCESS = "ScheduledActions"
SIZES = ("MinSize", "MaxSize", "DesiredCapacity")


def run_due(state: GroupState, now: datetime) -> None:
    """Carry out the actions whose time has come; what comes while the process is suspended is left out."""
    due = sorted(
        (each for each in state.group.scheduled.values() if each.at <= now), key=lambda each: each.at
    )
    for each in due:
        left = {key: other for key, other in state.group.scheduled.items() if other is not each}
        state.change(scheduled=left)
        if not state.group.is_suspended(PROCESS):
            _resize(state, each.sizes)


def _resize(state: GroupState, sizes: dict[str, int]) -> None:
    before = state.group.desired
    wanted = {name: int(state.group.settings[name]) for name in SIZES} | sizes
    low, high = wanted["MinSize"], max(wanted["MinSize"], wanted["MaxSize"])
    desired = min(max(wanted["DesiredCapacity"], low), high)
    state.set(MinSize=low, MaxSize=high, DesiredCapacity=desired)
    constraints = f"min: {low}, max: {high}, desired: {desired}"
    change = f"changing the desired capacity from {before} to {desired}"
    cause = f"a scheduled action update of AutoScalingGroup constraints to {constraints} {change}"
    state.change(reason=cause if desired != before else state.group.reason, retry_at=None)
