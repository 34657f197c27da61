"""Wake the node groups that AWS told something about, in the database: whichever process is free takes them.

Nothing depends on it: a group that nobody tells of is looked at by itself. `app` calls it for the hook queue.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from math import inf

from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.ports import Changes

LEARN_AGAIN_S = 30.0
"""Seconds between two readings of all groups: a queue may tell of groups that are not ours for ever."""

Place = tuple[str, str, str]


class Told:
    """Knows which node group an Auto Scaling group is of."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._keys: dict[Place, str] = {}
        self._learned_at = -inf

    async def record(self, places: AbstractSet[Place]) -> None:
        """Wake the groups of these (account, Region, Auto Scaling group). Raises: PortError."""
        if not places <= self._keys.keys() and self._steady() - self._learned_at >= LEARN_AGAIN_S:
            await self._learn()
        now = self._hands.clock.now()
        wake = tuple((self._keys[place], now) for place in sorted(places) if place in self._keys)
        if wake:
            await self._hands.store.commit(Changes(wake=wake))

    def _steady(self) -> float:
        return self._hands.clock.steady()

    async def _learn(self) -> None:
        store = self._hands.store
        found: dict[Place, str] = {}
        for cluster in await store.all_clusters():
            scope = cluster.scope
            for group in await store.nodegroups(scope, cluster.name):
                place = scope.account, scope.region, group.auto_scaling_group_name
                found[place] = keys.of_nodegroup(scope, cluster.name, group.name)
        self._keys, self._learned_at = found, self._steady()
