"""What holds many pods, told so that it is true of each of them."""

from __future__ import annotations

from nodeyard.model.drain import Blocker
from nodeyard.planner.rollout.summary import summed_up
from tests.nouns import a_blocker


def held(pod: str, budget: str) -> Blocker:
    return a_blocker(pod=f"shop/{pod}", budget=budget, sentence=f"{pod} stays", node="n", help="wait")


def test_each_budget_is_told_before_another_pod_of_the_same() -> None:
    said = summed_up([held("a-1", "shop/a"), held("a-2", "shop/a"), held("b-1", "shop/b")])
    assert said == "; ".join(f"{pod} stays (node n; help: wait)" for pod in ("a-1", "b-1", "a-2"))


def test_of_the_pods_that_are_only_counted_no_budget_is_said_to_hold_those_of_another() -> None:
    named = [held("a-1", "shop/a"), held("b-1", "shop/b"), held("c-1", "shop/c")]
    alike = summed_up([*named, held("d-1", "shop/d"), held("d-2", "shop/d")])
    assert alike.endswith("; and 2 pods more, held by PodDisruptionBudget shop/d")
    mixed = summed_up([*named, held("d-1", "shop/d"), held("a-2", "shop/a")])
    assert mixed.endswith("; and 2 pods more, some of them held by PodDisruptionBudget shop/d")
