"""What a demonstration needs: a service of its own, commands as a user types them, waits one can watch.

Used by `article.py`. On a terminal a wait is a live line; elsewhere it is one plain line for
each change. Whatever a step shows is really run: nothing here prints a made-up answer.
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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

BIN = Path(sys.executable).parent
COMMAND_LIMIT_S = 60.0
WAIT_LIMIT_S = 90.0
LOOK_EVERY_S = 0.2
STOP_LIMIT_S = 15.0
LINE_CHARS = 100

Seen = tuple[bool, str]
"""Whether a wait is over, and what is seen so far."""

out = Console(highlight=False, soft_wrap=True)


class Failed(Exception):
    """A step did not do what it is for."""


class Stage:
    """The service, the environment of the commands, and a folder that holds everything of this run."""

    def __init__(self, account: str, region: str, speed: str) -> None:
        self.account = account
        self.region = region
        self.speed = speed
        self.folder = Path(tempfile.mkdtemp(prefix="nodeyard-demo-"))
        self.log = self.folder / "nodeyard.log"
        self.service: subprocess.Popen[bytes] | None = None
        self.endpoint = ""
        self._clients: dict[str, Any] = {}
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": region,
            "AWS_CONFIG_FILE": str(self.folder / "aws-config"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "KUBECONFIG": str(self.folder / "kubeconfig"),
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        }

    # --- the service ---

    def start(self) -> None:
        """Start the service on free ports and wait until it answers. Raises: Failed."""
        ready = self.folder / "ready.json"
        arguments = ["up", "--port", "0", "--kube-port", "0", "--data-dir", str(self.folder / "data")]
        arguments += ["--speed", self.speed, "--ready-file", str(ready)]
        show_command("nodeyard", *arguments)
        with self.log.open("wb") as log:
            self.service = subprocess.Popen(
                [str(BIN / "nodeyard"), *arguments], stdout=log, stderr=log, start_new_session=True
            )
        self.wait("the service answers", lambda: (ready.exists(), "it is starting"))
        self.endpoint = json.loads(ready.read_text())["endpoint"]
        self.environment["AWS_ENDPOINT_URL"] = self.endpoint
        out.print(f"EKS and AWS at {self.endpoint}\n", markup=False)

    def stop(self) -> None:
        """Stop the service as Ctrl-C does."""
        if self.service is None or self.service.poll() is not None:
            return
        self.service.send_signal(signal.SIGINT)
        try:
            self.service.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.service.kill()

    def clean(self) -> None:
        """Remove everything of this run."""
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what is typed ---

    def aws(self, *words: str) -> str:
        """Type an `aws eks` command and show what comes back."""
        return self.run("aws", "eks", *words, "--region", self.region)

    def run(self, *command: str) -> str:
        """Run a command as a user would type it and return what it printed. Raises: Failed."""
        show_command(*command)
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=COMMAND_LIMIT_S
        )
        if done.returncode != 0:
            said = done.stderr.strip() or done.stdout.strip() or "nothing"
            raise Failed(f"{command[0]} ended with code {done.returncode} and said: {said}")
        out.print(f"{done.stdout.rstrip() or done.stderr.rstrip()}\n", markup=False)
        return done.stdout

    def follow(self, command: Sequence[str], *, code: int = 0) -> None:
        """Run a command that shows things as they happen, and see it end with a code. Raises: Failed."""
        show_command(*command)
        try:
            done = subprocess.run(command, env=self.environment, timeout=WAIT_LIMIT_S)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{shlex.join(command)} did not end within {WAIT_LIMIT_S:.0f} s") from error
        if done.returncode != code:
            raise Failed(f"{shlex.join(command)} ended with code {done.returncode}, not {code}")
        out.print()

    def has(self, program: str) -> bool:
        return shutil.which(program, path=self.environment["PATH"]) is not None

    # --- what is waited for ---

    def client(self, service: str) -> Any:
        """Return a boto3 client: waits ask in this process, the aws CLI takes a second to start."""
        import boto3

        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                region_name=self.region,
                endpoint_url=self.endpoint,
                aws_access_key_id=self.account,
                aws_secret_access_key="any",
            )
        return self._clients[service]

    def wait(self, what: str, look: Callable[[], Seen]) -> None:
        """Look until it is so, telling what is seen.

        Raises: Failed after the limit, or when the service ends.
        """
        began = time.monotonic()
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        told = ""
        if not out.is_terminal:
            out.print(f"waiting until {what}", markup=False)
        with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as live:
            task = live.add_task(f"waiting until {what}")
            while True:
                done, seen = look()
                if done:
                    break
                if self.service is not None and self.service.poll() is not None:
                    said = self.log.read_text(errors="replace").rstrip().rpartition("\n")[2] or "nothing"
                    raise Failed(f"the service ended with code {self.service.returncode}, saying: {said}")
                if time.monotonic() - began > WAIT_LIMIT_S:
                    raise Failed(f"not within {WAIT_LIMIT_S:.0f} s: {what}; last seen: {seen}")
                if seen != told:
                    told = seen
                    live.update(task, description=f"waiting until {what}: {seen}")
                    if not out.is_terminal:
                        out.print(f"  {time.monotonic() - began:4.1f} s  {seen}", markup=False)
                time.sleep(LOOK_EVERY_S)
        took = f"{time.monotonic() - began:.1f} s"
        out.print(Text(f"✓ {what}", style="green").append(f"  {took}\n", style="dim"))


def show_command(*command: str) -> None:
    """Print a command in full; a long one over several lines that can be pasted."""
    line = shlex.join(command)
    if len(line) > LINE_CHARS:
        line = " \\\n    --".join(part.strip() for part in line.split(" --"))
    out.print(f"$ {line}", style="bold", markup=False)


def scene(number: int, of: int, title: str) -> None:
    """Print the heading of an act."""
    out.print(Text(f"── Act {number} of {of}: {title} ", style="bold cyan"))
    out.print()
