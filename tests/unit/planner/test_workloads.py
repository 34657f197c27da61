"""What runs in a cluster and what a drain would meet, owner by owner."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from nodeyard.planner.launch_template import LABEL_NODEGROUP
from nodeyard.planner.workloads import workloads
from tests.unit.planner.test_drain import NODE, NOW, WEB
from tests.unit.planner.test_drain_diagnosis import a_budget

PLACE = replace(NODE, labels={**NODE.labels, LABEL_NODEGROUP: "blue"})
POD = replace(
    WEB,
    node=NODE.name,
    labels={"app": "web", "pod-template-hash": "5d4f"},
    owner_kind="ReplicaSet",
    owner_name="web-5d4f",
)


def only(*pods: Any, budgets: Any = ()) -> Any:
    (found,) = workloads([PLACE], pods, budgets, NOW)
    return found


def test_pods_of_a_replica_set_are_told_as_their_deployment() -> None:
    found = only(POD, replace(POD, name="web-2", uid="u2", ready=False, node=""))
    assert (found.kind, found.name, found.pods, found.ready, found.nodes) == ("Deployment", "web", 2, 1, 1)
    assert found.nodegroups == ("blue",)
    assert (found.drain, found.obstacles) == ("LEAVES", ())


def test_a_replica_set_of_its_own_keeps_its_name() -> None:
    found = only(replace(POD, labels={"app": "web"}))
    assert (found.kind, found.name) == ("ReplicaSet", "web-5d4f")


def test_a_budget_that_allows_nothing_holds_a_drain_and_says_what_helps() -> None:
    found = only(POD, budgets=[a_budget(expected=3)])
    assert found.drain == "HELD"
    (obstacle,) = found.obstacles
    assert obstacle.code == "BudgetCanNeverBeMet" and "shop/web" in obstacle.sentence and obstacle.help


def test_a_budget_that_allows_an_eviction_holds_nothing() -> None:
    found = only(POD, budgets=[a_budget(allowed=1, healthy=4)])
    assert (found.drain, len(found.budgets)) == ("LEAVES", 1)


def test_a_pod_that_another_workload_leaves_unready_is_named() -> None:
    other = replace(POD, name="more-1", uid="u3", owner_name="more-1a", ready=False, labels={"app": "web"})
    found = workloads([PLACE], [POD, other], [a_budget(healthy=2)], NOW)
    sentences = [each.obstacles[0].sentence for each in found]
    assert all("shop/more-1 is not Ready" in each for each in sentences)


def test_a_daemon_set_stays() -> None:
    found = only(replace(POD, owner_kind="DaemonSet", owner_name="proxy"), budgets=[a_budget()])
    assert (found.kind, found.drain, found.obstacles) == ("DaemonSet", "STAYS", ())


def test_a_pod_that_nothing_owns_is_lost_and_that_is_said() -> None:
    found = only(replace(POD, owner_kind=None, owner_name=None))
    assert (found.kind, found.drain) == ("Pod", "LEAVES")
    assert [each.code for each in found.obstacles] == ["UnmanagedPod"]


def test_thirty_thousand_pods_under_a_thousand_budgets_cost_a_look_each() -> None:
    """A pod times a budget would be thirty million looks, which take more than this limit."""
    pods = [
        replace(POD, name=f"a{n}-{m}", owner_name=f"a{n}-5d4f", labels={**POD.labels, "app": f"a{n}"})
        for n in range(1000)
        for m in range(30)
    ]
    budgets = [a_budget(name=f"a{n}", selector={"matchLabels": {"app": f"a{n}"}}) for n in range(1000)]
    began = time.process_time()
    found = workloads([PLACE], pods, budgets, NOW)
    assert time.process_time() - began < 10
    assert [each.drain for each in found] == ["HELD"] * 1000
