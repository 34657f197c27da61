"""How many calls of DescribeNodegroup are answered, beside moto_server, and how soon while groups update."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from tests.bench.figures import Figure, Figures, percentile
from tests.bench.loading import Caller, Crowd, cpu_s, until_answering
from tests.bench.test_start import SIGNED
from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

ROUNDS, CALLS, MOTO_CALLS = 5, 1000, 100
CONNECTIONS, CROWD_S = 8, 2.0
TIMES_AS_MANY = 20.0
GROUPS, RATE, SECONDS = 100, 200.0, 20.0
P99_MS = 25.0
OLD = "1.34"


@contextmanager
def _moto_server() -> Iterator[tuple[str, int]]:
    """Run moto_server with one node group; give its endpoint and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until_answering(port)
        endpoint = f"http://127.0.0.1:{port}"
        eks = boto3.client(
            "eks",
            region_name=REGION,
            endpoint_url=endpoint,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="any",
        )
        role = f"arn:aws-cn:iam::{ACCOUNT}:role/eks"
        eks.create_cluster(name=yard.CLUSTER, roleArn=role, resourcesVpcConfig={"subnetIds": []})
        eks.create_nodegroup(
            clusterName=yard.CLUSTER, nodegroupName="two", subnets=yard.SUBNETS, nodeRole=yard.ROLE
        )
        yield endpoint, process.pid
    finally:
        process.kill()
        process.wait()


def test_describe_nodegroup_beside_moto_server(tmp_path: Path, figures: Figures) -> None:
    service = Service(tmp_path)
    service.start("--speed", "200")
    yard.a_cluster(service)
    yard.a_group(service, "two", 2)
    service.until(lambda: yard.status(service, "two") == "ACTIVE")
    service.stop()
    service.start("--speed", "1")  # at 200 its machines have more to do than it has
    assert service.process is not None
    path = f"/clusters/{yard.CLUSTER}/node-groups/two"
    ours: list[float] = []
    theirs: list[float] = []
    with _moto_server() as (endpoint, pid):
        us, them = Caller(service.endpoint, path, SIGNED), Caller(endpoint, path, SIGNED)
        assert json.loads(us.call())["nodegroup"]["nodegroupName"] == "two"
        assert json.loads(them.call())["nodegroup"]["nodegroupName"] == "two"
        our_cpu, their_cpu = -cpu_s(service.process.pid), -cpu_s(pid)
        for _ in range(ROUNDS):  # in turns, so that both meet the same machine
            ours += us.timed(CALLS)
            theirs += them.timed(MOTO_CALLS)
        our_cpu, their_cpu = our_cpu + cpu_s(service.process.pid), their_cpu + cpu_s(pid)
        us.close()
        them.close()
        _crowded(us, them, figures)
    service.kill()
    conditions = f"{len(ours):,} calls over one connection that is kept alive, nodeyard up"
    rate, moto = len(ours) / sum(ours), len(theirs) / sum(theirs)
    figures.add(Figure("DescribeNodegroup", rate, "calls/s", conditions))
    figures.add(Figure("DescribeNodegroup p50", 1000 * percentile(ours, 0.5), "ms", "the same calls"))
    figures.add(Figure("DescribeNodegroup p99", 1000 * percentile(ours, 0.99), "ms", "the same calls"))
    figures.add(
        Figure("DescribeNodegroup of moto_server", moto, "calls/s", f"{len(theirs):,} in turns with ours")
    )
    times = Figure("as many calls as moto_server, one connection", rate / moto, "times", "the same")
    figures.add(replace(times, bar=TIMES_AS_MANY, at_least=True))
    for whose, cpu, calls in (("", our_cpu, len(ours)), (" of moto_server", their_cpu, len(theirs))):
        what = f"processor time of a DescribeNodegroup{whose}"
        figures.add(Figure(what, 1000 * cpu / calls, "ms", "the same calls"))
    saved = (their_cpu / len(theirs)) / (our_cpu / len(ours))
    figures.add(Figure("less processor time a call than moto_server", saved, "times", "the same calls"))


def _crowded(us: Caller, them: Caller, figures: Figures) -> None:
    """Have several connections ask at once, which is what a rate is: over one, it is a delay."""
    ours, theirs = Crowd(us, CONNECTIONS), Crowd(them, CONNECTIONS)
    counts = [0.0, 0.0, 0.0, 0.0]
    for _ in range(ROUNDS):
        each = *ours.counted(CROWD_S), *theirs.counted(CROWD_S)
        counts = [before + more for before, more in zip(counts, each, strict=True)]
    rate, moto = counts[0] / counts[1], counts[2] / counts[3]
    conditions = f"{CONNECTIONS} connections that are kept alive, {counts[0]:,.0f} calls, nodeyard up"
    figures.add(Figure("DescribeNodegroup, several connections", rate, "calls/s", conditions))
    conditions = f"{CONNECTIONS} connections, {counts[2]:,.0f} calls in turns with ours"
    figures.add(Figure("the same of moto_server", moto, "calls/s", conditions))
    figures.add(Figure("as many calls as moto_server", rate / moto, "times", "the same", TIMES_AS_MANY, True))
    figures.add(Figure("the client's own share", 100 * ours.busy_s / counts[1], "%", "of one processor"))


def test_describe_nodegroup_while_a_hundred_groups_update(tmp_path: Path, figures: Figures) -> None:
    service = Service(tmp_path)
    service.start("--speed", "100", "--quota", f"nodegroups-per-cluster={2 * GROUPS}")
    yard.a_cluster(service, OLD)
    names = [f"group-{number}" for number in range(GROUPS)]
    for name in names:
        yard.a_group(service, name, 1, releaseVersion=_old_release())
    service.until(lambda: yard.status(service, names[-1]) == "ACTIVE", limit_s=400)
    service.until(
        lambda: all(yard.status(service, name) == "ACTIVE" for name in names), limit_s=400, every_s=5
    )
    service.stop()
    service.start("--speed", "1")
    eks = service.client("eks")
    for name in names:
        eks.update_nodegroup_version(clusterName=yard.CLUSTER, nodegroupName=name)
    caller = Caller(service.endpoint, f"/clusters/{yard.CLUSTER}/node-groups/{names[0]}", SIGNED)
    took = caller.paced(RATE, SECONDS)
    still = sum(yard.status(service, name) == "UPDATING" for name in names)
    caller.close()
    service.kill()
    conditions = f"{RATE:g} calls/s for {SECONDS:g} s while {still} groups update, nodeyard up"
    for share, bar in ((0.5, None), (0.99, P99_MS)):
        name = f"DescribeNodegroup p{100 * share:.0f} under load"
        figures.add(Figure(name, 1000 * percentile(took, share), "ms", conditions, bar))


def _old_release() -> str:
    from nodeyard import catalog

    return catalog.default().releases("AL2023_x86_64_STANDARD", OLD)[0].release_version
