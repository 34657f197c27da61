"""The version update of a node group, decided step by step. Pure.

`plan` looks at policy, observation and memory and says everything: the actions to take now, what
is waited for and why, and the memory for the next look. A phase is a function of the same three;
the table below says which. Nothing is remembered that can be observed again, so that a plan made
after a crash is the plan that would have been made without it.

Source: EKS User Guide, *Understand each phase of node updates*.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from nodeyard.model.rollout import Phase, Rollout
from nodeyard.planner.rollout import ending, scale_up, set_up, upgrade
from nodeyard.planner.rollout.observation import Observation, View
from nodeyard.planner.rollout.plan import Plan, Wait, remembering
from nodeyard.planner.rollout.policy import Policy

PHASES: dict[Phase, Callable[[Policy, View, datetime], Plan]] = {
    Phase.SET_UP: set_up.plan,
    Phase.SCALE_UP: scale_up.plan,
    Phase.UPGRADE: upgrade.plan,
    Phase.SCALE_DOWN: ending.scale_down,
    Phase.ROLL_BACK: ending.roll_back,
    Phase.RETREAT: ending.retreat,
}


def plan(policy: Policy, observation: Observation, memory: Rollout, now: datetime) -> Plan:
    """Return what the update does now. Raises: nothing; what is missing is a wait with a reason."""
    return remembering(PHASES[memory.phase](policy, View(observation, memory), now))


__all__ = ["PHASES", "Observation", "Plan", "Policy", "View", "Wait", "plan"]
