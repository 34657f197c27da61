"""Launch what a group lacks: zone by zone, type by type, and not again at once after a failure.

A zone that has no capacity left does not keep the others from filling in.
Source: Auto Scaling User Guide, instance distribution; launch failures are activities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodeyard.model.values import replace
from nodeyard.world.aws.auto_scaling import planning
from nodeyard.world.aws.auto_scaling.records import DELETING, GROUP_TAG, PENDING, WARMED_PENDING, Member
from nodeyard.world.aws.auto_scaling.state import GroupState
from nodeyard.world.aws.fleet import LaunchFailed, LaunchSpec, Machine, TemplateChoice

if TYPE_CHECKING:
    from nodeyard.world.aws.auto_scaling.engine import Engine

NO_CAPACITY = frozenset({"InsufficientInstanceCapacity", "InsufficientFreeAddressesInSubnet"})
"""Failures that another zone may not have."""


async def capacity_up(engine: Engine, state: GroupState) -> None:
    """Launch until the group has its desired capacity or nothing can be launched now."""
    full: set[str] = set()
    while await _fill(engine, state, full):
        pass


async def _fill(engine: Engine, state: GroupState, full: set[str]) -> bool:
    """Launch into every zone that is not full; return True when another look may launch more."""
    group = state.group
    missing = group.desired - state.counted - state.launching
    waiting = group.retry_at is not None and group.retry_at > engine.clock.now()
    if missing <= 0 or waiting or group.status == DELETING or group.is_suspended("Launch"):
        return False
    open_zones = {subnet: zone for subnet, zone in group.zones.items() if zone not in full}
    if not open_zones:
        return False
    on_demand = sum(1 for each in state.members.values() if each.counted and not each.spot)
    spot = planning.spot_count(group, on_demand, missing)
    failures: list[tuple[LaunchFailed, bool]] = []
    for subnet, count in planning.subnets_for(open_zones, missing, state.zones).items():
        spot_here = min(spot, count)
        spot -= spot_here
        for number, is_spot in ((spot_here, True), (count - spot_here, False)):
            failed = await launch(engine, state, subnet, number, spot=is_spot) if number else None
            if failed is not None:
                failures.append((failed, is_spot))
                full.add(group.zones[subnet])
    if not failures:
        return False
    failure, was_spot = failures[-1]
    elsewhere = failure.code in NO_CAPACITY and full < set(group.zones.values())
    log_failure(engine, state, failure, spot=was_spot, retry=not elsewhere)
    return elsewhere


async def launch(
    engine: Engine,
    state: GroupState,
    subnet: str,
    count: int,
    *,
    spot: bool,
    pooled: bool = False,
    **member: object,
) -> LaunchFailed | None:
    """Launch into one subnet with the first type that can be had; return the failure when none can.

    `pooled`: into the warm pool. `member` are members of the records that are made, beside those that the
    machines give.
    """
    group = state.group
    tags = {each.key: each.value for each in group.tags.values() if each.propagate}
    tags[GROUP_TAG] = group.name
    failure: LaunchFailed | None = None
    for kind in planning.types_of(group):
        spec = LaunchSpec(
            group.account, group.region, group.template, subnet, count, kind, spot, tags, pooled
        )
        state.launching += count
        try:
            machines = await engine.instances.launch(spec)
        except LaunchFailed as failed:
            failure = failed
            continue
        finally:
            state.launching -= count
        template = await engine.instances.template(group.account, group.region, group.template)
        cause = group.reason or "an instance was started in response to a difference"
        for machine in machines:
            joins(engine, state, machine, cause, template, **member)
        state.change(failures=0, retry_at=None)
        return None
    return failure


def joins(
    engine: Engine,
    state: GroupState,
    machine: Machine,
    cause: str,
    template: TemplateChoice | None = None,
    **member: object,
) -> None:
    """Make a machine an instance of the group."""
    where = " into warm pool" if machine.pooled else ""
    what = f"Launching a new EC2 instance{where}: {machine.id}"
    activity = engine.log(state, what, cause, zone=machine.zone)
    made = Member(
        id=machine.id,
        zone=machine.zone,
        subnet_id=machine.subnet_id,
        instance_type=machine.instance_type,
        image_id=machine.image_id,
        spot=machine.lifecycle == "spot",
        launched_at=machine.launched_at,
        template=template or state.group.template,
        ec2=machine.state,
        protected=bool(state.group.settings.get("NewInstancesProtectedFromScaleIn")),
        activity=activity.id,
        state=WARMED_PENDING if machine.pooled else PENDING,
    )
    state.put(replace(made, **member))
    engine.group_of[machine.id] = state.group.key
    state.touch(machine.id)


def log_failure(engine: Engine, state: GroupState, failure: LaunchFailed, *, spot: bool, retry: bool) -> None:
    """Tell of a failed launch; `retry` keeps the group from launching again for a while."""
    message = failure.told(spot=spot)
    activity = engine.log(
        state,
        f"Launching a new EC2 instance.  Status Reason: {message}",
        "an instance was started in response to a difference between desired and actual capacity",
    )
    end = engine.clock.now()
    state.log(replace(activity, status="Failed", progress=100, message=message, end=end))
    if retry:
        failures = state.group.failures + 1
        state.change(failures=failures, retry_at=engine.clock.after(planning.retry_after_s(failures)))
