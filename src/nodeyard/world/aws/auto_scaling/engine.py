"""Move groups towards their desired capacity: launch, wait at hooks, replace, let go.

Woken by operations, by machines and by time; never polls. Every change is written before
anybody is told of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

import structlog

from nodeyard.model.standstill import Standstill
from nodeyard.model.values import replace
from nodeyard.ports import Clock, Ids
from nodeyard.world.aws.auto_scaling import launching, planning, rebalancing, scheduled, warm_pools
from nodeyard.world.aws.auto_scaling.persistence import GroupFile
from nodeyard.world.aws.auto_scaling.records import (
    AFTER_WAIT,
    AT_HOOKS,
    COMING,
    DELETING,
    GOING,
    GROUP_TAG,
    IN_SERVICE,
    LEAVING,
    LEAVING_PROCEED,
    PENDING,
    PENDING_PROCEED,
    STANDBY,
    WARMED_LEAVING,
    WARMED_LEAVING_PROCEED,
    WARMED_PENDING,
    Activity,
    Key,
    Member,
    Wait,
)
from nodeyard.world.aws.auto_scaling.state import GroupState
from nodeyard.world.aws.fleet import Instances, Machine

log = structlog.get_logger(__name__)

OnGroupChange = Callable[[str, str, str], None]
HOOK_LIFE_HEARTBEATS = 100
"""Source: Auto Scaling User Guide: an instance waits at most 48 hours or 100 heartbeats."""
HOOK_LIFE_MAX_S = 48 * 3600.0


class Engine:
    """All groups of all accounts and Regions, and the task that moves them."""

    def __init__(
        self, instances: Instances, clock: Clock, ids: Ids, file: GroupFile, on_change: OnGroupChange
    ) -> None:
        self.instances = instances
        self.clock = clock
        self.ids = ids
        self._file = file
        self._on_change = on_change
        self.groups: dict[Key, GroupState] = {}
        self.group_of: dict[str, Key] = {}
        """Instance id -> group."""
        self._dirty: dict[Key, None] = {}
        self._timers: dict[Key, datetime] = {}
        self._wake = asyncio.Event()

    def load(self) -> None:
        """Read what was kept. Raises: WorldDataError."""
        self.groups = self._file.open()

    def resume(self, stood: Standstill) -> None:
        """Move every limit by the time that nothing ran; take in what happened to instances since."""
        for state in self.groups.values():
            state.resume(stood)
            self._file.write(state)
        for key, state in self.groups.items():
            for id in state.members:
                self.group_of[id] = key
                state.touch(id)
            self._dirty[key] = None
            warm_pools.mark(self, state)
        self.instances.listen(self.heard)
        alive = {machine.id: machine for machine in self.instances.machines_now()}
        for machine in alive.values():
            self.heard(machine)
        for state in self.groups.values():
            for member in list(state.members.values()):
                if member.id not in alive:
                    state.put(replace(member, ec2="terminated"))

    def heard(self, machine: Machine) -> None:
        """Take in a change of an instance. One that a crash made nobody's joins its group again."""
        key = self.group_of.get(machine.id)
        if key is None:
            return
        state = self.groups.get(key)
        member = state.members.get(machine.id) if state else None
        if state is not None and member is not None and member.ec2 != machine.state:
            state.put(replace(member, ec2=machine.state or "terminated"))
            state.touch(machine.id)
            self.wake(key)

    async def adopt(self) -> None:
        """Take back instances that were launched right before a crash, or end those without a group."""
        for machine in self.instances.machines_now():
            name = machine.tags.get(GROUP_TAG)
            if (
                name is None
                or machine.id in self.group_of
                or machine.state in ("shutting-down", "terminated")
            ):
                continue
            state = self.groups.get((machine.account, machine.region, name))
            if state is None:
                await self.instances.terminate(machine.account, machine.region, [machine.id])
            else:
                launching.joins(self, state, machine, "an instance launched before a restart was found")

    def wake(self, key: Key) -> None:
        self._dirty[key] = None
        self._wake.set()

    def write(self, state: GroupState) -> None:
        """Put a group's changes on disk and tell of them."""
        if state.unwritten:
            self._file.write(state)
            self._on_change(*state.group.key)

    def forget(self, key: Key) -> None:
        """Remove a group that has no instances left."""
        state = self.groups.pop(key, None)
        for id in list(state.members) if state else []:
            self.group_of.pop(id, None)
        self._timers.pop(key, None)
        self._file.remove(key)
        self._on_change(*key)

    async def run(self) -> None:
        """Move groups until cancelled."""
        while True:
            self._wake.clear()
            now = self.clock.now()
            for key in [key for key, at in self._timers.items() if at <= now]:
                del self._timers[key]
                self._dirty[key] = None
            dirty, self._dirty = self._dirty, {}
            for key in dirty:
                if (state := self.groups.get(key)) is not None:
                    try:
                        await self._move(key, state)
                    except Exception:
                        log.exception("an Auto Scaling group could not be moved", group=key[2])
                        self._timers[key] = self.clock.after(planning.FIRST_RETRY_S)
            if not self._dirty:
                await self.clock.wait(self._wake, min(self._timers.values(), default=None))

    # --- one group ---

    async def _move(self, key: Key, state: GroupState) -> None:
        now = self.clock.now()
        for id, member in state.members.items():
            if member.waits and any(wait.deadline <= now for wait in member.waits):
                state.touch(id)
        touched, state.touched = state.touched, {}
        for id in touched:
            if id in state.members:
                self.advance(state, state.members[id])
        scheduled.run_due(state, now)
        self._capacity_down(state)
        self._replace_unhealthy(state)
        await rebalancing.take_back(self, state)
        self.write(state)
        await self._ask_to_terminate(state)
        await warm_pools.draw(self, state)
        await launching.capacity_up(self, state)
        await warm_pools.fill(self, state)
        await rebalancing.balance(self, state)
        self.write(state)
        if state.group.status == DELETING and not state.members:
            self.forget(key)
            return
        self._plan(key, state)

    def _plan(self, key: Key, state: GroupState) -> None:
        group = state.group
        deadlines = [wait.deadline for member in state.members.values() for wait in member.waits]
        deadlines += [at for id in state.warned if (at := state.members[id].ends_at) is not None]
        deadlines += [each.at for each in group.scheduled.values()]
        deadlines += [at for at in (group.retry_at, group.balance_at) if at is not None]
        if deadlines:
            self._timers[key] = min(deadlines)
        else:
            self._timers.pop(key, None)
        if state.touched:
            self.wake(key)

    def advance(self, state: GroupState, member: Member) -> None:
        """Move one instance as far as it can go now."""
        if member.gone:
            self._ended(state, member)
            return
        if member.state in COMING and member.lost:
            self.leave(state, member, "the instance ended before it came into service")
            return
        if member.state in (IN_SERVICE, STANDBY) and member.lost:
            because = f"EC2 instance status checks: the instance was taken out of service ({member.ec2})"
            state.put(replace(member, healthy=False, unhealthy_because=because))
            return
        if member.state in (PENDING, WARMED_PENDING) and member.running:
            member = self._at_hooks(state, member)
        if member.state in AFTER_WAIT:
            member = self._after_waits(state, member)
        if member.state == PENDING_PROCEED:
            now = self.clock.now()
            member = state.put(replace(member, state=IN_SERVICE, in_service_at=now, hooked=False))
            self.activity_ends(state, member, "Successful")
            rebalancing.arrived(self, state, member)
        if member.state in (LEAVING, WARMED_LEAVING):
            member = self._at_hooks(state, member)
            member = self._after_waits(state, member) if member.state in AFTER_WAIT else member
        if member.state == LEAVING_PROCEED and member.returning:
            member = warm_pools.take_in(self, state, member)
        if member.pooled:
            warm_pools.settle(self, state, member)
        if member.state in (LEAVING_PROCEED, WARMED_LEAVING_PROCEED) and not member.asked:
            state.ending.append(member.id)

    def _at_hooks(self, state: GroupState, member: Member) -> Member:
        transition, wait, go = AT_HOOKS[member.state]
        hooks = planning.hooks_for(state.group, transition)
        now = self.clock
        waits = tuple(
            Wait(
                hook.name,
                self.ids.uuid(),
                now.after(hook.heartbeat_s),
                now.after(min(HOOK_LIFE_MAX_S, HOOK_LIFE_HEARTBEATS * hook.heartbeat_s)),
            )
            for hook in hooks
        )
        return state.put(replace(member, state=wait if waits else go, waits=waits, hooked=True))

    def _after_waits(self, state: GroupState, member: Member) -> Member:
        go = AFTER_WAIT[member.state]
        now = self.clock.now()
        over = [wait for wait in member.waits if wait.deadline <= now]
        results = [
            state.group.hooks[wait.hook].default_result for wait in over if wait.hook in state.group.hooks
        ]
        left = tuple(wait for wait in member.waits if wait.deadline > now and wait.hook in state.group.hooks)
        if "ABANDON" in results and member.state in COMING:
            return self.leave(state, replace(member, waits=()), "a lifecycle hook abandoned the launch")
        if left != member.waits or not left:
            member = state.put(replace(member, waits=left, state=member.state if left else go))
        return member

    def finish_hook(self, state: GroupState, member: Member, hook: str, result: str) -> None:
        """Complete one hook of one instance."""
        left = tuple(wait for wait in member.waits if wait.hook != hook)
        if result == "ABANDON" and member.state in COMING:
            self.leave(state, replace(member, waits=()), "a lifecycle hook abandoned the launch")
        elif result == "ABANDON":
            state.put(replace(member, waits=(), state=AFTER_WAIT[member.state]))
        else:
            go = AFTER_WAIT[member.state]
            state.put(replace(member, waits=left, state=member.state if left else go))
        state.touch(member.id)
        self.wake(state.group.key)

    def leave(self, state: GroupState, member: Member, cause: str) -> Member:
        """Begin the termination of one instance."""
        if member.state in GOING:
            return member
        if member.activity in state.activities and state.activities[member.activity].end is None:
            self.activity_ends(state, member, "Cancelled")
        what, after = (" from warm pool", WARMED_LEAVING) if member.pooled else ("", LEAVING)
        activity = self.log(state, f"Terminating EC2 instance{what}: {member.id}", cause)
        gone = replace(member, state=after, waits=(), hooked=False, activity=activity.id)
        rebalancing.left(state, member)
        state.touch(member.id)
        self.wake(state.group.key)
        return state.put(gone)

    def _ended(self, state: GroupState, member: Member) -> None:
        if member.state not in GOING:
            member = self.leave(state, member, "the instance was terminated outside of the group")
        self.activity_ends(state, member, "Successful")
        state.remove(member.id)
        self.group_of.pop(member.id, None)

    def _replace_unhealthy(self, state: GroupState) -> None:
        if state.group.is_suspended("ReplaceUnhealthy", "Terminate"):
            return
        for id in sorted(state.unhealthy):
            member = state.members[id]
            why = member.unhealthy_because or "a user health-check marked it"
            self.leave(state, member, f"an instance was taken out of service: {why}")
            self.advance(state, state.members[id])

    def _capacity_down(self, state: GroupState) -> None:
        group = state.group
        surplus = state.counted + state.launching - group.desired
        if surplus <= 0 or group.is_suspended("Terminate"):
            return
        for member in planning.to_leave(group, list(state.members.values()), surplus):
            cause = f"{group.reason or 'a change of the desired capacity'} reduced the number of instances"
            left = self.leave(state, member, cause)
            self.advance(state, state.put(replace(left, returning=warm_pools.takes_back(group))))

    async def _ask_to_terminate(self, state: GroupState) -> None:
        await self.ask_to_end(state, state.ending)
        left = [id for id in state.ending if _is_to_be_asked(state, id)]
        state.ending.clear()
        state.ending.extend(left)  # who came meanwhile

    async def ask_to_end(self, state: GroupState, ids: Iterable[str]) -> None:
        """Have EC2 terminate members of a group, each asked once; all of them again when that fails."""
        due = [id for id in ids if _is_to_be_asked(state, id)]
        if not due:
            return
        await self.instances.terminate(state.group.account, state.group.region, due)
        for id in due:
            if id in state.members:
                state.put(replace(state.members[id], asked=True))

    # --- activities ---

    def log(self, state: GroupState, description: str, cause: str, zone: str = "") -> Activity:
        """Begin a scaling activity."""
        now = self.clock.now()
        group = state.group
        subnet = next((subnet for subnet, each in group.zones.items() if each == zone), "")
        activity = Activity(
            id=self.ids.uuid(),
            sequence=group.next_sequence,
            description=description,
            cause=f"At {now:%Y-%m-%dT%H:%M:%SZ} {cause}.",
            start=now,
            status="InProgress",
            progress=30,
            details=f'{{"Subnet ID":"{subnet}","Availability Zone":"{zone}"}}',
        )
        state.change(next_sequence=group.next_sequence + 1)
        return state.log(activity)

    def activity_ends(self, state: GroupState, member: Member, status: str) -> None:
        found = state.activities.get(member.activity)
        if found is not None and found.end is None:
            state.log(replace(found, status=status, progress=100, end=self.clock.now()))


def _is_to_be_asked(state: GroupState, id: str) -> bool:
    return id in state.members and not state.members[id].asked
