"""Play a day with node groups: the commands of the article, by the real aws CLI and kubectl.

Starts Nodeyard on free ports with an empty data directory and stops it at the end; `KEEP=1`
leaves it running. Every step prints the command and what came back; the first step that
fails ends the run with its exit code.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

ACCOUNT = "464600099053"
REGION = "cn-north-1"
CLUSTER = "eksngdemo"
GROUP = "ng2-by-cli"
SUBNETS = (
    "subnet-048e5fe91337a699c",
    "subnet-0237837c3956660b0",
    "subnet-0a6aca88ae3d42344",
    "subnet-05704b2e5bea4cc19",
)
ROLE = f"arn:aws-cn:iam::{ACCOUNT}:role/eksctl-eksngdemo-nodegroup-ng-34d-NodeInstanceRole-172ZU91D5PDDP"
SPEED = os.environ.get("SPEED", "100")
STEP_LIMIT_S = 90.0
BIN = Path(sys.executable).parent

out = Console(highlight=False, soft_wrap=True)


class Failed(Exception):
    """A step did not do what it is for."""


class Day:
    """One run: the service, and the environment of the commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service: subprocess.Popen[bytes] | None = None
        self.endpoint = ""
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_CONFIG_FILE": str(folder / "aws-config"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "KUBECONFIG": str(folder / "kubeconfig"),
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        }

    def start(self) -> None:
        """Start the service and wait until it answers."""
        ready = self.folder / "ready.json"
        log = (self.folder / "nodeyard.log").open("wb")
        arguments = ["up", "--port", "0", "--kube-port", "0", "--data-dir", str(self.folder / "data")]
        arguments += ["--speed", SPEED, "--ready-file", str(ready)]
        out.print(f"[bold]$ nodeyard {shlex.join(arguments)}[/bold]")
        self.service = subprocess.Popen(
            [str(BIN / "nodeyard"), *arguments], stdout=log, stderr=log, start_new_session=True
        )
        self.wait_for("the service answers", ready.exists)
        self.endpoint = json.loads(ready.read_text())["endpoint"]
        self.environment["AWS_ENDPOINT_URL"] = self.endpoint
        out.print(f"{self.endpoint}\n")

    def stop(self) -> None:
        """Stop the service as Ctrl-C does."""
        if self.service is not None and self.service.poll() is None:
            self.service.send_signal(signal.SIGINT)
            try:
                self.service.wait(15)
            except subprocess.TimeoutExpired:
                self.service.kill()

    def run(self, *command: str, quiet: bool = False) -> str:
        """Run a command as a user would type it and return what it printed."""
        if not quiet:
            out.print(f"$ {shlex.join(command)}", style="bold", markup=False)
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise Failed(f"`{shlex.join(command)}` failed: {done.stderr.strip() or done.stdout.strip()}")
        if not quiet:
            out.print(f"{done.stdout.rstrip() or done.stderr.rstrip()}\n", markup=False)
        return done.stdout

    def aws(self, *words: str, quiet: bool = False) -> str:
        return self.run("aws", "eks", *words, "--region", REGION, quiet=quiet)

    def status(self, *words: str) -> str:
        return self.aws(*words, "--output", "text", quiet=True).strip()

    def group(self, query: str) -> str:
        return self.status(
            "describe-nodegroup", f"--cluster-name={CLUSTER}", f"--nodegroup-name={GROUP}", "--query", query
        )

    def wait_for(self, what: str, done: Callable[[], bool]) -> None:
        """Wait with a live display. Raises: Failed when it takes too long or the service ended."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        limit = time.monotonic() + STEP_LIMIT_S
        with Progress(*columns, console=out, transient=True) as progress:
            progress.add_task(f"waiting: {what}")
            while not done():
                if self.service is not None and self.service.poll() is not None:
                    raise Failed(f"the service ended; its log is {self.folder / 'nodeyard.log'}")
                if time.monotonic() > limit:
                    raise Failed(f"{what}: not within {STEP_LIMIT_S:.0f} s")
                time.sleep(0.5)
        out.print(f"[green]{what}[/green]\n")

    def nodes(self, *more: str) -> None:
        if shutil.which("kubectl", path=self.environment["PATH"]) is None:
            out.print("kubectl is not installed here: the nodes are not shown\n")
            return
        self.run("kubectl", "get", "nodes", *more)

    def group_is_gone(self) -> bool:
        return GROUP not in self.aws("list-nodegroups", f"--cluster-name={CLUSTER}", quiet=True).split('"')


def play(day: Day) -> None:
    """Play the article, step by step."""
    day.start()
    cluster_role = f"arn:aws-cn:iam::{ACCOUNT}:role/eksServiceRole"
    network = f"subnetIds={','.join(SUBNETS)}"
    version = ("--kubernetes-version", "1.14")
    day.aws(
        "create-cluster", "--name", CLUSTER, *version, "--role-arn", cluster_role,
        "--resources-vpc-config", network, "--query", "cluster.[name,version,status]",
    )  # fmt: skip
    query = ("--query", "cluster.status")
    day.wait_for(
        "the cluster is ACTIVE", lambda: day.status("describe-cluster", "--name", CLUSTER, *query) == "ACTIVE"
    )
    day.aws("list-nodegroups", f"--cluster-name={CLUSTER}")
    day.aws(
        "create-nodegroup", "--cluster-name", CLUSTER, "--nodegroup-name", GROUP,
        "--subnets", *SUBNETS, "--node-role", ROLE,
    )  # fmt: skip
    day.wait_for(
        "the node group is ACTIVE, its nodes are Ready", lambda: day.group("nodegroup.status") == "ACTIVE"
    )
    day.aws("update-kubeconfig", "--name", CLUSTER)
    labels = ("nodegroup", "nodegroup-image", "capacityType")
    day.nodes("-L", ",".join(f"eks.amazonaws.com/{label}" for label in labels))
    day.aws("list-nodegroups", f"--cluster-name={CLUSTER}")
    day.aws(
        "update-nodegroup-config", f"--cluster-name={CLUSTER}", f"--nodegroup-name={GROUP}",
        "--scaling-config", "minSize=1,maxSize=3,desiredSize=3", "--query", "update.[id,type,status]",
    )  # fmt: skip
    update = json.loads(day.aws("list-updates", f"--name={CLUSTER}", f"--nodegroup-name={GROUP}", quiet=True))
    describe = ("describe-update", f"--name={CLUSTER}", f"--nodegroup-name={GROUP}")
    day.wait_for(
        "the update is Successful",
        lambda: (
            day.status(*describe, "--update-id", update["updateIds"][0], "--query", "update.status")
            == "Successful"
        ),
    )
    day.nodes()
    if os.environ.get("KEEP"):
        return
    day.aws(
        "delete-nodegroup", f"--cluster-name={CLUSTER}", f"--nodegroup-name={GROUP}",
        "--query", "nodegroup.status",
    )  # fmt: skip
    day.wait_for("the node group is gone", day.group_is_gone)
    day.nodes()
    day.aws("delete-cluster", "--name", CLUSTER, "--query", "cluster.status")
    day.wait_for(
        "the cluster is gone", lambda: CLUSTER not in day.aws("list-clusters", quiet=True).split('"')
    )


def keep(day: Day) -> None:
    """Say how to go on with the service that is left running."""
    assert day.service is not None
    out.print(f"[bold]Left running[/bold] (process {day.service.pid}) at {day.endpoint}. Next:")
    shown = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "KUBECONFIG")
    exports = " ".join(f"{name}={day.environment[name]}" for name in shown)
    out.print(f"  export {exports} AWS_DEFAULT_REGION={REGION} PATH={BIN}:$PATH", markup=False)
    out.print(f"  aws eks describe-nodegroup --cluster-name {CLUSTER} --nodegroup-name {GROUP}", markup=False)
    out.print("  kubectl get pods --all-namespaces --output wide", markup=False)
    out.print(f"Stop it with: kill {day.service.pid}")


def main() -> int:
    started = time.monotonic()
    day = Day(Path(tempfile.mkdtemp(prefix="nodeyard-demo-")))
    try:
        play(day)
    except (Failed, subprocess.SubprocessError, OSError) as failed:
        out.print(f"[red]{failed}[/red]")
        day.stop()
        out.print(f"The log of the service: {day.folder / 'nodeyard.log'}")
        return 1
    except KeyboardInterrupt:
        day.stop()
        return 130
    if os.environ.get("KEEP"):
        keep(day)
        return 0
    day.stop()
    shutil.rmtree(day.folder, ignore_errors=True)
    out.print(f"[bold green]Every step succeeded[/bold green] in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
