"""The engine: one task that brings every group to its desired capacity, woken by what happens.

Woken by requests, by EC2 telling of an instance, and by timers; it never polls. Only here are
instances launched and terminated.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from nodeyard.ports import Clock, Ids
from nodeyard.world.aws.autoscaling import planning, recovery
from nodeyard.world.aws.autoscaling.launching import Launching
from nodeyard.world.aws.autoscaling.lifecycle import Lifecycle
from nodeyard.world.aws.autoscaling.persistence import GroupFile
from nodeyard.world.aws.autoscaling.planning import second
from nodeyard.world.aws.autoscaling.records import DELETING, GROUP_TAG, IN_SERVICE, Key
from nodeyard.world.aws.autoscaling.state import GroupState
from nodeyard.world.aws.fleet import Instances, Machine

logger = logging.getLogger(__name__)

GroupListener = Callable[[str, str, str], None]
RECOVER_AFTER_S = 5.0
"""How long a group rests after a step of it failed in a way nobody foresaw."""


class Engine:
    """All groups. The operations change them and call `save` and `wake`."""

    def __init__(
        self, *, instances: Instances, clock: Clock, ids: Ids, path: Path | None, on_change: GroupListener
    ) -> None:
        self.instances = instances
        self.clock = clock
        self.ids = ids
        self.groups: dict[Key, GroupState] = {}
        self.homes: dict[tuple[str, str, str], GroupState] = {}
        """(account, Region, instance id) -> its group."""
        self.lifecycle = Lifecycle(clock, ids, self._at)
        self._launching = Launching(instances, clock, self.lifecycle, self._took, self.save)
        self._file = GroupFile(path)
        self._on_change = on_change
        self._early: dict[str, Machine] = {}
        self._woken: dict[Key, None] = {}
        self._changed: dict[Key, None] = {}
        self._timers: list[tuple[datetime, int, Key, str]] = []
        self._order = itertools.count()
        self._event = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    # --- life ---------------------------------------------------------------

    async def start(self) -> None:
        """Read what was kept, find what EC2 did meanwhile, begin. Raises: WorldDataError."""
        self.groups = self._file.open()
        for state in self.groups.values():
            for member in state.members.values():
                self.home(state, member.id)
        self.instances.listen(self._heard)
        await recovery.recover(self)
        self._task = asyncio.create_task(self._run(), name="auto-scaling")

    async def stop(self) -> None:
        """End the task and close the file."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._file.close()

    # --- for operations -----------------------------------------------------

    def add(self, state: GroupState) -> None:
        self.groups[state.group.key] = state

    def home(self, state: GroupState, instance_id: str) -> None:
        """Remember which group an instance is in."""
        self.homes[(state.group.account, state.group.region, instance_id)] = state

    def save(self, state: GroupState) -> None:
        """Write what changed in a group, before anybody is told of it."""
        if not state.unwritten or self.groups.get(state.group.key) is not state:
            return
        for instance_id, member in state.unwritten.members.items():
            if member is None:
                self.homes.pop((state.group.account, state.group.region, instance_id), None)
        self._file.write(state)
        self._changed[state.group.key] = None
        self._event.set()

    def forget(self, state: GroupState) -> None:
        """Remove a group for good."""
        self.groups.pop(state.group.key, None)
        for instance_id in state.members:
            self.homes.pop((state.group.account, state.group.region, instance_id), None)
        self._file.remove(state.group.key)
        self._changed[state.group.key] = None
        self._event.set()

    def wake(self, state: GroupState) -> None:
        """Have the engine look at a group."""
        self._woken[state.group.key] = None
        self._event.set()

    def _at(self, when: datetime, key: Key, instance_id: str) -> None:
        heapq.heappush(self._timers, (when, next(self._order), key, instance_id))
        if self._timers[0][0] == when:
            self._event.set()

    def resume_timers(self, state: GroupState) -> None:
        """Set the timers again that a restart lost."""
        key = state.group.key
        if state.group.retry_at is not None:
            self._at(state.group.retry_at, key, "")
        for member in state.members.values():
            for wait in member.waits:
                self._at(wait.deadline, key, member.id)
            if member.replace_at is not None:
                self._at(member.replace_at, key, member.id)

    # --- EC2 speaks -----------------------------------------------------------

    def _heard(self, machine: Machine) -> None:
        state = self.homes.get((machine.account, machine.region, machine.id))
        if state is None:
            name = machine.tags.get(GROUP_TAG)
            owner = self.groups.get((machine.account, machine.region, name)) if name else None
            if owner is not None and owner.launching:
                self._early[machine.id] = machine  # told of before the launch returned
            return
        self.observe(state, machine.id, machine.state)

    def observe(self, state: GroupState, instance_id: str, ec2_state: str) -> None:
        """Note the state that EC2 gives an instance."""
        member = state.members.get(instance_id)
        if member is None or member.ec2 == ec2_state:
            return
        state.put(replace(member, ec2=ec2_state))
        state.touch(instance_id)
        self.wake(state)

    def _took(self, state: GroupState, machine: Machine) -> None:
        self.home(state, machine.id)
        early = self._early.pop(machine.id, None)
        if early is not None:
            self.observe(state, machine.id, early.state)

    # --- the task ---------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            self._tell()
            await self.clock.wait(self._event, self._timers[0][0] if self._timers else None)
            self._event.clear()
            self._fire()
            woken, self._woken = self._woken, {}
            for key in woken:
                state = self.groups.get(key)
                if state is None:
                    continue
                try:
                    await self._step(state)
                except Exception:
                    logger.exception("a step of Auto Scaling group %s failed", key[2])
                    self._at(self.clock.after(RECOVER_AFTER_S), key, "")

    def _fire(self) -> None:
        now = self.clock.now()
        while self._timers and self._timers[0][0] <= now:
            _, _, key, instance_id = heapq.heappop(self._timers)
            state = self.groups.get(key)
            if state is not None:
                if instance_id in state.members:
                    state.touch(instance_id)
                self._woken[key] = None

    def _tell(self) -> None:
        changed, self._changed = self._changed, {}
        for account, region, name in changed:
            self._on_change(account, region, name)

    async def _step(self, state: GroupState) -> None:
        """Bring one group as near to its desired capacity as it can be now."""
        while state.touched:
            instance_id = next(iter(state.touched))
            del state.touched[instance_id]
            self.lifecycle.advance(state, instance_id)
        if not state.group.is_suspended("Terminate"):
            self._replace(state)
            await self._shrink(state)
        self.save(state)
        await self._end_instances(state)
        if state.group.status == DELETING:
            if not state.members:
                self.forget(state)
            return
        await self._grow(state)
        if not state.launching and not self._early.keys() - set(self._early):
            self._early.clear()
        self.save(state)

    def _replace(self, state: GroupState) -> None:
        if state.group.is_suspended("ReplaceUnhealthy"):
            return
        now = self.clock.now()
        for instance_id in sorted(state.unhealthy):
            member = state.members[instance_id]
            if member.replace_at is None or member.replace_at > now:
                continue
            cause = (
                f"At {second(now)} an instance was taken out of service in response to "
                f"{member.unhealthy_because or 'a user health-check'}."
            )
            self.lifecycle.leave(state, member, cause)

    async def _shrink(self, state: GroupState) -> None:
        group = state.group
        if state.counted <= group.desired or group.status is not None:
            return
        current = await self.instances.template(group.account, group.region, group.template)
        group = state.group
        excess = state.counted - group.desired
        if excess <= 0:
            return
        now = second(self.clock.now())
        for member in planning.victims(group, state.members.values(), excess, current):
            have = state.counted
            cause = (
                f"{group.reason}  At {now} an instance was taken out of service in response to a difference "
                f"between desired and actual capacity, shrinking the capacity from {have} to {have - 1}.  "
                f"At {now} instance {member.id} was selected for termination."
            )
            self.lifecycle.leave(state, member, cause.lstrip())

    async def _end_instances(self, state: GroupState) -> None:
        if not state.ending:
            return
        ids = list(state.ending)
        state.ending.clear()
        await self.instances.terminate(state.group.account, state.group.region, ids)

    async def _grow(self, state: GroupState) -> None:
        group = state.group
        if group.is_suspended("Launch"):
            return
        if group.retry_at is not None and group.retry_at > self.clock.now():
            return
        missing = group.desired - state.counted
        if missing > 0:
            pending_surplus = any(one.surplus for one in state.members.values())
            await self._launching.launch(state, missing)
            self._after_launch(state)
            if pending_surplus:
                self.wake(state)
        elif missing == 0 and not group.is_suspended("AZRebalance", "Terminate"):
            await self._balance(state)

    async def _balance(self, state: GroupState) -> None:
        wanted = planning.to_balance(state.group, state.zones, state.counted)
        if not wanted or any(
            one.surplus or (one.counted and one.state != IN_SERVICE) for one in state.members.values()
        ):
            return
        await self._launching.launch(state, wanted, surplus=True)
        self._after_launch(state)

    def _after_launch(self, state: GroupState) -> None:
        self.save(state)
        if state.group.retry_at is not None:
            self._at(state.group.retry_at, state.group.key, "")
        self.wake(state)
