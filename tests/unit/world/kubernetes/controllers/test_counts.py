"""What controllers count instead of looking again: after any changes it is what a fresh look gives."""

from __future__ import annotations

import random
from typing import Any

import pytest

from nodeyard.drivers.system.ids import SeededIds
from nodeyard.world.kubernetes.controllers.budget_counts import BudgetCounts
from nodeyard.world.kubernetes.controllers.node_index import NodeIndex
from nodeyard.world.kubernetes.controllers.selection import Selection
from nodeyard.world.kubernetes.store import Change, Store
from tests.fakes import FakeClock
from tests.unit.world.kubernetes.controllers.cluster import Yard
from tests.unit.world.kubernetes.controllers.shapes import a_node

Obj = dict[str, Any]

BUDGETS = "poddisruptionbudgets.policy"
APPS = ("web", "db", "")


def _pod(chance: random.Random, number: int) -> Obj:
    app = chance.choice(APPS)
    labels = {"app": app} if app else {"tier": "front"}
    meta: Obj = {"name": f"p{number}", "namespace": "default", "uid": f"{chance.random()}", "labels": labels}
    owner = chance.choice(("web", "db", None))
    if owner is not None:
        reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": owner}
        meta["ownerReferences"] = [{**reference, "controller": True}]
    if chance.random() < 0.2:
        meta["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    ready = {"type": "Ready", "status": chance.choice(("True", "False"))}
    phase = chance.choice(("Running", "Running", "Running", "Succeeded"))
    return {"metadata": meta, "spec": {}, "status": {"phase": phase, "conditions": [ready]}}


def _budget(chance: random.Random, name: str) -> Obj:
    selectors: list[Obj | None] = [
        {"matchLabels": {"app": "web"}},
        {"matchLabels": {"app": "db"}},
        {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
        {},
        None,
    ]
    meta = {"name": name, "namespace": "default"}
    return {"metadata": meta, "spec": {"selector": chance.choice(selectors)}}


@pytest.mark.parametrize("seed", range(10))
def test_pods_of_budgets_are_counted_as_a_fresh_count_does(seed: int) -> None:
    chance, store = random.Random(seed), Store(FakeClock(), SeededIds(7))
    counts = BudgetCounts(store)

    def heard(change: Change) -> None:
        if change.resource == BUDGETS:
            counts.budget(change)
        elif change.resource == "pods":
            counts.pod(change)

    store.listen(heard)
    places = [("default", name) for name in ("one", "two", "three")]
    for step in range(200):
        number = chance.randrange(12)
        if chance.random() < 0.1:
            store.put(BUDGETS, _budget(chance, chance.choice(places)[1]))
        elif chance.random() < 0.2:
            store.remove("pods", "default", f"p{number}")
        else:
            store.put("pods", _pod(chance, number))
        if step % 7:
            continue
        fresh = BudgetCounts(store)
        for budget in store.list(BUDGETS):
            fresh.budget(Change("ADDED", BUDGETS, budget, 1))
        for place in places:
            kept, now = counts.of(place), fresh.of(place)
            assert (kept.pods, kept.healthy, kept.owners) == (now.pods, now.healthy, now.owners)


def test_ready_pods_of_a_replica_set_are_counted_until_they_go() -> None:
    yard = Yard()
    yard.node("n1")
    labels = {"app": "web"}
    spec = {"containers": [{"name": "web", "image": "web"}]}
    body: Obj = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"}}
    template = {"metadata": {"labels": labels}, "spec": spec}
    body["spec"] = {"replicas": 3, "selector": {"matchLabels": labels}, "template": template}
    yard.api.create("replicasets.apps", "default", body)
    yard.settle()
    status = yard.store.get("replicasets.apps", "default", "web")
    assert status is not None and status["status"]["readyReplicas"] == 3
    pod = yard.store.list("pods", "default")[0]
    yard.api.delete("pods", "default", pod["metadata"]["name"], grace_s=600)
    yard.controllers.step()
    found = yard.store.get("replicasets.apps", "default", "web")
    assert found is not None and found["status"]["replicas"] == 3
    assert found["status"]["readyReplicas"] == 2
    # One that no longer names its owner is the set's no more.
    other = yard.store.list("pods", "default")[-1]
    meta = {key: value for key, value in other["metadata"].items() if key != "ownerReferences"}
    yard.store.put("pods", {**other, "metadata": meta})
    yard.store.put("replicasets.apps", {**found, "spec": {**found["spec"], "minReadySeconds": 1}})
    yard.settle()
    again = yard.store.get("replicasets.apps", "default", "web")
    assert again is not None and again["status"]["readyReplicas"] == 3
    owned = [each for each in yard.store.list("pods", "default") if each["metadata"].get("ownerReferences")]
    assert len(owned) == 3


@pytest.mark.parametrize("seed", range(10))
def test_nodes_come_in_the_same_order_whatever_is_left_out(seed: int) -> None:
    chance, index = random.Random(seed), NodeIndex()
    names = [f"n{number}" for number in range(20)]
    for name in names:
        index.changed(Change("ADDED", "nodes", a_node(name, "a"), 1))
    selection = Selection({}, index.nodes)
    selection.advance(chance.randrange(20))
    whole = [info.name for _, info in selection.rotated()]
    assert sorted(whole) == sorted(names)
    out = frozenset(chance.sample(names, chance.randrange(20)))
    some = [(place, info.name) for place, info in selection.rotated(out)]
    assert some == [(place, name) for place, name in enumerate(whole) if name not in out]
