"""The warm pool of a group: instances that were started before they are needed, and wait beside the group.

Scaling out draws on it first; what is missing in it is launched, what is too much ends. With a reuse policy
what a scale-in lets go comes back, after the terminate hooks. Instances of it run the launch hooks twice: on
their way in and on their way out.

Source: Auto Scaling User Guide, warm pools, lifecycle hooks with warm pools; API reference, PutWarmPool.
Where the hooks stand for an instance that comes back is our reading: the guide names the states alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nodeyard.model.values import replace
from nodeyard.world.aws.auto_scaling import launching, planning
from nodeyard.world.aws.auto_scaling.records import (
    DELETING,
    GOING,
    PENDING,
    WARM,
    WARMED_LEAVING_PROCEED,
    WARMED_PENDING_PROCEED,
    Group,
    Member,
)
from nodeyard.world.aws.auto_scaling.state import GroupState
from nodeyard.world.aws.fleet import PENDING as EC2_PENDING
from nodeyard.world.aws.fleet import STOPPED

if TYPE_CHECKING:
    from nodeyard.world.aws.auto_scaling.engine import Engine

PENDING_DELETE = "PendingDelete"
DEFAULT_STATE = "Stopped"
NO_CEILING = -1


def size(group: Group) -> int:
    """Return how many instances the pool of a group is to hold.

    Up to MaxGroupPreparedCapacity, or else to the maximum of the group, and never below MinSize.
    """
    pool = _kept(group)
    if pool is None:
        return 0
    ceiling = pool.get("MaxGroupPreparedCapacity", NO_CEILING)
    top = group.maximum if ceiling == NO_CEILING else ceiling
    return max(int(pool.get("MinSize") or 0), int(top) - group.desired, 0)


def takes_back(group: Group) -> bool:
    """Return whether an instance that a scale-in lets go returns to the pool."""
    pool = _kept(group)
    return bool(pool and (pool.get("InstanceReusePolicy") or {}).get("ReuseOnScaleIn"))


def mark(engine: Engine, state: GroupState) -> None:
    """Tell the instances of the pool that they are of it, after a restart."""
    pooled = [each.id for each in state.members.values() if each.pooled]
    engine.instances.set_pooled(pooled, pooled=True)


def settle(engine: Engine, state: GroupState, member: Member) -> None:
    """Bring an instance that has passed its hooks into the state in which the pool waits."""
    if member.state not in (WARMED_PENDING_PROCEED, *WARM.values()):
        return
    pool = _kept(state.group)
    if pool is None:
        return  # it ends with the pool
    # Another PoolState is for instances that come later: who waits keeps waiting as it does.
    wanted = pool.get("PoolState") or DEFAULT_STATE
    if member.state != WARMED_PENDING_PROCEED:
        wanted = next(name for name, each in WARM.items() if each == member.state)
    if wanted != "Running" and member.running:
        state.stopping[member.id] = None
    elif member.state == WARMED_PENDING_PROCEED and (wanted == "Running" or member.ec2 == STOPPED):
        state.put(replace(member, state=WARM[wanted], hooked=False))
        engine.activity_ends(state, member, "Successful")


def take_in(engine: Engine, state: GroupState, member: Member) -> Member:
    """Return an instance that left the group to its pool; one that cannot go there ends."""
    back = replace(member, returning=False)
    if not takes_back(state.group) or member.lost or member.asked:
        return state.put(back)
    engine.activity_ends(state, member, "Successful")
    engine.instances.set_pooled([member.id], pooled=True)
    activity = engine.log(
        state,
        f"Moving EC2 instance into warm pool: {member.id}",
        "an instance that a scale-in let go was returned to the warm pool",
        zone=member.zone,
    )
    return state.put(
        replace(
            back,
            state=WARMED_PENDING_PROCEED,
            hooked=False,
            waits=(),
            in_service_at=None,
            activity=activity.id,
        )
    )


async def draw(engine: Engine, state: GroupState) -> None:
    """Move instances of the pool into the group until it has its desired capacity."""
    group = state.group
    missing = group.desired - state.counted - state.launching
    if missing <= 0 or _kept(group) is None or group.is_suspended("Launch"):
        return
    able = [each for each in state.members.values() if each.state in WARM.values() and not each.lost]
    zones = state.zones.copy()
    drawn: list[Member] = []
    while able and len(drawn) < missing:
        pick = min(able, key=lambda each: (zones[each.zone], each.launched_at, each.id))
        able.remove(pick)
        zones[pick.zone] += 1
        drawn.append(pick)
    resting = [each.id for each in drawn if not each.running]
    for each in drawn:
        what = f"Launching a new EC2 instance from warm pool: {each.id}"
        activity = engine.log(state, what, group.reason or "the group scaled out", zone=each.zone)
        ec2 = each.ec2 if each.running else EC2_PENDING
        state.put(replace(each, state=PENDING, ec2=ec2, hooked=False, activity=activity.id))
        state.touch(each.id)
    engine.instances.set_pooled([each.id for each in drawn], pooled=False)
    if resting:
        await engine.instances.start_instances(group.account, group.region, resting)


async def fill(engine: Engine, state: GroupState) -> None:
    """Launch what the pool lacks, end what it has too much, stop what is to wait stopped."""
    held = [each for each in state.members.values() if each.pooled and each.state not in GOING]
    coming_back = sum(1 for each in state.members.values() if each.returning)
    wanted = size(state.group)
    held.sort(key=lambda each: (each.state in WARM.values(), each.launched_at, each.id))
    for each in held[: max(0, len(held) + coming_back - wanted)]:
        engine.advance(state, engine.leave(state, each, "the warm pool shrank"))
    await _launch(engine, state, wanted - len(held) - coming_back)
    await _stop(engine, state)
    pool = state.group.warm_pool
    if pool and pool.get("Status") == PENDING_DELETE and not any(m.pooled for m in state.members.values()):
        state.change(warm_pool=None)


async def _launch(engine: Engine, state: GroupState, missing: int) -> None:
    group = state.group
    waiting = group.retry_at is not None and group.retry_at > engine.clock.now()
    if missing <= 0 or waiting or group.is_suspended("Launch"):
        return
    zones = state.zones.copy()
    zones.update(each.zone for each in state.members.values() if each.pooled)
    for subnet, count in planning.subnets_for(group.zones, missing, zones).items():
        failure = await launching.launch(engine, state, subnet, count, spot=False, pooled=True)
        if failure is not None:
            launching.log_failure(engine, state, failure, spot=False, retry=True)
            return


async def _stop(engine: Engine, state: GroupState) -> None:
    due = [
        id
        for id in state.stopping
        if (member := state.members.get(id)) is not None and member.pooled and member.state not in GOING
    ]
    if due:
        await engine.instances.stop_instances(state.group.account, state.group.region, due)
    state.stopping.clear()


def delete(engine: Engine, state: GroupState, *, force: bool) -> None:
    """Begin to end the pool with its instances; `force` waits for no hook."""
    state.change(warm_pool={**(state.group.warm_pool or {}), "Status": PENDING_DELETE})
    if not force:
        return
    for each in [each for each in state.members.values() if each.pooled]:
        left = engine.leave(state, each, "the warm pool was deleted")
        engine.advance(state, state.put(replace(left, state=WARMED_LEAVING_PROCEED, waits=())))


def _kept(group: Group) -> dict[str, Any] | None:
    """Return the pool of a group unless it is on its way out."""
    pool = group.warm_pool
    gone = pool is None or pool.get("Status") == PENDING_DELETE or group.status == DELETING
    return None if gone else pool
