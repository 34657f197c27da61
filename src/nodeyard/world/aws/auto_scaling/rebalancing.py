"""Launch first, then terminate: zones that became unequal, and Spot instances that EC2 may take back.

The instance that comes is surplus: it counts from the moment it is in service, and then the one
that it was launched for goes, through the terminate hook as every other. A Spot instance that is
taken back goes two minutes after the notice, whether a replacement is there or not.

Source: Auto Scaling User Guide, Availability Zone rebalancing and Capacity Rebalancing; EC2 User
Guide, Spot Instance interruption notices and rebalance recommendations.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from nodeyard.model.values import replace
from nodeyard.world.aws.auto_scaling import launching, planning
from nodeyard.world.aws.auto_scaling.records import DELETING, GOING, IN_SERVICE, Member
from nodeyard.world.aws.auto_scaling.state import GroupState

if TYPE_CHECKING:
    from nodeyard.world.aws.auto_scaling.engine import Engine

NOTICE_S = 120.0
AT_RISK = "an instance was taken out of service in response to an EC2 instance rebalance recommendation"
UNEQUAL = (
    "instances were launched to balance instances between zones, resulting in more than the desired "
    "number of instances; an instance was taken out of service"
)
BALANCE_AFTER_S = 60.0
"""How long a group must be at rest before instances move between zones (ours: AWS gives no figure)."""
BALANCE_RETRY_S = 300.0
"""How long to wait after a launch for balance failed (ours)."""
SURPLUS_PERCENT = 10
"""Source: Auto Scaling User Guide: a group may exceed its maximum by 10 %, at least by one instance."""


def recommend(engine: Engine, state: GroupState, member: Member) -> None:
    """Take in that EC2 sees a Spot instance at elevated risk."""
    if member.recommended_at is None and member.state not in GOING:
        state.put(replace(member, recommended_at=engine.clock.now()))
        state.change(balance_at=engine.clock.now())
        engine.wake(state.group.key)


def give_notice(engine: Engine, state: GroupState, member: Member) -> None:
    """Take in that EC2 takes a Spot instance back in two minutes."""
    if member.noticed_at is None and not member.lost:
        now = engine.clock.now()
        state.put(replace(member, noticed_at=now, taken_at=engine.clock.after(NOTICE_S)))
        engine.wake(state.group.key)


async def take_back(engine: Engine, state: GroupState) -> None:
    """End the Spot instances whose notice is over."""
    now = engine.clock.now()
    due = [id for id in sorted(state.warned) if (at := state.members[id].ends_at) and at <= now]
    await engine.ask_to_end(state, due)


async def balance(engine: Engine, state: GroupState) -> None:
    """Launch what makes zones equal again, or what takes the place of instances at risk."""
    group, now = state.group, engine.clock.now()
    stopped = group.status == DELETING or group.is_suspended("Launch", "Terminate")
    at_risk = [] if stopped else _at_risk(state)
    unequal = not stopped and not at_risk and _unequal(state)
    if not at_risk and not unequal:
        if group.balance_at is not None:
            state.change(balance_at=None)
        return
    if group.balance_at is None:
        state.change(balance_at=engine.clock.after(BALANCE_AFTER_S))
    elif group.balance_at <= now:
        state.change(balance_at=None if await _launch(engine, state, at_risk) else _later(engine))
        engine.wake(group.key)


def arrived(engine: Engine, state: GroupState, member: Member) -> None:
    """Let the one go for which an instance was launched that is in service now."""
    if not member.surplus:
        return
    state.put(replace(member, surplus=False))
    old = state.members.get(member.replaces)
    if member.replaces:
        if old is not None and old.state not in GOING:
            engine.leave(state, old, AT_RISK)
    elif state.counted > state.group.desired:
        for each in planning.to_leave(state.group, list(state.members.values()), 1):
            engine.leave(state, each, UNEQUAL)


def left(state: GroupState, gone: Member) -> None:
    """Count a replacement at once when the one it was launched for goes before it is in service."""
    for each in [state.members[id] for id in sorted(state.surplus)]:
        if each.replaces == gone.id:
            state.put(replace(each, surplus=False))


def _at_risk(state: GroupState) -> list[Member]:
    """Return the instances that have to be replaced before EC2 takes them, as far as the group allows."""
    group = state.group
    if not group.settings.get("CapacityRebalance"):
        return []
    covered = {state.members[id].replaces for id in state.surplus}
    found = [
        each
        for id in sorted(state.warned - covered)
        if (each := state.members[id]).recommended_at is not None and each.state == IN_SERVICE
    ]
    return found[: max(0, _most(state) - len(covered))]


def _unequal(state: GroupState) -> bool:
    """Tell whether a group at rest has two instances more in one zone than in another."""
    group = state.group
    if group.is_suspended("AZRebalance") or state.launching or state.counted != group.desired:
        return False
    counts = [state.zones[zone] for zone in set(group.zones.values())]
    if max(counts) - min(counts) < 2:
        return False
    group_alone = (each for each in state.members.values() if not each.pooled)
    return all(each.state == IN_SERVICE and each.healthy for each in group_alone)


async def _launch(engine: Engine, state: GroupState, at_risk: list[Member]) -> bool:
    """Launch one surplus instance for each at risk, or one into the emptiest zone; False when one failed."""
    for each in at_risk or (None,):
        zones = state.zones.copy()
        if each is not None:
            zones[each.zone] -= 1
        (subnet,) = planning.subnets_for(state.group.zones, 1, zones)
        spot = planning.spot_count(state.group, 0, 1) > 0
        failure = await launching.launch(
            engine, state, subnet, 1, spot=spot, surplus=True, replaces=each.id if each else ""
        )
        if failure is not None:
            launching.log_failure(engine, state, failure, spot=spot, retry=False)
            return False
    return True


def _later(engine: Engine) -> datetime:
    return engine.clock.after(BALANCE_RETRY_S)


def _most(state: GroupState) -> int:
    return max(1, state.group.maximum * SURPLUS_PERCENT // 100)
