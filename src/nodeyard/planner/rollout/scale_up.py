"""Scale-up: new nodes first, one Ready in each zone that has old ones, before anything is drained. Pure.

The surge begins with what is needed (a node for each zone with nodes, and two for each that may be
out at once: one for the node that is drained, one for the replacement that still boots) and grows
only for zones that stay empty. Bounds: the larger of twice the zones and
maxUnavailable. Source: EKS User Guide, update behaviour, scale up phase.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from nodeyard.model.rollout import Outcome, Phase, Rollout
from nodeyard.model.values import replace
from nodeyard.planner.rollout import sizes, waiting
from nodeyard.planner.rollout.actions import Resize
from nodeyard.planner.rollout.holding import to_hold
from nodeyard.planner.rollout.observation import View
from nodeyard.planner.rollout.plan import Plan, enter
from nodeyard.planner.rollout.policy import Policy
from nodeyard.planner.words import counted

TURNS_COVERED = 2
"""With less, every turn waits for the boot of the replacement before it; more would stand idle."""


def plan(policy: Policy, view: View, now: datetime) -> Plan:
    """Grow and wait for the new nodes."""
    memory, notes = sizes.follow(view.memory, view.seen.group)
    awaits = waiting.awaited(view) or bool(view.zones_to_cover)
    memory = waiting.progress(policy, view, memory, now, awaits=awaits)
    if policy.cancelled:
        outcome = Outcome("", "the update was cancelled while new nodes were starting", cancelled=True)
        return Plan(enter(replace(memory, outcome=outcome), Phase.ROLL_BACK, now), again=True, notes=notes)
    surge = _surge(view, memory)
    if surge > memory.surge or _smaller(view, memory):
        return _grow(memory, surge, view, notes)
    if _all_there(view):
        return _to_upgrade(view, memory, now, notes)
    if waiting.late(memory, now):
        outcome = waiting.failed(policy, view)
        return Plan(enter(replace(memory, outcome=outcome), Phase.ROLL_BACK, now), again=True, notes=notes)
    wait = waiting.for_nodes(view, memory, now, policy)
    return Plan(memory, to_hold(policy, view), (wait,), notes=notes)


def _surge(view: View, memory: Rollout) -> int:
    """Return how many nodes the group shall have above its size."""
    zones = len(view.zones_to_cover)
    if memory.surge == 0:
        moving = min(TURNS_COVERED * memory.parallel, len(view.old))
        return min(max(_launches_to_cover(view), moving), memory.surge_limit)
    settled = len(view.joined) == len(view.new) and len(view.staying) >= view.seen.group.desired
    if not settled:
        return memory.surge
    return min(memory.surge + zones, memory.surge_limit)


def _launches_to_cover(view: View) -> int:
    """Return how many launches it takes until each zone to cover has had one.

    Auto Scaling fills the zones with fewest instances first, so those are levelled up before.
    """
    counts = Counter(member.instance.zone for member in view.staying)
    level = max((counts[zone] for zone in view.zones_to_cover), default=0)
    return len(view.zones_to_cover) + sum(max(0, level - counts[zone]) for zone in view.seen.group.zones)


def _smaller(view: View, memory: Rollout) -> bool:
    """Tell whether the group never got the sizes that were decided."""
    assert memory.before is not None
    wanted = sizes.surged(memory.before, memory.surge)
    group = view.seen.group
    return memory.surge > 0 and (group.desired < wanted.desired or group.maximum < wanted.maximum)


def _grow(memory: Rollout, surge: int, view: View, notes: tuple[str, ...]) -> Plan:
    assert memory.before is not None
    wanted = sizes.surged(memory.before, surge)
    zones = ", ".join(sorted(view.zones_to_cover))
    because = (
        f"{counted(surge, 'node')} above {memory.before.desired} (at most {memory.surge_limit}), "
        f"for {memory.parallel} at once" + (f" and a new node in each of {zones}" if zones else "")
    )
    grown = replace(memory, surge=surge, desired=wanted.desired)
    return Plan(grown, (Resize(wanted, because),), again=True, notes=notes)


def _all_there(view: View) -> bool:
    everyone = len(view.staying) >= view.seen.group.desired
    return everyone and len(view.joined) == len(view.new) and not view.zones_to_cover


def _to_upgrade(view: View, memory: Rollout, now: datetime, notes: tuple[str, ...]) -> Plan:
    said = f"{counted(len(view.joined), 'new node')} Ready in {', '.join(_zones(view))}"
    return Plan(enter(memory, Phase.UPGRADE, now), again=True, notes=(*notes, said))


def _zones(view: View) -> list[str]:
    return sorted({member.instance.zone for member in view.joined}) or ["no zone"]
