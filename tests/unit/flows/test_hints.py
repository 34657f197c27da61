"""Hints: bursts become few wake-ups, none is lost."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from nodeyard.flows import keys
from nodeyard.flows.hints import Hints
from nodeyard.model.scope import Scope
from nodeyard.model.status import ClusterStatus
from tests.fakes import FakeClock

SCOPE = Scope("464600099053", "cn-north-1")
GROUP = SCOPE.account, SCOPE.region, "eks-blue"
KEY = keys.of_nodegroup(SCOPE, "prod", "blue")


class _Store:
    """One ACTIVE cluster with one group of a size."""

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self.there = True
        self.looks = 0
        self.answering: Callable[[], object] = int

    async def all_clusters(self) -> tuple[Any, ...]:
        self.looks += 1
        self.answering()
        return (SimpleNamespace(scope=SCOPE, name="prod", status=ClusterStatus.ACTIVE),)

    async def nodegroups(self, scope: Scope, cluster: str) -> tuple[Any, ...]:
        if not self.there:
            return ()
        scaling = SimpleNamespace(desired=self._nodes)
        return (SimpleNamespace(name="blue", auto_scaling_group_name="eks-blue", scaling=scaling),)


class _Silent:
    """A cluster in which no node changes."""

    def kubernetes(self, cluster: Any) -> Any:
        return self

    async def watch(self) -> Any:
        return
        yield


def _hints(nodes: int) -> tuple[Hints, FakeClock, list[str]]:
    clock, woken = FakeClock(), list[str]()
    hands: Any = SimpleNamespace(store=_Store(nodes), clusters=_Silent(), clock=clock)
    return Hints(hands, woken.append), clock, woken


async def test_a_changed_group_is_looked_at_once_whatever_number_of_changes() -> None:
    hints, _, woken = _hints(nodes=2)
    for _ in range(50):
        hints.group_changed(*GROUP)
    await hints._pass_on()
    assert woken == [KEY]


async def test_a_large_group_rests_between_two_looks_and_its_hint_is_kept() -> None:
    hints, clock, woken = _hints(nodes=1000)
    hints.group_changed(*GROUP)
    await hints._pass_on()
    hints.group_changed(*GROUP)
    clock.advance(0.5)
    await hints._pass_on()
    assert woken == [KEY]
    clock.advance(0.6)
    await hints._pass_on()
    assert woken == [KEY, KEY]


async def test_records_are_read_when_somebody_tells_and_not_at_every_hint() -> None:
    hints, clock, woken = _hints(nodes=2)
    store: Any = hints._hands.store
    hints.group_changed(*GROUP)
    await hints._pass_on()
    for _ in range(20):
        clock.advance(1)
        hints.group_changed(*GROUP)
        await hints._pass_on()
    assert (len(woken), store.looks) == (21, 1)
    hints.records_changed()
    await hints._pass_on()
    assert store.looks == 2


async def test_the_hint_of_a_group_that_nobody_told_of_is_kept_until_it_is_known() -> None:
    hints, clock, woken = _hints(nodes=2)
    store: Any = hints._hands.store
    store.there = False
    await hints._pass_on()
    hints._rest_s, hints._learned_at = 2.0, clock.steady()  # reading took long: not again at once
    store.there = True
    hints.group_changed(*GROUP)
    await hints._pass_on()
    assert woken == []
    clock.advance(2.5)
    await hints._pass_on()
    assert woken == [KEY]


async def test_a_new_group_is_known_soon_however_long_reading_took() -> None:
    hints, clock, woken = _hints(nodes=2)
    store: Any = hints._hands.store
    store.there, store.answering = False, lambda: clock.advance(10)
    await hints._pass_on()
    store.there, store.answering = True, int
    hints.group_changed(*GROUP)
    clock.advance(2.5)
    await hints._pass_on()
    assert woken == [KEY]
