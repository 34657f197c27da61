"""A real Kubernetes control plane for a test: etcd, API server, scheduler and controllers, on loopback.

The program is made by `make controlplane`. Where it was not, tests that need it are skipped by name; with
NODEYARD_CONTROL_PLANE=required, as in CI where Go is installed, they fail instead.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tools import control_plane

START_S = 90.0
"""A generous limit for machines that do other things as well; a quiet one needs a tenth of it."""
STOP_S = 30.0
LIMIT_S = 60.0


@dataclass(frozen=True)
class Plane:
    """A control plane that answers."""

    server: str
    kubeconfig: Path
    token: str
    ca: Path
    version: str
    seconds: float
    """How long it took from the start of the program until everything answered."""
    process: subprocess.Popen[str]
    audit: Path
    """One line of JSON for each request, where it was started with `audit`."""

    def audited(self) -> Iterator[dict[str, Any]]:
        """Yield what the API server's audit log has of each request, the oldest first."""
        with self.audit.open() as lines:
            yield from (json.loads(line) for line in lines if line.endswith("\n"))

    def compact(self) -> None:
        """Let the store forget all versions before the present one. Skips where there is no /proc."""
        for port in _ports(self.process.pid):
            now = _etcd(port, "maintenance/status")
            if now:
                assert _etcd(port, "kv/compaction", {"revision": now["header"]["revision"], "physical": True})
                return
        pytest.skip("the port of etcd cannot be found on this machine")


def _ports(process: int) -> list[int]:
    """Return the TCP ports of 127.0.0.1 that a process listens on."""
    try:
        held = {os.readlink(each) for each in Path(f"/proc/{process}/fd").iterdir()}
        lines = [line.split() for line in Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]]
    except OSError:
        return []
    listening = "0A"
    return [
        int(line[1].partition(":")[2], 16)
        for line in lines
        if line[3] == listening and f"socket:[{line[9]}]" in held
    ]


def _etcd(port: int, path: str, body: Any = None) -> Any:
    """Ask etcd by its JSON gateway; return None where something else answers."""
    data = json.dumps(body or {}).encode()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v3/{path}", data, timeout=10) as answer:
            return json.load(answer)
    except (OSError, http.client.HTTPException, ValueError):
        return None


def program() -> Path:
    """Return the built program; skip or fail the test where there is none."""
    built = control_plane.program()
    if not built.exists():
        why = "no real control plane was built: `make controlplane` builds it (needs Go 1.26 or newer)"
        if os.environ.get("NODEYARD_CONTROL_PLANE") == "required":
            pytest.fail(why)
        pytest.skip(why)
    return built


def until(done: Callable[[], bool]) -> None:
    """Wait until something holds of a control plane."""
    limit = time.monotonic() + LIMIT_S
    while not done():
        assert time.monotonic() < limit, f"not so within {LIMIT_S:g} s"
        time.sleep(0.1)


@contextmanager
def running(*flags: str, audit: bool = False) -> Iterator[Plane]:
    """Start a control plane, wait until it answers, and end it."""
    with tempfile.TemporaryDirectory(prefix="nodeyard-plane-", ignore_cleanup_errors=True) as folder:
        log, audit_log = Path(folder) / "log", Path(folder) / "audit.log"
        flags += ("--audit-log", str(audit_log)) if audit else ()
        with log.open("w") as words:
            process = subprocess.Popen(
                [str(program()), "--dir", folder, *flags],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                text=True,
            )
        assert process.stdin is not None and process.stdout is not None
        watchdog = threading.Timer(START_S, process.kill)
        watchdog.start()
        try:
            line = process.stdout.readline()
            watchdog.cancel()
            assert line, f"the control plane did not start within {START_S:g} s:\n{log.read_text()[-4000:]}"
            told = json.loads(line)
            yield Plane(
                server=told["server"],
                kubeconfig=Path(told["kubeconfig"]),
                token=told["token"],
                ca=Path(folder) / "ca.crt",
                version=told["version"],
                seconds=told["seconds"],
                process=process,
                audit=audit_log,
            )
        finally:
            watchdog.cancel()
            process.stdin.close()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
