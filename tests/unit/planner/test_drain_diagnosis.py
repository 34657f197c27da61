"""Why a pod is still there: each reason by name, with its numbers and what helps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nodeyard.planner import drain
from nodeyard.planner.drain import Facts, Refusal
from nodeyard.ports import Blocked, Budget
from tests.unit.planner.test_drain import DRAIN, EARLIER, NODE, NOW, WEB

LIMIT = NOW + timedelta(minutes=15)
SAID = Blocked("Cannot evict pod as it would violate the pod's disruption budget.")
POD = replace(WEB, labels={"app": "web"})


def a_budget(**members: Any) -> Budget:
    defaults: dict[str, Any] = {
        "namespace": "shop",
        "name": "web",
        "selector": {"matchLabels": {"app": "web"}},
        "demand": "minAvailable 3",
        "expected": 4,
        "needs": 3,
        "healthy": 3,
        "allowed": 0,
        "min_available": "3",
    }
    return Budget(**(defaults | members))


def reason(budgets: tuple[Budget, ...], *others: Any, before: Any = ()) -> Any:
    facts = Facts(budgets={"shop": budgets}, pods={"shop": (POD, *others)})
    emptying = drain.look((POD,), NODE, NOW, DRAIN)
    (found,) = drain.explain(NODE, emptying, [Refusal(POD, SAID)], facts, before=before, limit=LIMIT, now=NOW)
    return found


OTHER = replace(POD, name="web-9", uid="u9", ready=False)


@pytest.mark.parametrize(
    ("budgets", "others", "code", "words"),
    [
        (
            (a_budget(expected=3),),
            (),
            "BudgetCanNeverBeMet",
            "with minAvailable 3 and 3 pods it never allows",
        ),
        ((a_budget(), a_budget(name="all")), (), "MultipleBudgets", "shop/all and shop/web"),
        (
            (a_budget(healthy=2),),
            (
                replace(
                    OTHER,
                    phase="Pending",
                    unschedulable_because="0/3 nodes are available: 3 Insufficient cpu.",
                ),
            ),
            "ReplacementUnschedulable",
            "no node takes shop/web-9: 0/3 nodes are available",
        ),
        ((a_budget(healthy=2),), (OTHER,), "PodsNotReady", "because shop/web-9 is not Ready"),
        ((a_budget(),), (), "BudgetExhausted", "shop/web needs 3 healthy pods and has 3"),
        ((), (), "EvictionRefused", "violate the pod's disruption budget"),
        ((a_budget(selector={"matchLabels": {"app": "api"}}),), (), "EvictionRefused", "cannot be evicted"),
    ],
)
def test_a_refused_eviction_is_explained(budgets: Any, others: Any, code: str, words: str) -> None:
    found = reason(budgets, *others)
    assert found.code == code
    assert words in found.sentence
    assert (found.pod, found.node, found.refusal, found.tries) == ("shop/web-1", NODE.name, SAID.message, 1)
    assert found.help


def test_many_pods_are_counted_after_three_names() -> None:
    others = [replace(OTHER, name=f"web-{n}", uid=str(n)) for n in range(10, 15)]
    found = reason((a_budget(healthy=2),), *others)
    assert "shop/web-10, shop/web-11, shop/web-12 and 2 more are not Ready" in found.sentence


def test_a_blocker_keeps_since_when_it_blocks_and_counts_the_tries() -> None:
    first = replace(reason((a_budget(),)), since=EARLIER, tries=4)
    again = reason((a_budget(),), before=(first,))
    assert (again.since, again.tries) == (EARLIER, 5)


def test_a_blocker_keeps_since_when_it_blocks_whatever_the_budget_says_now() -> None:
    """While replacements come and go the reason changes at every look; the pod is held all the time."""
    first = replace(reason((a_budget(healthy=2),), OTHER), since=EARLIER, tries=4)
    again = reason((a_budget(),), before=(first,))
    assert (first.code, again.code) == ("PodsNotReady", "BudgetExhausted")
    assert (again.since, again.tries) == (EARLIER, 5)


def test_a_blocker_tells_what_its_budget_needs_and_has() -> None:
    held = reason((a_budget(healthy=2),), OTHER)
    assert (held.needs, held.healthy) == (3, 2)
    two = reason((a_budget(), a_budget(name="all")))
    assert (two.needs, two.healthy) == (None, None)


@pytest.mark.parametrize(
    ("budget", "helps"),
    [
        (
            a_budget(expected=3),
            "scale the workload to 4 replicas, or lower minAvailable of shop/web to 2",
        ),
        (
            a_budget(expected=3, needs=5, healthy=3, min_available="5"),
            "scale the workload to 6 replicas, or lower minAvailable of shop/web to 2",
        ),
        (
            a_budget(expected=4, needs=4, healthy=4, min_available="90%", demand="minAvailable 90%"),
            "scale the workload to 10 replicas, or replace minAvailable 90% of shop/web by maxUnavailable 1",
        ),
        (
            a_budget(expected=4, needs=4, healthy=4, min_available="100%", demand="minAvailable 100%"),
            "replace minAvailable 100% of shop/web by maxUnavailable 1; more replicas do not help",
        ),
        (
            a_budget(expected=3, min_available=None, max_unavailable="0%", demand="maxUnavailable 0%"),
            "set maxUnavailable of shop/web to 1 or more; more replicas do not help",
        ),
    ],
)
def test_the_help_says_which_number_to_change_so_that_it_is_enough(budget: Budget, helps: str) -> None:
    found = reason((budget,))
    assert (found.code, found.help) == ("BudgetCanNeverBeMet", helps)


def test_a_pod_that_hangs_on_a_finalizer_or_outlasts_the_limit_blocks_too() -> None:
    stuck = replace(POD, terminating_since=EARLIER, finalizers=("x.io/hold",))
    slow = replace(POD, name="slow", terminating_since=LIMIT + timedelta(seconds=1))
    fine = replace(POD, name="fine", terminating_since=NOW + timedelta(seconds=5))
    emptying = drain.look((stuck, slow, fine), NODE, NOW, DRAIN)
    facts = Facts({}, {})
    found = drain.explain(NODE, emptying, [], facts, before=(), limit=LIMIT, now=NOW)
    assert [(each.pod, each.code) for each in found] == [
        ("shop/slow", "GraceBeyondLimit"),
        ("shop/web-1", "StuckOnFinalizer"),
    ]
    assert "kubectl -n shop patch pod web-1" in found[1].help


def test_a_pod_that_nothing_holds_is_named_all_the_same_when_time_is_up() -> None:
    blanket = replace(POD, tolerations=({"operator": "Exists"},))
    (plain,) = drain.unexplained(NODE, drain.look((POD,), NODE, NOW, DRAIN), NOW)
    (tolerant,) = drain.unexplained(NODE, drain.look((blanket,), NODE, NOW, DRAIN), NOW)
    assert (plain.code, plain.pod, plain.node) == ("StillThere", "shop/web-1", NODE.name)
    assert tolerant.code == "ToleratesEverything" and "start it on" in tolerant.sentence
    assert plain.help and tolerant.help
