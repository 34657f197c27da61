"""Every side effect of the service, numbered as it happens, and one of them disturbed.

A side effect is a call of Compute, Kubernetes or Clusters that changes something, and every write of
the store. Reads pass. A process that was killed does nothing any more: each call of its is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from nodeyard.flows.hands import Hands
from nodeyard.model.cluster import Cluster
from nodeyard.ports import PortError
from nodeyard.simulation import Simulation

COMPUTE_ACTS = (
    "ensure_",
    "add_",
    "delete_",
    "allow_",
    "resize_",
    "set_",
    "complete_",
    "terminate_",
    "reboot_",
)
KUBERNETES_ACTS = ("evict", "delete_", "set_", "patch_", "ensure_", "remove_")
CLUSTERS_ACTS = ("ensure", "remove")
STORE_ACTS = ("commit", "finish")

BEFORE, AFTER, TWICE, FAILED = "killed before", "killed after", "done twice", "failed"


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What is done to the step of a number. `error` is what a failed step raises."""

    step: int
    how: str
    error: PortError | None = None


class Steps:
    """Counts while `armed`. Give `around` to the simulation, then the simulation to `of`."""

    def __init__(self, disturbance: Disturbance | None = None) -> None:
        self.names: list[str] = []
        self.armed = False
        self.happened = False
        self._disturbance = disturbance
        self._process = 0
        self._simulation: Simulation | None = None

    def of(self, simulation: Simulation) -> None:
        """Begin to count."""
        self._simulation = simulation
        self.armed = True

    def around(self, hands: Hands, *, store: bool = True) -> Hands:
        """Return the hands of a new process; those of the one before do nothing from now on.

        `store`: its writes are steps too; who says no counts them himself.
        """
        self._process += 1
        mine = self._process
        return replace(
            hands,
            store=_Watched(self, mine, hands.store, "store", STORE_ACTS) if store else hands.store,
            compute=_Watched(self, mine, hands.compute, "compute", COMPUTE_ACTS),
            clusters=_WatchedClusters(self, mine, hands.clusters, "clusters", CLUSTERS_ACTS),
        )

    def refuse_the_dead(self, process: int) -> None:
        if process != self._process:
            raise asyncio.CancelledError

    async def act(self, process: int, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """Do a side effect, or what is to happen to it instead."""
        self.refuse_the_dead(process)
        if not self.armed:
            return await call()
        number = len(self.names)
        self.names.append(name)
        disturbance = self._disturbance
        if disturbance is None or disturbance.step != number:
            return await call()
        self.happened = True
        if disturbance.how == FAILED:
            assert disturbance.error is not None
            raise disturbance.error
        if disturbance.how == TWICE:
            await call()
            return await call()
        if disturbance.how == AFTER:
            await call()
        assert self._simulation is not None
        self._simulation.restart()
        raise asyncio.CancelledError


class _Watched:
    """One hand: its acts are steps, its reads pass."""

    def __init__(self, steps: Steps, process: int, inner: Any, label: str, acts: tuple[str, ...]) -> None:
        self._steps, self._process, self._inner = steps, process, inner
        self._label, self._acts = label, acts

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._inner, name)

        async def asked(*args: Any, **kwargs: Any) -> Any:
            if name.startswith(self._acts):
                call = lambda: inner(*args, **kwargs)  # noqa: E731
                return await self._steps.act(self._process, f"{self._label}.{name}", call)
            self._steps.refuse_the_dead(self._process)
            return await inner(*args, **kwargs)

        return asked


class _WatchedClusters(_Watched):
    def kubernetes(self, cluster: Cluster) -> Any:
        self._steps.refuse_the_dead(self._process)
        return _WatchedKubernetes(
            self._steps, self._process, self._inner.kubernetes(cluster), "kubernetes", KUBERNETES_ACTS
        )


class _WatchedKubernetes(_Watched):
    def watch(self) -> AsyncIterator[str]:
        watching: AsyncIterator[str] = self._inner.watch()
        return watching
