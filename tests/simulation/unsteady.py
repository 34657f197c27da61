"""Hands that shake: calls that are refused for a moment, or done although the answer got lost.

Put between the flows and the world of a simulation. Only what time heals is answered: throttling,
conflicts, faults of the other side. A crash stops the service right before one of its calls.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, cast

from nodeyard.flows.hands import Hands
from nodeyard.model.cluster import Cluster
from nodeyard.ports import Clusters, Compute, Conflict, Kubernetes, PortError, Throttled, Unavailable

SLOW_S = (0.2, 4.0)
"""How long a slow call takes."""

_REFUSALS: tuple[tuple[type[PortError], str, str], ...] = (
    (Throttled, "Throttling", "Rate exceeded"),
    (Unavailable, "RequestTimeout", "the request timed out"),
    (Conflict, "ResourceContention", "somebody else changes it right now"),
)


class Unsteady:
    """Decides by chance what becomes of a call. `share` of all calls go wrong, as many are slow."""

    def __init__(self, share: float, seed: str) -> None:
        self._share = share
        self._chance = random.Random(seed)
        self._sleep: Callable[[float], Any] = asyncio.sleep
        self._crash_in = 0
        self._crash: Callable[[], None] = lambda: None

    def around(self, hands: Hands) -> Hands:
        """Return hands that shake, for a process of the service."""
        self._sleep = hands.clock.sleep
        return replace(hands, compute=self.compute(hands.compute), clusters=self.clusters(hands.clusters))

    def compute(self, inner: Compute) -> Compute:
        return cast(Compute, _Shaking(inner, self))

    def clusters(self, inner: Clusters) -> Clusters:
        return cast(Clusters, _ShakingClusters(inner, self))

    def crash_after(self, calls: int, crash: Callable[[], None]) -> None:
        """Have `crash` called right before the call after so many others. Bounds: calls >= 0."""
        self._crash_in, self._crash = calls + 1, crash

    def kubernetes(self, inner: Kubernetes) -> Kubernetes:
        return cast(Kubernetes, _Shaking(inner, self))

    async def call(self, name: str, work: Callable[[], Any]) -> Any:
        """Do a call, or not. Raises: what it is refused with."""
        if self._crash_in:
            self._crash_in -= 1
            if self._crash_in == 0:
                self._crash()
                await self._sleep(SLOW_S[1])  # cancelled meanwhile: the call never happens
        draw = self._chance.random() if self._share else 1.0
        if draw >= 2 * self._share:
            return await work()
        if draw >= self._share:
            await self._sleep(self._chance.uniform(*SLOW_S))
            return await work()
        kind, code, text = _REFUSALS[self._chance.randrange(len(_REFUSALS))]
        if kind is Unavailable and self._chance.random() < 0.5:
            await work()  # done, but the answer is lost
        raise kind(f"{name}: {text}", code=code, operation=name)


class _Shaking:
    """Every call of a port through `Unsteady.call`."""

    def __init__(self, inner: object, unsteady: Unsteady) -> None:
        self._inner = inner
        self._unsteady = unsteady

    def __getattr__(self, name: str) -> Any:
        work = getattr(self._inner, name)
        if name == "watch":
            return work

        unsteady = self._unsteady

        def call(*args: Any, **kwargs: Any) -> Any:
            if not unsteady._share and not unsteady._crash_in:
                return work(*args, **kwargs)
            return unsteady.call(name, partial(work, *args, **kwargs))

        setattr(self, name, call)
        return call


class _ShakingClusters(_Shaking):
    def __init__(self, inner: object, unsteady: Unsteady) -> None:
        super().__init__(inner, unsteady)
        self._hands: dict[Kubernetes, Kubernetes] = {}
        """Hands on a cluster -> those that shake."""

    def kubernetes(self, cluster: Cluster) -> Kubernetes:
        steady = cast(Clusters, self._inner).kubernetes(cluster)
        if steady not in self._hands:
            self._hands[steady] = self._unsteady.kubernetes(steady)
        return self._hands[steady]
