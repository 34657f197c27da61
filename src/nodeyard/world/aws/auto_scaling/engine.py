"""Move groups towards their desired capacity: launch, wait at hooks, replace, let go.

Woken by operations, by machines and by time; never polls. Every change is written before
anybody is told of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import structlog

from nodeyard.model.standstill import Standstill
from nodeyard.ports import Clock, Ids
from nodeyard.world.aws.auto_scaling import planning
from nodeyard.world.aws.auto_scaling.persistence import GroupFile
from nodeyard.world.aws.auto_scaling.records import (
    DELETING,
    GOING,
    GROUP_TAG,
    IN_SERVICE,
    LAUNCHING,
    LEAVING,
    LEAVING_PROCEED,
    LEAVING_WAIT,
    PENDING,
    PENDING_PROCEED,
    PENDING_WAIT,
    STANDBY,
    TERMINATING_HOOK,
    Activity,
    Key,
    Member,
    Wait,
)
from nodeyard.world.aws.auto_scaling.state import GroupState
from nodeyard.world.aws.fleet import Instances, LaunchFailed, LaunchSpec, Machine, TemplateChoice

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
                self._joins(state, machine, "an instance launched before a restart was found")

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
                self._advance(state, state.members[id])
        self._capacity_down(state)
        self._replace_unhealthy(state)
        self.write(state)
        await self._ask_to_terminate(state)
        await self._capacity_up(state)
        self.write(state)
        if state.group.status == DELETING and not state.members:
            self.forget(key)
            return
        self._plan(key, state)

    def _plan(self, key: Key, state: GroupState) -> None:
        deadlines = [wait.deadline for member in state.members.values() for wait in member.waits]
        if state.group.retry_at is not None:
            deadlines.append(state.group.retry_at)
        if deadlines:
            self._timers[key] = min(deadlines)
        else:
            self._timers.pop(key, None)
        if state.touched:
            self.wake(key)

    def _advance(self, state: GroupState, member: Member) -> None:
        """Move one instance as far as it can go now."""
        if member.gone:
            self._ended(state, member)
            return
        if member.state in (PENDING, PENDING_WAIT, PENDING_PROCEED) and member.lost:
            self.leave(state, member, "the instance ended before it came into service")
            return
        if member.state in (IN_SERVICE, STANDBY) and member.lost:
            because = f"EC2 instance status checks: the instance was taken out of service ({member.ec2})"
            state.put(replace(member, healthy=False, unhealthy_because=because))
            return
        if member.state == PENDING and member.running:
            member = self._at_hooks(state, member, LAUNCHING, PENDING_WAIT, PENDING_PROCEED)
        if member.state == PENDING_WAIT:
            member = self._after_waits(state, member, PENDING_PROCEED)
        if member.state == PENDING_PROCEED:
            state.put(replace(member, state=IN_SERVICE, in_service_at=self.clock.now(), hooked=False))
            self._activity_ends(state, member, "Successful")
        if member.state == LEAVING:
            member = self._at_hooks(state, member, TERMINATING_HOOK, LEAVING_WAIT, LEAVING_PROCEED)
        if member.state == LEAVING_WAIT:
            member = self._after_waits(state, member, LEAVING_PROCEED)
        if member.state == LEAVING_PROCEED and not member.asked:
            state.ending.append(member.id)

    def _at_hooks(self, state: GroupState, member: Member, transition: str, wait: str, go: str) -> Member:
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

    def _after_waits(self, state: GroupState, member: Member, go: str) -> Member:
        now = self.clock.now()
        over = [wait for wait in member.waits if wait.deadline <= now]
        results = [
            state.group.hooks[wait.hook].default_result for wait in over if wait.hook in state.group.hooks
        ]
        left = tuple(wait for wait in member.waits if wait.deadline > now and wait.hook in state.group.hooks)
        if "ABANDON" in results and go == PENDING_PROCEED:
            return self.leave(state, replace(member, waits=()), "a lifecycle hook abandoned the launch")
        if left != member.waits or not left:
            member = state.put(replace(member, waits=left, state=member.state if left else go))
        return member

    def finish_hook(self, state: GroupState, member: Member, hook: str, result: str) -> None:
        """Complete one hook of one instance."""
        left = tuple(wait for wait in member.waits if wait.hook != hook)
        if result == "ABANDON" and member.state == PENDING_WAIT:
            self.leave(state, replace(member, waits=()), "a lifecycle hook abandoned the launch")
        elif result == "ABANDON":
            state.put(replace(member, waits=(), state=LEAVING_PROCEED))
        else:
            go = PENDING_PROCEED if member.state == PENDING_WAIT else LEAVING_PROCEED
            state.put(replace(member, waits=left, state=member.state if left else go))
        state.touch(member.id)
        self.wake(state.group.key)

    def leave(self, state: GroupState, member: Member, cause: str) -> Member:
        """Begin the termination of one instance."""
        if member.state in GOING:
            return member
        if member.activity in state.activities and state.activities[member.activity].end is None:
            self._activity_ends(state, member, "Cancelled")
        activity = self.log(state, f"Terminating EC2 instance: {member.id}", cause)
        gone = replace(member, state=LEAVING, waits=(), hooked=False, activity=activity.id)
        state.touch(member.id)
        self.wake(state.group.key)
        return state.put(gone)

    def _ended(self, state: GroupState, member: Member) -> None:
        if member.state not in GOING:
            member = self.leave(state, member, "the instance was terminated outside of the group")
        self._activity_ends(state, member, "Successful")
        state.remove(member.id)
        self.group_of.pop(member.id, None)

    def _replace_unhealthy(self, state: GroupState) -> None:
        if state.group.is_suspended("ReplaceUnhealthy", "Terminate"):
            return
        for id in list(state.unhealthy):
            member = state.members[id]
            why = member.unhealthy_because or "a user health-check marked it"
            self.leave(state, member, f"an instance was taken out of service: {why}")
            self._advance(state, state.members[id])

    def _capacity_down(self, state: GroupState) -> None:
        group = state.group
        surplus = state.counted + state.launching - group.desired
        if surplus <= 0 or group.is_suspended("Terminate"):
            return
        for member in planning.to_leave(group, list(state.members.values()), surplus):
            cause = f"{group.reason or 'a change of the desired capacity'} reduced the number of instances"
            self._advance(state, self.leave(state, member, cause))

    async def _ask_to_terminate(self, state: GroupState) -> None:
        ids = [id for id in state.ending if id in state.members and not state.members[id].asked]
        state.ending.clear()
        if not ids:
            return
        for id in ids:
            state.put(replace(state.members[id], asked=True))
        await self.instances.terminate(state.group.account, state.group.region, ids)

    async def _capacity_up(self, state: GroupState) -> None:
        group = state.group
        missing = group.desired - state.counted - state.launching
        waiting = group.retry_at is not None and group.retry_at > self.clock.now()
        if missing <= 0 or waiting or group.status == DELETING or group.is_suspended("Launch"):
            return
        on_demand = sum(1 for each in state.members.values() if each.counted and not each.spot)
        spot = planning.spot_count(group, on_demand, missing)
        for subnet, count in planning.subnets_for(group, missing, state.zones).items():
            spot_here = min(spot, count)
            spot -= spot_here
            for number, is_spot in ((spot_here, True), (count - spot_here, False)):
                if number and not await self._launch(state, subnet, number, spot=is_spot):
                    return

    async def _launch(self, state: GroupState, subnet: str, count: int, *, spot: bool) -> bool:
        group = state.group
        tags = {each.key: each.value for each in group.tags.values() if each.propagate}
        tags[GROUP_TAG] = group.name
        failure: LaunchFailed | None = None
        for kind in planning.types_of(group):
            spec = LaunchSpec(group.account, group.region, group.template, subnet, count, kind, spot, tags)
            state.launching += count
            try:
                machines = await self.instances.launch(spec)
            except LaunchFailed as failed:
                failure = failed
                continue
            finally:
                state.launching -= count
            template = await self.instances.template(group.account, group.region, group.template)
            for machine in machines:
                cause = f"{group.reason or 'an instance was started in response to a difference'}"
                self._joins(state, machine, cause, template)
            state.change(failures=0, retry_at=None)
            return True
        if failure is not None:
            self._launch_failed(state, failure, spot=spot)
        return False

    def _joins(
        self, state: GroupState, machine: Machine, cause: str, template: TemplateChoice | None = None
    ) -> None:
        activity = self.log(state, f"Launching a new EC2 instance: {machine.id}", cause, zone=machine.zone)
        state.put(
            Member(
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
            )
        )
        self.group_of[machine.id] = state.group.key
        state.touch(machine.id)

    def _launch_failed(self, state: GroupState, failure: LaunchFailed, *, spot: bool) -> None:
        failures = state.group.failures + 1
        message = failure.told(spot=spot)
        retry = self.clock.after(planning.retry_after_s(failures))
        activity = self.log(
            state,
            f"Launching a new EC2 instance.  Status Reason: {message}",
            "an instance was started in response to a difference between desired and actual capacity",
        )
        end = self.clock.now()
        state.log(replace(activity, status="Failed", progress=100, message=message, end=end))
        state.change(failures=failures, retry_at=retry)

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

    def _activity_ends(self, state: GroupState, member: Member, status: str) -> None:
        found = state.activities.get(member.activity)
        if found is not None and found.end is None:
            state.log(replace(found, status=status, progress=100, end=self.clock.now()))
