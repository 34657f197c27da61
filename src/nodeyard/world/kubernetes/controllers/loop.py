"""The controllers of one cluster, run as one loop.

Built by the embedded cluster; tests and rehearsals call `step` themselves. Holds no state of the cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.controller import Controller
from nodeyard.world.kubernetes.controllers.registry import CONTROLLERS
from nodeyard.world.kubernetes.errors import ApiError
from nodeyard.world.kubernetes.store import Change, Store

STEP_LIMIT = 5_000
_BATCH = 200
_SLICE = 50
"""Actions before requests get their turn: a request waits for a slice at every step it takes."""

_log = structlog.get_logger(__name__)


class Controllers:
    """The controllers of a cluster: all of them, with the scheduler and the kubelets of simulated nodes.

    On a cluster with a control plane of its own `kinds` are the kubelets alone.
    """

    def __init__(
        self,
        api: Api,
        store: Store,
        clock: Clock,
        ids: Ids,
        kinds: Sequence[type[Controller]] = CONTROLLERS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._wake = asyncio.Event()
        self._all: list[Controller] = [make(api, store, clock, ids) for make in kinds]
        self._by_resource: dict[str, list[Controller]] = {}
        for resource in sorted({each.stored_as for each in store.registry.all()}):
            for obj in store.list(resource):
                self._tell(Change("ADDED", resource, obj, store.revision))
        store.listen(self._changed)

    def step(self, limit: int = STEP_LIMIT) -> datetime | None:
        """Do what is due, at most `limit` actions; return when to come back, None for never."""
        done = 0
        busy = True
        while busy and done < limit:
            busy = False
            now = self._clock.now()
            for controller in self._all:
                queue = controller.queue
                # No method of the queue: of thirty, asked at every step, two or three have something to do.
                if not queue.dirty and not (queue.timers and queue.timers[0][0] <= now):
                    continue
                count = self._work(controller, min(_BATCH, limit - done))
                done += count
                busy = busy or count > 0
        times = [at for each in self._all if (at := each.queue.next()) is not None]
        return min(times, default=None)

    async def run(self) -> None:
        """Step for ever, in slices that leave room for requests between them."""
        while True:
            self._wake.clear()
            until = self.step(_SLICE)
            await asyncio.sleep(0)
            if until is None or until > self._clock.now():
                await self._clock.wait(self._wake, until)

    @staticmethod
    def _work(controller: Controller, limit: int) -> int:
        done = 0
        while done < limit and (key := controller.queue.pop()) is not None:
            done += 1
            try:
                controller.reconcile(key)
            except ApiError as refused:
                _log.debug("refused", controller=type(controller).__name__, key=key, why=refused.message)
                controller.failed(key)
            except Exception:
                # One broken object must not stop the others of the cluster.
                _log.exception("controller failed", controller=type(controller).__name__, key=key)
                controller.failed(key)
        return done

    def _changed(self, change: Change) -> None:
        self._tell(change)
        self._wake.set()

    def _tell(self, change: Change) -> None:
        found = self._by_resource.get(change.resource)
        if found is None:
            name = change.resource
            found = [each for each in self._all if not each.watches or name in each.watches]
            self._by_resource[name] = found
        for controller in found:
            controller.changed(change)
