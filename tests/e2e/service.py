"""`nodeyard up` as a process of its own, for tests that need the real thing."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import boto3

ACCOUNT = "464600099053"
REGION = "cn-north-1"
MODELS = resources.files("nodeyard.api") / "models"
LIMIT_S = 60.0
NODEYARD = ("-m", "nodeyard.cli")


class Service:
    """One data directory, and the process that works on it."""

    def __init__(self, folder: Path, program: Sequence[str] = NODEYARD) -> None:
        self.folder = folder
        self._program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.endpoint = ""
        self._clients: dict[tuple[str, str], Any] = {}

    def start(self, *flags: str) -> None:
        """Start and wait until it answers."""
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        arguments = ["up", "--port", "0", "--kube-port", "0", "--data-dir", str(self.folder / "data")]
        arguments += ["--speed", "200", "--ready-file", str(ready), *flags]
        with (self.folder / "service.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self._program, *arguments], stdout=log, stderr=log
            )
        self.until(ready.exists, every_s=0.01)
        self.endpoint = json.loads(ready.read_text())["endpoint"]

    def kill(self) -> None:
        """End the process as a power cut does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int:
        """End the process as Ctrl-C does and return its exit code."""
        assert self.process is not None
        self.process.terminate()
        code = self.process.wait(20)
        self.process = None  # what is waited for from now on needs no service
        return code

    def client(self, name: str) -> Any:
        """Return a client of the process that runs now; `nodeyard` is made from our own model."""
        place = name, self.endpoint
        if place not in self._clients:
            session = boto3.Session()
            session._loader.search_paths.append(str(MODELS))
            self._clients[place] = session.client(
                name,
                region_name=REGION,
                endpoint_url=self.endpoint,
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key="any",
            )
        return self._clients[place]

    def memory_mb(self) -> float:
        """Return the resident memory of the process. Units: 10**6 bytes."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024 / 1e6

    def until(self, done: Callable[[], bool], *, limit_s: float = LIMIT_S, every_s: float = 0.1) -> None:
        """Wait until something holds; the log of the service is shown when it never does."""
        limit = time.monotonic() + limit_s
        while not done():
            ended = self.process is not None and self.process.poll() is not None
            if ended or time.monotonic() > limit:
                log = (self.folder / "service.log").read_text(errors="replace")
                raise AssertionError(
                    f"the service {'ended' if ended else 'did not get there'}:\n{log[-4000:]}"
                )
            time.sleep(every_s)


@contextlib.contextmanager
def running(folder: Path, *flags: str, program: Sequence[str] = NODEYARD) -> Iterator[Service]:
    """Yield a service that answers; it ends as by a power cut, also where it never did."""
    made = Service(folder, program)
    try:
        made.start(*flags)
        yield made
    finally:
        made.kill()
