"""The three ways an update ends: scale-down, roll back, retreat. Pure.

Each gives sizes back exactly and leaves nothing marked; each may be interrupted anywhere and goes
on from what it sees. Source: EKS User Guide, update behaviour, scale down phase; reference,
failure, rollback, resume.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from nodeyard.model.nodegroup import Scaling
from nodeyard.model.rollout import Outcome, Rollout
from nodeyard.model.values import replace
from nodeyard.planner.membership import Member
from nodeyard.planner.rollout import sizes
from nodeyard.planner.rollout.actions import TAINT, Action, Resize, Terminate, Unmark, UseTemplateVersion
from nodeyard.planner.rollout.holding import to_allow
from nodeyard.planner.rollout.observation import View
from nodeyard.planner.rollout.plan import Plan
from nodeyard.planner.rollout.policy import Policy
from nodeyard.planner.words import counted


def scale_down(policy: Policy, view: View, now: datetime) -> Plan:
    """Give back what is left of the surge, then the update is Successful."""
    target = view.memory.target
    done = Outcome("", f"the group runs {target.release_version} on {counted(len(view.new), 'node')}")
    return _finish(policy, view, done)


def roll_back(policy: Policy, view: View, now: datetime) -> Plan:
    """Let new nodes that never joined go and launch the previous version again; finished nodes stay."""
    outcome = view.memory.outcome
    assert outcome is not None, "a roll back has a reason"
    back = _previous_template(view)
    if back:
        return Plan(view.memory, back, again=True)
    joined = {member.instance.id for member in view.joined}
    surplus = _surplus(view, view.memory)
    lost = [member for member in view.new if member.instance.id not in joined]
    if surplus <= 0 and lost:
        because = "it did not join; the previous version is launched in its place"
        gone = tuple(Terminate(member.instance.id, False, because) for member in lost)
        return Plan(view.memory, (*_unmarks(view, frozenset()), *gone), again=True)
    return _finish(policy, view, outcome)


def retreat(policy: Policy, view: View, now: datetime) -> Plan:
    """Stop in the middle: old nodes take pods again, all but those that could not be drained."""
    outcome = view.memory.outcome
    assert outcome is not None, "a retreat has a reason"
    back = _previous_template(view)
    if back:
        return Plan(view.memory, back, again=True)
    return _finish(policy, view, outcome)


def _finish(policy: Policy, view: View, outcome: Outcome) -> Plan:
    if view.memory.before is None:
        return Plan(view.memory, _unmarks(view, frozenset()), outcome=outcome)
    memory, notes = sizes.follow(view.memory, view.seen.group)
    before = memory.before
    assert before is not None
    group = view.seen.group
    unmarks = _unmarks(view, frozenset(outcome.resource_ids))
    surplus = _surplus(view, memory)
    if surplus > 0:
        gone = _least_used(view, surplus)
        if gone:
            after = replace(memory, desired=group.desired - len(gone), desired_was=group.desired)
            return Plan(after, (*unmarks, *gone), again=True, notes=notes)
    if (group.minimum, group.maximum, group.desired) != (before.minimum, before.maximum, before.desired):
        because = f"sizes are {_sizes(before)} (min/desired/max) again"
        after = replace(memory, desired=before.desired, desired_was=group.desired)
        return Plan(after, (*unmarks, Resize(before, because)), again=True, notes=notes)
    actions = (*unmarks, *to_allow(policy, view))
    return Plan(memory, actions, outcome=outcome, notes=notes)


def _sizes(sizes_: Scaling) -> str:
    return f"{sizes_.minimum}/{sizes_.desired}/{sizes_.maximum}"


def _surplus(view: View, memory: Rollout) -> int:
    return 0 if memory.before is None else view.seen.group.desired - memory.before.desired


def _previous_template(view: View) -> tuple[Action, ...]:
    previous = view.memory.previous_template_version
    if previous is None or view.seen.group.launch_template_version in (previous, None):
        return ()
    because = f"the Auto Scaling group launches version {previous} of its template again"
    return (UseTemplateVersion(previous, because),)


def _unmarks(view: View, stuck: frozenset[str]) -> tuple[Action, ...]:
    """Give nodes back; one that could not be drained stays cordoned, as on live groups.

    Those too that an earlier try cordoned and left so: what its owner cordoned is left alone.
    A node whose termination was remembered and, by a crash, never asked for comes back too; so does one of
    the target image that an earlier try left cordoned and its owner uncordoned: it is no longer an old node.
    """
    cordoned = view.seen.left_cordoned | {turn.instance for turn in view.memory.turns if turn.cordoned}
    found: list[Action] = []
    for member in view.staying:
        node = member.node
        if node is None:
            continue
        uncordon = member.instance.id in cordoned and node.unschedulable and node.name not in stuck
        if TAINT in node.taints or uncordon:
            found.append(Unmark(node, uncordon, f"{node.name} is not replaced now and takes pods again"))
    return tuple(found)


def _least_used(view: View, count: int) -> tuple[Terminate, ...]:
    """Choose new nodes to give back: those that never joined, then the emptiest in the fullest zone.

    Their own drains, budgets included, happen at the terminate hook like those of any scale-in.
    """
    joined = {member.instance.id for member in view.joined}
    zones = Counter(member.instance.zone for member in view.staying)
    left = list(view.new)
    chosen: list[Terminate] = []
    while left and len(chosen) < count:
        pick = min(left, key=lambda each: _use(view, each, joined, zones))
        left.remove(pick)
        zones[pick.instance.zone] -= 1
        because = f"{pick.instance.id} was part of the surge and has the least to do"
        chosen.append(Terminate(pick.instance.id, True, because))
    return tuple(chosen)


def _use(view: View, member: Member, joined: set[str], zones: Counter[str]) -> tuple[bool, int, int, str]:
    pods = view.seen.pods.get(member.node.name, ()) if member.node else ()
    busy = sum(1 for pod in pods if pod.owner_kind != "DaemonSet" and not pod.mirror)
    return member.instance.id in joined, -zones[member.instance.zone], busy, member.instance.id
