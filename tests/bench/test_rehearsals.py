"""How long one rehearsal takes in a large cluster, and how much memory it needs."""

from __future__ import annotations

import resource
import time

import pytest

from nodeyard.model.nodegroup import UpdateConfig
from nodeyard.rehearse.group import select
from nodeyard.rehearse.objects import prepare
from nodeyard.rehearse.plan import Request
from nodeyard.rehearse.play import play
from tests.bench.figures import Figure, Figures
from tests.unit.rehearse.clusters import Cluster

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

GROUP, PARALLEL = 20, 5


def large_cluster(nodes: int, pods: int, group: int) -> Cluster:
    """Return a cluster of many nodes in three zones, `group` of them in group blue, its pods in hundreds."""
    cluster = Cluster()
    for number in range(nodes):
        name = "blue" if number < group else "green"
        cluster.node(f"n{number}", f"eu-west-1{'abc'[number % 3]}", name, cpu="15890m")
    for space in ("kube-system", "shop"):
        cluster.add("Namespace", space)
    cluster.daemonset("aws-node")
    for number in range((pods - nodes) // 100):
        homes: list[str | None] = [f"n{(number * 100 + each) % nodes}" for each in range(100)]
        cluster.deployment(f"app{number}", homes)
        cluster.budget(f"app{number}", maxUnavailable="10%")
    return cluster


@pytest.mark.parametrize(
    ("nodes", "pods", "bar_s"), [(1_000, 30_000, 5.0), (5_000, 50_000, 30.0)], ids=["1,000", "5,000"]
)
def test_one_run_of_a_large_cluster(nodes: int, pods: int, bar_s: float, figures: Figures) -> None:
    snapshot = large_cluster(nodes, pods, GROUP).snapshot()
    group, prepared = select(snapshot, "blue"), prepare(snapshot)
    request = Request("blue", UpdateConfig(max_unavailable=PARALLEL), runs=1)
    began = time.process_time()
    run = play(snapshot, prepared, group, request)
    took = time.process_time() - began
    assert run.succeeded, run.because
    conditions = f"{nodes:,} nodes, {pods:,} pods, {GROUP} nodes replaced {PARALLEL} at a time, one processor"
    figures.add(Figure("one rehearsal", took, "s", conditions, bar=bar_s))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    figures.add(Figure("memory of a rehearsal", peak, "GiB", conditions, bar=1.0 if nodes == 5_000 else None))
