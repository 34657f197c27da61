"""Carries operations on stacks on, beside everything else that the embedded AWS does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import structlog

from nodeyard.model.scope import Scope
from nodeyard.ports import Clock
from nodeyard.world.aws.moto_host import MotoHost
from nodeyard.world.aws.stacks.eks import Eks
from nodeyard.world.aws.stacks.work import Failed, Task, Work

AGAIN_AFTER_S = 5.0
"""Simulated seconds until a step is taken again that met something unexpected."""

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Stacks:
    """The stacks of all accounts and Regions. Before `serve`, templates that name EKS are refused."""

    def __init__(self, host: MotoHost, clock: Clock) -> None:
        self._host = host
        self._clock = clock
        self._eks: Eks | None = None
        self._running: dict[str, asyncio.Task[None]] = {}

    def serve(self, eks: Eks) -> None:
        """Make clusters and node groups of stacks by this API from now on."""
        self._eks = eks

    async def resume(self) -> None:
        """Go on with what was not over when the last process ended."""
        for account, region in await self._host.run(lambda: self._host.places("cloudformation")):
            await self.look(Scope(account, region))

    def prepare(self, account: str, region: str) -> None:
        """Have ours in the place of moto's before it answers. On moto's thread only."""
        self._backend(Scope(account, region))

    async def look(self, scope: Scope) -> None:
        """Begin with operations that are new. What needs no waiting is done when this returns."""

        def found() -> list[str]:
            from nodeyard.world.aws.stacks import moto_backend

            return moto_backend.going_on(self._backend(scope))

        for id in await self._host.run(found):
            if id not in self._running:
                waits = asyncio.Event()
                task = asyncio.create_task(self._carry_on(scope, id, waits.set), name=f"stack {id}")
                self._running[id] = task
                await waits.wait()

    async def stop(self) -> None:
        for task in [*self._running.values()]:
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _carry_on(self, scope: Scope, id: str, waits: Callable[[], None]) -> None:
        try:
            while await self._step(scope, id, waits):
                pass
        finally:
            del self._running[id]
            waits()

    async def _step(self, scope: Scope, id: str, waits: Callable[[], None]) -> bool:
        """Take the next step; return False when there is none left."""
        try:
            task = await self._on_course(scope, id, lambda course: course.next())
            if task is None:
                return False
            waits()
            await self._do(scope, id, task)
        except Exception as error:
            # A full disk, a lost connection or a bug: a stack that stood still would never be heard of again.
            log.error("a stack does not get on and tries again", stack=id, error=repr(error))
            waits()
            await self._clock.sleep(AGAIN_AFTER_S)
        return True

    async def _do(self, scope: Scope, id: str, task: Task) -> None:
        assert self._eks is not None, "templates that name EKS are refused until it is served"
        try:
            found = await Work(self._eks, self._clock, scope).do(task)
        except Failed as failed:
            why = failed
            await self._on_course(scope, id, lambda course: course.failed(task, why))
        else:
            await self._on_course(scope, id, lambda course: course.done(task, found))

    async def _on_course(self, scope: Scope, id: str, step: Callable[[Any], T]) -> T | None:
        """Take a step of an operation on moto's thread, and keep what it changed."""

        def work() -> T | None:
            from nodeyard.world.aws.stacks.course import Course

            backend = self._backend(scope)
            stack = backend.stacks.get(id)
            if stack is None:
                return None
            try:
                return step(Course(backend, stack, self._eks.model if self._eks else None))
            finally:
                self._host.keep_all(scope.account, scope.region)

        return await self._host.run(work)

    def _backend(self, scope: Scope) -> Any:
        """Return moto's backend, with ours in it. On moto's thread only."""
        from nodeyard.world.aws.stacks import moto_backend

        moto_backend.apply()
        moto_backend.HAS_EKS.set(self._eks is not None)
        return self._host.backend("cloudformation", scope.account, scope.region)
