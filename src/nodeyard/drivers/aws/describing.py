"""Many questions about single Auto Scaling groups, put to AWS as few questions about many.

A thousand groups that update ask a hundred times a second. While one call is on its way, further names
gather; they go out together when it is back. Who asks alone does not wait.
"""

from __future__ import annotations

import asyncio
import contextvars
from datetime import datetime
from typing import Any

from nodeyard.drivers.aws.calls import Calls
from nodeyard.model.scope import Scope
from nodeyard.ports import Clock

NAMES_MAX = 50
"""Names of one call. Source: Amazon EC2 Auto Scaling API reference, DescribeAutoScalingGroups."""
SLOW_S = 1.0
"""Wall seconds after which a call that is still on its way no longer keeps the next one back."""

HOOKS_HELD_S = 30.0
"""Simulated seconds."""
GROUPS_HELD = 20_000

Described = dict[str, Any]


class Describing:
    """Asks for groups by name, together, and for the hooks of one now and then."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock
        self._hooks: dict[tuple[Scope, str], tuple[datetime, list[Described]]] = {}
        self._waiting: dict[Scope, dict[str, asyncio.Future[Described | None]]] = {}
        self._asked_at: dict[Scope, float] = {}
        """When the newest call of a scope that is still on its way went out, on the loop's clock."""

    async def group(self, scope: Scope, name: str) -> Described | None:
        """Return what AWS says of a group now, None when there is none. Raises: PortError."""
        loop = asyncio.get_running_loop()
        waiting = self._waiting.setdefault(scope, {})
        answer = waiting.get(name)
        if answer is None:
            answer = waiting[name] = loop.create_future()
        if loop.time() - self._asked_at.get(scope, -SLOW_S) >= SLOW_S:
            # In a context of its own: the call is for all of them, and not under the lease of one.
            asking = loop.create_task(self._ask(scope), context=contextvars.Context())
            asking.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._asked_at[scope] = loop.time()
        # Others may wait for the same answer: whoever is cancelled leaves it to them.
        return await asyncio.shield(answer)

    async def hooks(self, scope: Scope, name: str, *, held: bool = False) -> list[Described]:
        """Return the lifecycle hooks of a group; `held`: they may be as old as HOOKS_HELD_S.

        Nobody but their makers changes them, and whoever did is told by a health issue a little later.
        """
        key, now = (scope, name), self._clock.now()
        until, known = self._hooks.get(key, (now, []))
        if held and now < until:
            return known
        parameters = {"AutoScalingGroupName": name}
        answer = await self._calls.call(scope, "autoscaling", "describe_lifecycle_hooks", **parameters)
        found = list(answer.get("LifecycleHooks") or ())
        if len(self._hooks) >= GROUPS_HELD:
            self._hooks.clear()
        if found:  # none: somebody is about to make them
            self._hooks[key] = self._clock.after(HOOKS_HELD_S), found
        return found

    def forget(self, scope: Scope, name: str) -> None:
        """Say that the hooks of a group were changed."""
        self._hooks.pop((scope, name), None)

    async def _ask(self, scope: Scope) -> None:
        waiting, loop = self._waiting[scope], asyncio.get_running_loop()
        while waiting:
            batch = {name: waiting.pop(name) for name in list(waiting)[:NAMES_MAX]}
            at = self._asked_at[scope] = loop.time()
            try:
                found = await self._calls.pages(
                    scope,
                    "autoscaling",
                    "describe_auto_scaling_groups",
                    "AutoScalingGroups",
                    AutoScalingGroupNames=list(batch),
                )
                groups = {each["AutoScalingGroupName"]: each for each in found}
                for name, answer in batch.items():
                    if not answer.done():
                        answer.set_result(groups.get(name))
            except BaseException as error:
                for answer in batch.values():
                    if not answer.done():
                        answer.set_exception(error)
                        answer.exception()  # nobody may be waiting for it any more
                if not isinstance(error, Exception):
                    raise
            if self._asked_at.get(scope) != at:
                return  # another call took over meanwhile
        self._asked_at.pop(scope, None)
