"""One `nodeyard serve` with a key to seal with, on the AWS of an embedded world; clusters by kubeconfig."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import boto3
import yaml

from nodeyard.cli.main import run
from tests.e2e.service import ACCOUNT, REGION, Service
from tests.e2e.serving import KEY, SECRET, node_role


class Attaching:
    """The process, what was attached to it under one name, and its database."""

    def __init__(self, folder: Path, world: Service, cluster: str, *, speed: int) -> None:
        self.folder, self.world, self.cluster = folder, world, cluster
        self.kubeconfig = folder / "kubeconfig"
        self.database = folder / "serve.db"
        node_role(world, ())
        (folder / "seal.key").write_text("s" * 44 + "\n")
        ready = folder / "serve.json"
        flags = ["--database-url", f"sqlite:///{self.database}", "--account-id", ACCOUNT, "--port", "0"]
        flags += ["--secret-key-file", str(folder / "seal.key"), "--access-key", f"{KEY}:{SECRET}"]
        flags += ["--aws-endpoint-url", world.endpoint, "--speed", str(speed), "--ready-file", str(ready)]
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "any"}
        with (folder / "serve.log").open("wb") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "nodeyard.cli", "serve", *flags],
                stdout=log,
                stderr=log,
                env=environment,
            )
        world.until(ready.exists)
        self.endpoint = str(json.loads(ready.read_text())["endpoint"])
        self.eks = boto3.client(
            "eks",
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
        )

    def has_kubeconfig(self, server: str, authority: str, **user: object) -> None:
        """Write a kubeconfig with another user in it beside the one whose context is chosen."""
        self.kubeconfig.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "contexts": [{"name": "admin", "context": {"cluster": "c", "user": "u"}}],
                    "clusters": [
                        {"name": "c", "cluster": {"server": server, "certificate-authority": authority}}
                    ],
                    "users": [
                        {"name": "u", "user": user},
                        {"name": "other", "user": {"token": "of-another-cluster"}},
                    ],
                }
            )
        )

    def attach(self, *flags: str) -> int:
        """Run `nodeyard cluster attach` and return its exit code."""
        words = ["cluster", "attach", self.cluster, "--endpoint", self.endpoint, "--region", REGION]
        return run([*words, "--kubeconfig", str(self.kubeconfig), "--context", "admin", *flags])

    def status(self, name: str) -> str:
        """Return the status of a group, empty when there is none."""
        try:
            found = self.eks.describe_nodegroup(clusterName=self.cluster, nodegroupName=name)
        except self.eks.exceptions.ResourceNotFoundException:
            return ""
        return str(found["nodegroup"]["status"])

    def log(self) -> str:
        return (self.folder / "serve.log").read_text()

    def until(self, done: Callable[[], bool]) -> None:
        try:
            self.world.until(done, limit_s=90)
        except AssertionError as error:
            raise AssertionError(f"{str(error)[:300]}\n--\n{self.log()[-4000:]}") from None

    def end(self) -> None:
        self.popen.send_signal(signal.SIGTERM)
        self.popen.wait(20)
