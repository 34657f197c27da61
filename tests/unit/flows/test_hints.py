"""Hints: bursts become few wake-ups, none is lost."""

from __future__ import annotations

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

    async def all_clusters(self) -> tuple[Any, ...]:
        return (SimpleNamespace(scope=SCOPE, name="prod", status=ClusterStatus.ACTIVE),)

    async def nodegroups(self, scope: Scope, cluster: str) -> tuple[Any, ...]:
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
