"""How many pods a second find their node in a large cluster, by the rules they carry."""

from __future__ import annotations

import statistics
import time

import pytest

from nodeyard.drivers.system.ids import SeededIds
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers import Controllers
from nodeyard.world.kubernetes.controllers.scheduler import Scheduler
from nodeyard.world.kubernetes.store import Store
from tests.bench.figures import Figure, Figures
from tests.fakes import FakeClock
from tests.unit.world.kubernetes.controllers.shapes import (
    HOST,
    ZONE,
    Obj,
    Picture,
    a_node,
    a_pod,
    required,
    term,
)

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]

NODES, RUNNING, APPS = 5_000, 40_000, 40
PARTS, PLACED = 5, 400
"""Placements are timed in parts, for on a machine that others use too one part may have been slow."""
BAR_PER_S = 1_000.0


def _spread(key: str, selector: Obj) -> Obj:
    rule = {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "DoNotSchedule"}
    return {"topologySpreadConstraints": [{**rule, "labelSelector": selector}]}


def _rules(kind: str, selector: Obj) -> Obj:
    if kind == "spread over zones":
        return _spread(ZONE, selector)
    if kind == "spread over nodes":
        return _spread(HOST, selector)
    if kind == "kept apart":
        return {"affinity": required("podAntiAffinity", {**term(HOST), "labelSelector": selector})}
    return {}


def _full_cluster() -> Picture:
    picture = Picture(*(a_node(f"n{number}", "abc"[number % 3], cpu="16") for number in range(NODES)))
    for number in range(RUNNING):
        pod = a_pod(f"old{number}", cpu="500m", labels={"app": f"a{number % 400}"})
        picture.run(pod, f"n{number % NODES}")
    return picture


@pytest.mark.parametrize("kind", ["without rules", "spread over zones", "spread over nodes", "kept apart"])
def test_pods_find_their_nodes(kind: str, figures: Figures) -> None:
    picture = _full_cluster()
    # A node of these takes ten pods; eight run there.
    rates = []
    for part in range(PARTS):
        began = time.process_time()
        for number in range(part * PLACED, (part + 1) * PLACED):
            app = f"a{number % APPS}"
            selector = {"matchLabels": {"app": app}}
            pod = a_pod(f"new{number}", cpu="250m", labels={"app": app}, **_rules(kind, selector))
            node = picture.decider.decide(pod, default_selector=selector).node
            assert node is not None
            picture.run(pod, node)
        rates.append(PLACED / (time.process_time() - began))
    name = f"placements a second, {kind}"
    figures.add(
        Figure(name, statistics.median(rates), "/s", _conditions(rates), bar=BAR_PER_S, at_least=True)
    )


def test_the_scheduler_binds_pods_with_all_that_comes_with_it(figures: Figures) -> None:
    clock, ids = FakeClock(), SeededIds(7)
    store = Store(clock, ids)
    for number in range(NODES):
        store.put("nodes", a_node(f"n{number}", "abc"[number % 3], cpu="16"))
    for number in range(RUNNING):
        pod = a_pod(f"old{number}", cpu="500m", labels={"app": f"a{number % 400}"})
        store.put("pods", {**pod, "spec": {**pod["spec"], "nodeName": f"n{number % NODES}"}})
    for number in range(APPS):
        name = f"a{number}"
        spec = {"selector": {"matchLabels": {"app": name}}}
        store.put("replicasets.apps", {"metadata": {"name": name, "namespace": "default"}, "spec": spec})
    controllers = Controllers(Api(store, clock, ids), store, clock, ids, [Scheduler])
    rates = []
    for part in range(PARTS):
        names = [f"new{number}" for number in range(part * PLACED, (part + 1) * PLACED)]
        for number, name in enumerate(names):
            store.put("pods", _owned(a_pod(name, cpu="250m", labels={"app": f"a{number % APPS}"})))
        began = time.process_time()
        controllers.step(limit=2 * PLACED)
        rates.append(PLACED / (time.process_time() - began))
        for name in names:
            bound = store.get("pods", "default", name)
            assert bound is not None and bound["spec"].get("nodeName"), name
    name = "placements a second, bound in the store with an event each"
    figures.add(
        Figure(name, statistics.median(rates), "/s", _conditions(rates), bar=BAR_PER_S, at_least=True)
    )


def _owned(pod: Obj) -> Obj:
    """Return a pod of the ReplicaSet that its label names."""
    name = pod["metadata"]["labels"]["app"]
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": name, "controller": True}
    return {**pod, "metadata": {**pod["metadata"], "ownerReferences": [owner]}}


def _conditions(rates: list[float]) -> str:
    """Say how the figures were made; parts that differ widely tell of a processor that was shared."""
    return (
        f"{NODES:,} nodes, {RUNNING:,} pods, {APPS} workloads, one processor; median of {PARTS} parts of "
        f"{PLACED:,} pods, from {min(rates):,.0f} to {max(rates):,.0f}"
    )
