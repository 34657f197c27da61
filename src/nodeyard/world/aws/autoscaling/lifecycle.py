"""How one instance moves through its life in a group: pending, waiting at hooks, in service, leaving.

Called by the operations and the engine, always on the event loop's thread and never with an await
between reading and writing. Asks nothing of EC2: it only lists which instances are to be terminated.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from nodeyard.ports import Clock, Ids
from nodeyard.world.aws.autoscaling.planning import second
from nodeyard.world.aws.autoscaling.records import (
    GOING,
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
from nodeyard.world.aws.autoscaling.state import GroupState
from nodeyard.world.aws.fleet import Machine, TemplateChoice

HOOK_LIMIT_S = 172_800
HOOK_LIMIT_HEARTBEATS = 100
REPLACE_AFTER_S = 10.0
"""How long an unhealthy instance is to be seen before it is replaced."""

Timer = Callable[[datetime, Key, str], None]


class Lifecycle:
    """The transitions. `timer` is told when an instance is to be looked at again."""

    def __init__(self, clock: Clock, ids: Ids, timer: Timer) -> None:
        self._clock = clock
        self._ids = ids
        self._timer = timer

    # --- beginnings ---------------------------------------------------------

    def admit(
        self,
        state: GroupState,
        machine: Machine,
        template: TemplateChoice | None,
        *,
        cause: str,
        surplus: bool = False,
    ) -> Member:
        """Take a launched instance into the group, pending."""
        activity = self.activity(
            state,
            f"Launching a new EC2 instance: {machine.id}",
            cause,
            _details(machine),
            status="PreInService",
        )
        member = Member(
            id=machine.id,
            zone=machine.zone,
            subnet_id=machine.subnet_id,
            instance_type=machine.instance_type,
            image_id=machine.image_id,
            spot=machine.lifecycle == "spot",
            launched_at=machine.launched_at,
            template=template,
            ec2=machine.state,
            protected=bool(state.group.settings.get("NewInstancesProtectedFromScaleIn")),
            activity=activity.id,
            surplus=surplus,
        )
        state.put(member)
        self.advance(state, member.id)
        return member

    def leave(self, state: GroupState, member: Member, cause: str, *, hooks: bool = True) -> Activity:
        """Begin to terminate an instance; hooks hold it first unless told otherwise."""
        if member.activity:
            self._end(state, member.activity, "Cancelled", _INTERRUPTED)
        activity = self.activity(
            state, f"Terminating EC2 instance: {member.id}", cause, _details(member), status="InProgress"
        )
        state.put(
            replace(
                member,
                state=LEAVING,
                hooked=not hooks,
                waits=(),
                activity=activity.id,
                surplus=False,
                replace_at=None,
            )
        )
        self.advance(state, member.id)
        return activity

    def sicken(self, state: GroupState, member: Member, because: str) -> None:
        """Mark an instance unhealthy; it is replaced a little later."""
        if not member.healthy or member.state in GOING:
            return
        due = self._clock.after(REPLACE_AFTER_S)
        state.put(replace(member, healthy=False, replace_at=due, unhealthy_because=because))
        self._timer(due, state.group.key, member.id)

    # --- the way through ----------------------------------------------------

    def advance(self, state: GroupState, instance_id: str) -> None:
        """Move an instance as far as it can go now."""
        while (member := state.members.get(instance_id)) is not None:
            if not self._step(state, member):
                return

    def _step(self, state: GroupState, member: Member) -> bool:
        if member.waits:
            return self._time_out(state, member)
        if member.state in (PENDING, LEAVING) and not member.hooked:
            self._hold(state, member)
            return True
        if member.state in (PENDING_WAIT, LEAVING_WAIT):
            proceeds = PENDING_PROCEED if member.state == PENDING_WAIT else LEAVING_PROCEED
            self._progress(
                state, member.activity, "InProgress" if proceeds == LEAVING_PROCEED else "PreInService"
            )
            state.put(replace(member, state=proceeds))
            return True
        if member.state in (PENDING, PENDING_PROCEED) and member.running:
            self._end(state, member.activity, "Successful")
            now = self._clock.now()
            state.put(replace(member, state=IN_SERVICE, activity="", in_service_at=now, surplus=False))
            return True
        if member.state not in GOING:
            if member.lost and member.state != STANDBY and "HealthCheck" not in state.group.suspended:
                self.sicken(state, member, _FOUND_GONE)
            return False
        if member.gone:
            self._end(state, member.activity, "Successful")
            state.remove(member.id)
        elif not member.asked:
            state.put(replace(member, asked=True))
            state.ending.append(member.id)
        return False

    def _hold(self, state: GroupState, member: Member) -> None:
        launching = member.state == PENDING
        transition = LAUNCHING if launching else TERMINATING_HOOK
        hooks = [hook for hook in state.group.hooks.values() if hook.transition == transition]
        waits = tuple(
            Wait(
                hook=hook.name,
                token=self._ids.uuid(),
                deadline=self._clock.after(hook.heartbeat_s),
                limit=self._clock.after(min(HOOK_LIMIT_S, HOOK_LIMIT_HEARTBEATS * hook.heartbeat_s)),
            )
            for hook in hooks
        )
        waiting = PENDING_WAIT if launching else LEAVING_WAIT
        if waits:
            self._progress(state, member.activity, "MidLifecycleAction")
        state.put(replace(member, hooked=True, waits=waits, state=waiting if waits else member.state))
        for wait in waits:
            self._timer(wait.deadline, state.group.key, member.id)

    def _time_out(self, state: GroupState, member: Member) -> bool:
        now = self._clock.now()
        for wait in member.waits:
            if wait.deadline <= now:
                hook = state.group.hooks.get(wait.hook)
                result = hook.default_result if hook else "CONTINUE"
                self.complete(state, member, wait, result, "Heartbeat Timeout")
                return True
        return False

    def complete(
        self, state: GroupState, member: Member, wait: Wait, result: str, how: str | None = None
    ) -> None:
        """End one hook of one instance. ABANDON ends all of them, and a launch with them."""
        if result == "ABANDON" and member.state == PENDING_WAIT:
            said = how or "Lifecycle Action Completed with ABANDON Result"
            text = (
                "Instance failed to complete user's Lifecycle Action: Lifecycle Action with token "
                f"{wait.token} was abandoned: {said}"
            )
            self._end(state, member.activity, "Cancelled", text)
            cause = (
                f"At {second(self._clock.now())} an instance was taken out of service in response to "
                "a launch lifecycle action that was abandoned."
            )
            self.leave(state, replace(member, activity=""), cause)
            return
        left = () if result == "ABANDON" else tuple(one for one in member.waits if one != wait)
        state.put(replace(member, waits=left))

    def heartbeat(self, state: GroupState, member: Member, wait: Wait) -> None:
        """Give a hook its full timeout again, up to its limit."""
        hook = state.group.hooks.get(wait.hook)
        if hook is None:
            return
        later = replace(wait, deadline=min(wait.limit, self._clock.after(hook.heartbeat_s)))
        waits = tuple(later if one == wait else one for one in member.waits)
        state.put(replace(member, waits=waits))
        self._timer(later.deadline, state.group.key, member.id)

    # --- activities ---------------------------------------------------------

    def activity(
        self, state: GroupState, description: str, cause: str, details: str, *, status: str, message: str = ""
    ) -> Activity:
        """Write down a scaling activity that begins now, or is over at once."""
        now = self._clock.now()
        over = status in ("Successful", "Failed", "Cancelled")
        sequence = state.group.next_sequence
        state.change(next_sequence=sequence + 1)
        return state.log(
            Activity(
                id=self._ids.uuid(),
                sequence=sequence,
                description=description,
                cause=cause,
                start=now,
                status=status,
                progress=100 if over else 30 if status == "PreInService" else 0,
                details=details,
                message=message,
                end=now if over else None,
            )
        )

    def _progress(self, state: GroupState, activity_id: str, status: str) -> None:
        found = state.activities.get(activity_id)
        if found is not None:
            state.log(replace(found, status=status, progress=60 if status == "MidLifecycleAction" else 80))

    def _end(self, state: GroupState, activity_id: str, status: str, message: str = "") -> None:
        found = state.activities.get(activity_id)
        if found is None:
            return
        description = found.description
        if message:
            description = f"{description}.  Status Reason: {message}"
        state.log(
            replace(
                found,
                status=status,
                progress=100,
                message=message,
                description=description,
                end=self._clock.now(),
            )
        )


_INTERRUPTED = (
    "Instance became unhealthy while waiting for instance to be in InService state. "
    "Termination Reason: the instance was taken out of the group"
)
_FOUND_GONE = "an EC2 health check indicating it has been terminated or stopped"


def _details(place: Machine | Member) -> str:
    return json.dumps({"Subnet ID": place.subnet_id, "Availability Zone": place.zone}, separators=(",", ":"))
