"""`nodeyard serve` processes on one PostgreSQL and one embedded world, and what they ask of AWS.

Each process reaches the embedded AWS through a proxy of its own, which writes down every call and can
hold one: so a test knows what a worker did, and can stop or kill it at that very call.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import boto3

from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service
from tests.postgres import Postgres
from tests.proxy import Proxy

KEY, SECRET = "AKIACALLER", "secret-of-the-caller"
POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryReadOnly", "AmazonEKS_CNI_Policy")


class Process:
    """One `nodeyard serve`. `direct`: it reaches AWS without a proxy, which costs time. `start` starts it in
    another way than as a new program."""

    def __init__(
        self,
        place: tuple[Path, str],
        role: str,
        database: str,
        world: Service,
        *,
        flags_too: Sequence[str] = (),
        direct: bool = False,
        program: Sequence[str] = ("-m", "nodeyard.cli"),
        start: Callable[..., Any] | None = None,
    ) -> None:
        folder, name = place
        self.role = role
        self.proxy = Proxy(world.endpoint)
        aws = world.endpoint if direct else self.proxy.endpoint
        self.log = folder / f"{name}.log"
        self._ready = folder / f"{name}.json"
        self._ready.unlink(missing_ok=True)
        flags = ["--database-url", database, "--role", role, "--account-id", ACCOUNT, "--port", "0"]
        flags += ["--access-key", f"{KEY}:{SECRET}", "--aws-endpoint-url", aws]
        flags += ["--speed", "40", "--ready-file", str(self._ready), *flags_too]
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "any"}
        self.popen = (start or partial(_started, program))(["serve", *flags], self.log, environment)
        world.until(self._answers)
        self.endpoint = str(json.loads(self._ready.read_text())["endpoint"])

    def _answers(self) -> bool:
        assert self.popen.poll() is None, self.log.read_text(errors="replace")
        return self._ready.exists()

    def eks(self, config: Any = None) -> Any:
        """Return a client of this process."""
        return boto3.client(
            "eks",
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=config,
        )

    def signal(self, number: int) -> None:
        self.popen.send_signal(number)

    def end(self) -> None:
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGCONT)
            self.popen.kill()
        self.popen.wait()
        self.proxy.close()


def _started(
    program: Sequence[str], arguments: Sequence[str], log: Path, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, *program, *arguments], stdout=file, stderr=file, env=environment
        )


class Yard:
    """An embedded world, a database, a first process that answers callers, and others that a test adds."""

    def __init__(
        self,
        folder: Path,
        database: Postgres | str,
        world: Service,
        role: str = "api",
        **options: Any,
    ) -> None:
        self._folder, self.world = folder, world
        self._postgres = database if isinstance(database, Postgres) else None
        self.url = database if isinstance(database, str) else database.new_database()
        self.database = self.url.rpartition("/")[2]
        self.processes: list[Process] = []
        yard.a_cluster(world)
        node_role(world)
        self.eks = self.process(role, **options).eks()

    def process(self, role: str, **options: Any) -> Process:
        """Start a process and wait until it answers. `database`: another way to the database."""
        place = self._folder, f"{role}{len(self.processes)}"
        made = Process(place, role, options.pop("database", self.url), self.world, **options)
        self.processes.append(made)
        return made

    def move_to(self, database: str, role: str) -> None:
        """End every process, and go on with one on another database."""
        self.end()
        self.url, self._postgres = database, None
        self.eks = self.process(role).eks()

    def cluster(self) -> None:
        """Register the cluster that the embedded world has."""
        self.eks.create_cluster(
            name=yard.CLUSTER,
            version="1.14",
            roleArn=f"arn:aws-cn:iam::{ACCOUNT}:role/eks",
            resourcesVpcConfig={"subnetIds": yard.SUBNETS},
        )
        self.until(lambda: self.eks.describe_cluster(name=yard.CLUSTER)["cluster"]["status"] == "ACTIVE")

    def group(self, name: str, desired: int, eks: Any = None, **members: Any) -> None:
        """Have a group accepted, by another client if need be."""
        (eks or self.eks).create_nodegroup(
            clusterName=yard.CLUSTER,
            nodegroupName=name,
            subnets=yard.SUBNETS,
            nodeRole=yard.ROLE,
            scalingConfig={"minSize": 0, "maxSize": 4, "desiredSize": desired},
            **members,
        )

    def status(self, name: str) -> str:
        """Return the status of a group, empty when there is none."""
        if name not in self.eks.list_nodegroups(clusterName=yard.CLUSTER)["nodegroups"]:
            return ""
        try:
            found = self.eks.describe_nodegroup(clusterName=yard.CLUSTER, nodegroupName=name)
        except self.eks.exceptions.ResourceNotFoundException:
            return ""  # gone between the two calls
        return str(found["nodegroup"]["status"])

    def whole(self, name: str, size: int) -> bool:
        """Tell whether a group is as one that was never disturbed, with nothing beside it."""
        wanted = {"groups": 1, "templates": 1, "profiles": 1, "instances": size}
        return (
            self.status(name) == "ACTIVE"
            and yard.made(self.world) == wanted
            and yard.members(self.world) == ["InService"] * size
            and len([node for node in yard.nodes(self.world).values() if yard.ready_since(node)]) == size
        )

    def sql(self, query: str) -> str:
        """Ask the database itself."""
        assert self._postgres is not None, "only PostgreSQL is asked by others"
        return self._postgres.sql(query, self.database)

    def owner(self) -> str:
        """Return who holds the lease on some group, empty when nobody does."""
        query = "select lease_owner || ' ' || lease_token from reconcile where key like 'nodegroup/%'"
        return self.sql(query)

    def until(self, done: Callable[[], bool], *, limit_s: float = 90.0) -> None:
        """Wait until something holds; the end of every log is shown when it never does."""
        try:
            self.world.until(done, limit_s=limit_s, every_s=0.05)
        except AssertionError as error:
            logs = (each.log.read_text(errors="replace")[-3000:] for each in self.processes)
            raise AssertionError("\n--\n".join((str(error)[:300], *logs))) from None

    def end(self) -> None:
        for process in self.processes:
            process.end()


def node_role(world: Service, policies: tuple[str, ...] = POLICIES) -> None:
    """Make the node role in the account of an embedded world."""
    iam = world.client("iam")
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com.cn"}}
    trust = {"Version": "2012-10-17", "Statement": [statement | {"Action": "sts:AssumeRole"}]}
    name = yard.ROLE.rpartition("/")[2]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    for policy in policies:
        iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws-cn:iam::aws:policy/{policy}")
