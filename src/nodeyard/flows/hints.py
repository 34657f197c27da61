"""Turn what happens in the world into wake-ups of the node groups it concerns.

Hints make things prompt; nothing depends on them, the flows look again by themselves.
A burst (a thousand nodes becoming Ready) is gathered into few passes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf

import structlog

from nodeyard.flows import keys
from nodeyard.flows.hands import Hands
from nodeyard.model.cluster import Cluster
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus
from nodeyard.ports import PortError

log = structlog.get_logger(__name__)

GATHER_S = 0.2
"""Wall seconds in which hints are gathered: they limit load, which is real at any speed."""
PASS_S_PER_NODE = 0.001
"""Wall seconds that one pass over a group takes for each of its nodes, about: a large group is not
looked at again before it had a chance to change."""
LOOK_FOR_WATCHES_S = 5.0
"""Wall seconds between two looks for watches that ended."""
SIZES_S = 60.0
"""Wall seconds for which the sizes of groups, read once, are good enough."""
LEARNING_SHARE = 0.05
"""The share of time that is spent on reading which groups there are, at most: while thousands are made one
after the other, all of them are not read for each."""
REST_MAX_S = 2.0
"""Wall seconds for which a group that was just made may stay unknown. Reading takes long on a busy machine
too, and then the nodes of a new group would be noticed only minutes later."""


class Hints:
    """Feeds the engine's wake from Auto Scaling groups and nodes."""

    def __init__(
        self, hands: Hands, wake: Callable[[str], None], *, look_s: float = LOOK_FOR_WATCHES_S
    ) -> None:
        self._hands = hands
        self._wake = wake
        self._look_s = look_s
        self._groups: dict[tuple[str, str, str], str] = {}
        self._changed_groups: set[tuple[str, str, str]] = set()
        self._changed_keys: set[str] = set()
        self._nodes: dict[str, int] = {}
        """Key -> nodes that its group wants."""
        self._rest_until: dict[str, datetime] = {}
        self._active: dict[tuple[Scope, str], Cluster] = {}
        self._watches: dict[tuple[Scope, str], asyncio.Task[None]] = {}
        self._something = asyncio.Event()
        self._learned_at, self._rest_s = -inf, 0.0
        self._learn_at: float | None = -inf
        """On the steady clock, when to read the records; None: not before somebody tells."""

    def group_changed(self, account: str, region: str, name: str) -> None:
        """Say that an Auto Scaling group has another instance, state or activity."""
        self._changed_groups.add((account, region, name))
        self._something.set()

    def world_changed(self) -> None:
        """Say that anything may be another way in the account: every group is checked afresh."""
        self._changed_keys.update(self._groups.values())
        self._hands.health_due.clear()
        self._something.set()

    def records_changed(self) -> None:
        """Say that clusters or groups may have come or gone."""
        self._to_learn()
        self._something.set()

    def _to_learn(self) -> None:
        if self._learn_at is None:
            self._learn_at = self._learned_at + self._rest_s

    async def run(self) -> None:
        """Pass hints on until cancelled."""
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._look_s):
                        await self._something.wait()
                await asyncio.sleep(GATHER_S)
                self._something.clear()
                try:
                    await self._pass_on()
                except PortError as error:
                    self._to_learn()
                    log.warning("hints wait for the store", error=error.message)
                self._watch_all()
        finally:
            for task in self._watches.values():
                task.cancel()
            await asyncio.gather(*self._watches.values(), return_exceptions=True)

    async def _pass_on(self) -> None:
        groups, self._changed_groups = self._changed_groups, set()
        old = (groups or self._changed_keys) and self._hands.clock.steady() - self._learned_at > SIZES_S
        if old or not groups <= self._groups.keys():
            self._to_learn()
        if self._learn_at is not None:
            if self._learn_at > (began := self._hands.clock.steady()):
                self._changed_groups |= groups - self._groups.keys()
                self._something.set()
            else:
                await self._learn()
                self._learn_at, self._learned_at = None, self._hands.clock.steady()
                self._rest_s = min(REST_MAX_S, (self._learned_at - began) / LEARNING_SHARE)
        for changed_group in groups & self._groups.keys():
            self._changed_keys.add(self._groups[changed_group])
        now = self._hands.clock.now()
        self._rest_until = {key: until for key, until in self._rest_until.items() if until > now}
        for key in self._changed_keys - self._rest_until.keys():
            self._changed_keys.discard(key)
            self._rest_until[key] = now + timedelta(seconds=PASS_S_PER_NODE * self._nodes.get(key, 0))
            self._wake(key)
        if self._changed_keys:
            self._something.set()

    async def _learn(self) -> None:
        """Read which clusters are ACTIVE and which groups they have."""
        store = self._hands.store
        active: dict[tuple[Scope, str], Cluster] = {}
        groups: dict[tuple[str, str, str], str] = {}
        nodes: dict[str, int] = {}
        for cluster in await store.all_clusters():
            if cluster.status is not ClusterStatus.ACTIVE:
                continue
            active[cluster.scope, cluster.name] = cluster
            for group in await store.nodegroups(cluster.scope, cluster.name):
                place = cluster.scope.account, cluster.scope.region, group.auto_scaling_group_name
                key = keys.of_nodegroup(cluster.scope, cluster.name, group.name)
                groups[place] = key
                nodes[key] = group.scaling.desired
        self._active, self._groups, self._nodes = active, groups, nodes

    def _watch_all(self) -> None:
        """Watch the nodes of exactly the clusters that are ACTIVE."""
        for gone in self._watches.keys() - self._active.keys():
            self._watches.pop(gone).cancel()
        for new in self._active.keys() - self._watches.keys():
            cluster = self._active[new]
            self._watches[new] = asyncio.create_task(self._watch(cluster), name=f"nodes of {new[1]}")

    async def _watch(self, cluster: Cluster) -> None:
        try:
            async for name in self._hands.clusters.kubernetes(cluster).watch():
                self._changed_keys.add(keys.of_nodegroup(cluster.scope, cluster.name, name))
                self._something.set()
        except Exception:
            # The flows still look by themselves; the next look begins a new watch.
            log.exception("a watch on nodes ended", cluster=cluster.name)
            self._watches.pop((cluster.scope, cluster.name), None)
