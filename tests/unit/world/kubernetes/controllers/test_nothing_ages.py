"""Nothing in a cluster ages while its process does not run."""

from __future__ import annotations

from nodeyard.model.standstill import Pause, Standstill
from nodeyard.world.kubernetes.controllers import Controllers
from tests.unit.world.kubernetes.controllers.cluster import Yard

HOUR = 3600.0


def _restarted(yard: Yard, after: float) -> None:
    """Let a process end and another begin later on the same store."""
    ended = yard.clock.now()
    yard.clock.advance(after)
    earlier = yard.store.standstill.pauses
    yard.store.standstill = Standstill((*earlier, Pause(ended, yard.clock.now())))
    yard.controllers = Controllers(yard.api, yard.store, yard.clock, yard.ids)


def _unreachable(yard: Yard) -> bool:
    return any(
        taint["key"] == "node.kubernetes.io/unreachable"
        for taint in yard.api.get("nodes", None, "node-1")["spec"].get("taints") or ()
    )


def test_a_kubelet_that_fell_silent_is_given_its_whole_time_over_a_restart() -> None:
    yard = Yard()
    yard.node("node-1", kubelet=True)
    yard.settle(5)
    yard.silence("node-1")
    yard.settle(10)
    _restarted(yard, HOUR)
    yard.settle(20)
    assert not _unreachable(yard)
    yard.settle(30)
    assert _unreachable(yard)


def test_pods_are_not_evicted_because_of_time_in_which_nothing_ran() -> None:
    yard = Yard()
    yard.node("node-1", kubelet=True)
    toleration = {
        "key": "node.kubernetes.io/unreachable",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    }
    yard.deployment("web", 1, hostNetwork=True, tolerations=[toleration])
    yard.settle(30)
    yard.silence("node-1")
    yard.settle(100)
    for _ in range(2):  # two pauses, so that the first still counts at the second
        _restarted(yard, HOUR)
        yard.settle(60)
        assert [pod["metadata"].get("deletionTimestamp") for pod in yard.pods()] == [None]
    yard.settle(300)
    assert any(pod["metadata"].get("deletionTimestamp") for pod in yard.pods())
