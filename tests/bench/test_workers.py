"""What a worker of `nodeyard serve` costs: asleep, awake, and with very many groups that update at once.

Real processes on a real PostgreSQL. Of the many groups the account and the clusters are the embedded ones,
in a process of their own; the worker reaches them as it would AWS: by boto3 and by HTTPS.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import botocore.config
import pytest

from nodeyard import catalog
from nodeyard.drivers.store import SqlStore
from nodeyard.drivers.system import RealClock, SeededIds
from nodeyard.engine.runner import Engine, Next, Work
from nodeyard.flows import keys
from nodeyard.ports import Changes
from tests.bench.figures import Figure, Figures, percentile
from tests.bench.loading import cpu_s, memory_mb
from tests.e2e import yard
from tests.e2e.service import Service, running
from tests.e2e.serving import Process, Yard
from tests.nouns import SCOPE, a_cluster, a_nodegroup
from tests.postgres import Postgres

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

SLEEPING, ASLEEP_S, ASLEEP_SHARE = 10_000, 20.0, 2.0
WAKES, WAKE_P99_MS = 300, 500.0
TAKE_OVERS, TAKE_OVER_S = 5, 10.0
GROUPS = int(os.environ.get("NODEYARD_BENCH_GROUPS", "1000"))
WATCHED_S, CORES, MEMORY_MB = 60.0, 1.0, 500.0
OLD = catalog.default().releases("AL2_x86_64", "1.14")[0].release_version
POOL = botocore.config.Config(max_pool_connections=8, read_timeout=300)

FORGETFUL = """
from nodeyard.world.aws.moto_state import MotoState
MotoState.keep = lambda *_: None
from nodeyard.cli import main
main()
"""
"""An embedded AWS that keeps nothing on disk: with a thousand groups it would do little else."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Service]:
    with running(tmp_path, "--speed", "100") as made:
        yield made


async def _asleep(url: str, postgres: Postgres) -> None:
    """Write very many groups that sleep for a while: one by the store, the others as its copies."""
    clock = RealClock()
    store = SqlStore(url, clock)
    await store.open()
    group = a_nodegroup(name="group-0")
    wake = keys.of_nodegroup(SCOPE, "prod", group.name), clock.now() + timedelta(minutes=20)
    await store.commit(Changes(put=(a_cluster(), group), wake=(wake,)))
    await store.close()
    copies = f"generate_series(1, {SLEEPING - 1}) n"
    named = "replace(document, 'group-0', 'group-' || n)"
    database = url.rpartition("/")[2]
    postgres.sql(
        f"insert into nodegroup select account, region, cluster, 'group-' || n, revision, {named} "
        f"from nodegroup, {copies}",
        database,
    )
    postgres.sql(
        "insert into reconcile (key, wake_at, lease_token, lease_until, attempts, bugs) "
        f"select replace(key, 'group-0', 'group-' || n), wake_at, 0, 0, 0, 0 from reconcile, {copies}",
        database,
    )


def test_ten_thousand_sleeping_operations(
    tmp_path: Path, figures: Figures, postgres: Postgres, world: Service
) -> None:
    url = postgres.new_database()
    asyncio.run(_asleep(url, postgres))
    worker = Process((tmp_path, "worker"), "worker", url, world, direct=True)
    pid, pause = worker.popen.pid, world.until
    settled = time.monotonic() + 10  # what is done once at a start is no sleep
    pause(lambda: time.monotonic() > settled)
    began, used = time.monotonic(), cpu_s(pid)
    pause(lambda: time.monotonic() > began + ASLEEP_S)
    share = 100 * (cpu_s(pid) - used) / (time.monotonic() - began)
    conditions = f"{SLEEPING:,} node groups asleep, one worker on PostgreSQL, {ASLEEP_S:g} s"
    figures.add(Figure("processor, asleep", share, "%", conditions, ASLEEP_SHARE))
    figures.add(Figure("memory, asleep", memory_mb(pid), "MB", "the same"))
    worker.end()


async def _wakes(url: str) -> list[float]:
    """Return how long after its commit each wake was acted on in another process' store. Units: seconds."""
    clock, begun = RealClock(), dict[str, float]()
    there, here = SqlStore(url, clock), SqlStore(url, clock)
    await there.open()
    await here.open()
    arrived = asyncio.Event()

    async def handler(work: Work) -> Next:
        begun[work.key] = time.perf_counter()
        arrived.set()
        return Next(at=None, forget=True)

    engine = Engine(there, clock, SeededIds(1), handler)
    there.on_wake(engine.wake)
    task = asyncio.create_task(engine.run())
    took = []
    for number in range(WAKES):
        key, arrived = f"wake-{number}", asyncio.Event()
        told = time.perf_counter()
        await here.commit(Changes(wake=((key, clock.now()),)))
        while key not in begun:
            await arrived.wait()
        took.append(begun[key] - told)
    await engine.stop()
    await task
    await there.close()
    await here.close()
    return took


def test_from_a_wake_to_the_action(figures: Figures, postgres: Postgres) -> None:
    url = postgres.new_database()
    asyncio.run(_asleep(url, postgres))
    took = asyncio.run(_wakes(url))
    conditions = f"{WAKES} wakes told by another connection, {SLEEPING:,} operations asleep, PostgreSQL"
    figures.add(Figure("wake to action p50", 1000 * percentile(took, 0.5), "ms", conditions))
    figures.add(Figure("wake to action p99", 1000 * percentile(took, 0.99), "ms", conditions, WAKE_P99_MS))


def test_taking_over_from_a_killed_worker(
    tmp_path: Path, figures: Figures, postgres: Postgres, world: Service
) -> None:
    served = Yard(tmp_path, postgres, world)
    try:
        first = served.process("worker")
        served.cluster()
        first.end()
        took = [_taken_over(served, f"group-{number}") for number in range(TAKE_OVERS)]
    finally:
        served.end()
    conditions = f"the slowest of {TAKE_OVERS}, each killed in the middle of a creation"
    figures.add(Figure("take-over", max(took), "s", conditions, TAKE_OVER_S))


def _taken_over(served: Yard, name: str) -> float:
    """Kill a worker in the middle of a pass; return after how long another one went on with its group."""
    first = served.process("worker")
    reached, go_on = threading.Event(), threading.Event()

    def hold(call: str, answered: bool) -> None:
        if call == "CreateLaunchTemplate" and answered:
            reached.set()
            go_on.wait(120)

    first.proxy.at = hold
    served.group(name, 0)
    served.until(reached.is_set)
    second = served.process("worker")
    before = len(second.proxy.acts())
    first.signal(signal.SIGKILL)
    killed = time.monotonic()
    served.until(lambda: len(second.proxy.acts()) > before)
    took = time.monotonic() - killed
    go_on.set()
    served.until(lambda: served.status(name) == "ACTIVE")
    second.end()
    return took


def test_very_many_groups_that_update_at_once(tmp_path: Path, figures: Figures, postgres: Postgres) -> None:
    world = Service(tmp_path, program=("-c", FORGETFUL))
    world.start("--speed", "1")
    more = ("--speed", "1", "--quota", f"nodegroups-per-cluster={GROUPS}")
    served = Yard(tmp_path, postgres, world)
    try:
        api, worker = (served.process(role, flags_too=more, direct=True) for role in ("api", "worker"))
        served.cluster()
        eks, names = api.eks(POOL), [f"group-{number}" for number in range(GROUPS)]
        config = {"updateStrategy": "MINIMAL", "maxUnavailable": 1}
        with ThreadPoolExecutor(4) as pool:
            made = partial(served.group, desired=1, eks=eks, releaseVersion=OLD, updateConfig=config)
            list(pool.map(made, names))
            served.until(lambda: len(_of(served, "ACTIVE")) == GROUPS, limit_s=2400)
            _hold_every_node(world)
            named = ({"clusterName": yard.CLUSTER, "nodegroupName": name} for name in names)
            list(pool.map(lambda each: eks.update_nodegroup_version(**each), named))
        _watch(worker, served, figures)
    finally:
        served.end()
        world.kill()


def _of(served: Yard, status: str) -> list[str]:
    """Return a line for each group of a status; asked of the database, which costs the processes nothing."""
    return served.sql(f"select name from nodegroup where document like '%\"{status}\"%'").splitlines()


def _hold_every_node(world: Service) -> None:
    """Put a pod on every node that nobody may evict: each update waits for it, and tries again."""
    labels = {"app": "web"}
    container = {"name": "web", "image": "nginx", "ports": [{"containerPort": 80, "hostPort": 80}]}
    spec = {
        "replicas": GROUPS,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    }
    web = {"metadata": {"name": "web"}, "spec": spec}
    budget = {"metadata": {"name": "web"}, "spec": {"maxUnavailable": 0, "selector": {"matchLabels": labels}}}
    yard.kubernetes(world, "POST", "/apis/apps/v1/namespaces/default/deployments", web)
    yard.kubernetes(world, "POST", yard.BUDGETS, budget)
    path = "/apis/apps/v1/namespaces/default/deployments/web"

    def on_all() -> bool:
        return bool(yard.kubernetes(world, "GET", path)["status"].get("readyReplicas") == GROUPS)

    world.until(on_all, limit_s=900, every_s=2)


def _watch(worker: Process, served: Yard, figures: Figures) -> None:
    pid = worker.popen.pid
    runs = "select coalesce(sum(lease_token), 0) from reconcile"
    began, used, before = time.monotonic(), cpu_s(pid), int(served.sql(runs))
    served.until(lambda: time.monotonic() > began + WATCHED_S, limit_s=2 * WATCHED_S)
    passed = time.monotonic() - began
    cores, passes = (cpu_s(pid) - used) / passed, (int(served.sql(runs)) - before) / passed
    updating = len(_of(served, "UPDATING"))
    conditions = (
        f"{updating:,} of {GROUPS:,} groups UPDATING, all held up by a budget, one worker, {passed:.0f} s"
    )
    figures.add(Figure("groups that update at once: processors", cores, "cores", conditions, CORES))
    figures.add(Figure("groups that update at once: memory", memory_mb(pid), "MB", conditions, MEMORY_MB))
    figures.add(Figure("groups that update at once: passes", passes, "a second", conditions))
