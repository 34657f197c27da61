"""How many calls of DescribeNodegroup are answered, beside moto_server, and how soon while groups update."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from nodeyard import catalog
from tests.bench.figures import Figure, Figures, percentile
from tests.bench.loading import Caller, Crowd, cpu_s, until_answering
from tests.bench.test_start import SIGNED
from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service
from tests.e2e.serving import KEY, SECRET, Yard
from tests.postgres import Postgres

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

ROUNDS, CALLS, MOTO_CALLS = 5, 1000, 100
CONNECTIONS, CROWD_S = 8, 2.0
TIMES_AS_MANY = 20.0
GROUPS, RATE, SECONDS = 100, 200.0, 20.0
P99_MS = 25.0
QUICK = "60"
OLD = catalog.default().releases("AL2_x86_64", "1.14")[0].release_version


@contextmanager
def _moto_server() -> Iterator[tuple[str, int]]:
    """Run moto_server with one node group; give its endpoint and process id."""
    port = _free_port()
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


def test_describe_nodegroup_while_a_hundred_groups_update(
    tmp_path: Path, figures: Figures, postgres: Postgres
) -> None:
    """As production runs it: a process that answers, one that works, PostgreSQL; signatures are verified."""
    world = Service(tmp_path)
    ports = "--port", str(_free_port()), "--kube-port", str(_free_port())
    world.start(*ports, "--speed", QUICK)
    quick, slow = (
        ("--speed", speed, "--quota", f"nodegroups-per-cluster={GROUPS}") for speed in (QUICK, "1")
    )
    served = Yard(tmp_path, postgres, world, role="all", flags_too=quick, direct=True)
    names = [f"group-{number}" for number in range(GROUPS)]
    try:
        served.cluster()
        for name in names:
            served.group(name, 1, releaseVersion=OLD)
        active = "select count(*) from nodegroup where document like '%\"ACTIVE\"%'"
        served.until(lambda: served.sql(active) == str(GROUPS), limit_s=600)
        served.end()
        world.stop()
        world.start(*ports, "--speed", "1")
        _yield_to_others(world)
        api, worker = (served.process(role, flags_too=slow, direct=True) for role in ("api", "worker"))
        eks = api.eks()
        for name in names:
            eks.update_nodegroup_version(clusterName=yard.CLUSTER, nodegroupName=name)
        path = f"/clusters/{yard.CLUSTER}/node-groups/{names[0]}"
        caller = Caller(api.endpoint, path, _signed(f"{api.endpoint}{path}"))
        pids = {"API process": api.popen.pid, "worker": worker.popen.pid}
        used = {whose: -cpu_s(pid) for whose, pid in pids.items()}
        took = caller.paced(RATE, SECONDS)
        used = {whose: (used[whose] + cpu_s(pid)) / SECONDS for whose, pid in pids.items()}
        caller.close()
        updating = "select count(*) from nodegroup where document like '%\"UPDATING\"%'"
        still = served.sql(updating)
    finally:
        served.end()
        world.kill()
    conditions = f"{RATE:g} calls/s for {SECONDS:g} s while {still} groups update, serve on PostgreSQL"
    for share, bar in ((0.5, None), (0.9, None), (0.99, P99_MS), (1.0, None)):
        name = f"DescribeNodegroup p{100 * share:.0f} under load"
        figures.add(Figure(name, 1000 * percentile(took, share), "ms", conditions, bar))
    for whose, cores in used.items():
        figures.add(Figure(f"processors of the {whose} meanwhile", cores, "cores", conditions))


def _yield_to_others(world: Service) -> None:
    """Let the embedded AWS and cluster run when nobody else wants to: elsewhere they have other machines."""
    assert world.process is not None
    for thread in Path(f"/proc/{world.process.pid}/task").iterdir():
        nice = os.getpriority(os.PRIO_PROCESS, int(thread.name))
        os.setpriority(os.PRIO_PROCESS, int(thread.name), min(19, nice + 10))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _signed(url: str) -> dict[str, str]:
    """Return the headers of a GET that is signed now, good for five minutes."""
    request = AWSRequest("GET", url)
    SigV4Auth(Credentials(KEY, SECRET), "eks", REGION).add_auth(request)
    return {name: str(value) for name, value in request.headers.items()}
