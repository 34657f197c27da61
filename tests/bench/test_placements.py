"""How many pods a second find their node in a large cluster, by the rules they carry."""

from __future__ import annotations

import time

import pytest

from tests.bench.figures import Figure, Figures
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

NODES, RUNNING, PLACED, APPS = 5_000, 40_000, 2_000, 40
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
    began = time.process_time()
    for number in range(PLACED):
        app = f"a{number % APPS}"
        selector = {"matchLabels": {"app": app}}
        pod = a_pod(f"new{number}", cpu="250m", labels={"app": app}, **_rules(kind, selector))
        node = picture.decider.decide(pod, default_selector=selector).node
        assert node is not None
        picture.run(pod, node)
    rate = PLACED / (time.process_time() - began)
    conditions = f"{NODES:,} nodes, {RUNNING:,} pods, {APPS} workloads, one processor"
    name = f"placements a second, {kind}"
    figures.add(Figure(name, rate, "/s", conditions, bar=BAR_PER_S, at_least=True))
