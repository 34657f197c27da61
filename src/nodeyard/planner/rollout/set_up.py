"""Set-up: a template version for the target, the group on it, the sizes written down. Pure.

Source: EKS User Guide, update behaviour, setup phase.
"""

from __future__ import annotations

from datetime import datetime

from nodeyard.model.nodegroup import Scaling
from nodeyard.model.rollout import Outcome, Phase
from nodeyard.model.values import replace
from nodeyard.planner.rollout.actions import AddTemplateVersion, UseTemplateVersion
from nodeyard.planner.rollout.holding import REBALANCE
from nodeyard.planner.rollout.observation import View
from nodeyard.planner.rollout.plan import Plan, enter
from nodeyard.planner.rollout.policy import Policy
from nodeyard.planner.words import counted


def plan(policy: Policy, view: View, now: datetime) -> Plan:
    """Make and use the template version, then go to the first phase that has work."""
    memory, group = view.memory, view.seen.group
    target = memory.target
    if policy.cancelled:
        gone = Outcome("", "the update was cancelled before it changed a node", cancelled=True)
        return Plan(enter(replace(memory, outcome=gone), Phase.RETREAT, now), again=True)
    if memory.same_target and not view.old:
        done = Outcome("", f"every node runs {target.release_version} already")
        return Plan(memory, outcome=done)
    if memory.template_version is None:
        because = f"nodes shall run {target.release_version} (image {target.image_id})"
        previous = group.launch_template_version
        return Plan(
            replace(memory, previous_template_version=previous, phase_since=memory.phase_since or now),
            (AddTemplateVersion(because),),
            again=True,
        )
    if group.launch_template_version != memory.template_version:
        because = (
            f"the Auto Scaling group launches version {memory.template_version} of its template from now on, "
            f"not {group.launch_template_version}"
        )
        return Plan(memory, (UseTemplateVersion(memory.template_version, because),), again=True)
    return _begin(policy, view, now)


def _begin(policy: Policy, view: View, now: datetime) -> Plan:
    group = view.seen.group
    before = Scaling(group.minimum, group.maximum, group.desired)
    parallel = policy.parallel(group.desired)
    memory = replace(
        view.memory,
        before=before,
        desired=group.desired,
        desired_was=group.desired,
        parallel=parallel,
        holds_rebalance=REBALANCE not in group.suspended_processes,
        strategy="MINIMAL" if policy.minimal else "DEFAULT",
        nodes_total=len(view.old),
        joined=len(view.joined),
        surge_limit=0 if policy.minimal else max(2 * len(group.zones), parallel),
    )
    phase = Phase.UPGRADE if policy.minimal or not view.old else Phase.SCALE_UP
    note = (
        f"{counted(len(view.old), 'node')} to replace, at most {parallel} at once ({memory.strategy}); "
        f"sizes now {before.minimum}/{before.desired}/{before.maximum} (min/desired/max)"
    )
    return Plan(enter(memory, phase, now), again=True, notes=(note,))
