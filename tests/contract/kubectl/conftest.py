"""An embedded cluster with its controllers, served over TLS to an unmodified kubectl."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn

from nodeyard.drivers.system import ScaledClock, SeededIds
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.embedded import EmbeddedKubernetes
from nodeyard.world.kubernetes.registry import ClusterHandle

T = TypeVar("T")

PLACE = ("111122223333", "eu-west-1", "live")
SPEED = 30.0


class Living:
    """A cluster that lives on a thread of its own, thirty times as fast as the clock on the wall."""

    def __init__(self, directory: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self._world, self._server, self.handle = self._call(self._begin(directory, port))
        self.changed = threading.Event()
        """Set by each change of the cluster, for those who wait for one."""
        self.do(lambda api: api.store.listen(lambda change: self.changed.set()))
        self.kubeconfig = directory / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(self._config()))

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _begin(
        self, directory: Path, port: int
    ) -> tuple[EmbeddedKubernetes, uvicorn.Server, ClusterHandle]:
        world = EmbeddedKubernetes(
            clock=ScaledClock(SPEED), ids=SeededIds(3), data_dir=directory, host="127.0.0.1", port=port
        )
        await world.start()
        handle = await world.create(*PLACE, "1.33")
        certificate, key = world.certificate()
        config = uvicorn.Config(
            world.asgi,
            ssl_certfile=certificate,
            ssl_keyfile=key,
            log_level="error",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        self._serving = asyncio.ensure_future(server.serve(sockets=[self._listener]))
        return world, server, handle

    def stop(self) -> None:
        """End the server and the cluster."""
        self._server.should_exit = True
        self._call(asyncio.wait_for(self._ended(), 30))
        self._call(self._world.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _ended(self) -> None:
        await self._serving

    def do(self, work: Callable[[Api], T]) -> T:
        """Run something with the API on the thread of the cluster."""

        async def run() -> T:
            return work(self.handle.api)

        done: T = self._call(run())
        return done

    def _config(self) -> dict[str, Any]:
        where = {"server": self.handle.url, "certificate-authority-data": self._world.ca_data}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "live", "cluster": where}],
            "users": [{"name": "me", "user": {"token": self._world.internal_token}}],
            "contexts": [{"name": "live", "context": {"cluster": "live", "user": "me"}}],
            "current-context": "live",
        }


class Kubectl:
    """Runs kubectl as a user would and returns all it printed."""

    def __init__(self, program: str, living: Living, home: Path) -> None:
        self._program = program
        self._environment = {"KUBECONFIG": str(living.kubeconfig), "HOME": str(home), "PATH": "/usr/bin:/bin"}
        self.living = living

    def __call__(self, line: str, *more: str, stdin: str = "", fails: bool = False, space: str = "") -> str:
        """Run a command line; `more` are words that hold spaces."""
        words = [*(("-n", space) if space else ()), *line.split(), *more]
        done = subprocess.run(
            [self._program, *words],
            input=stdin,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=90,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def start(self, line: str) -> subprocess.Popen[str]:
        """Start a command line that goes on printing."""
        return subprocess.Popen(
            [self._program, *line.split()],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until(self, line: str, pattern: str, space: str = "", limit_s: float = 30.0) -> str:
        """Repeat a command until what it prints has a pattern; return that print."""
        deadline = time.monotonic() + limit_s
        while True:
            self.living.changed.clear()
            printed = self(line, space=space)
            if re.search(pattern, printed):
                return printed
            assert time.monotonic() < deadline, printed
            self.living.changed.wait(1.0)

    def node(self, name: str, zone: str = "eu-west-1a", cpu: str = "8") -> None:
        """Add a node whose kubelet is simulated."""
        labels = {"topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": name}
        labels |= {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
        body = {
            "metadata": {"name": name, "labels": labels},
            "status": {
                "allocatable": {"cpu": cpu, "memory": "32Gi", "pods": "58"},
                "capacity": {"cpu": cpu, "memory": "32Gi", "pods": "58"},
                "addresses": [{"type": "InternalIP", "address": "10.0.0.9"}],
                "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
            },
        }
        self.living.do(lambda api: api.create("nodes", None, body))

    def space(self, name: str) -> str:
        """Make a namespace and return its name."""
        self.living.do(lambda api: api.create("namespaces", None, {"metadata": {"name": name}}))
        return name


@pytest.fixture(scope="session")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    made = Living(tmp_path_factory.mktemp("living"))
    yield made
    made.stop()


@pytest.fixture(scope="session")
def kubectl(living: Living, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not installed")
    run = Kubectl(program, living, tmp_path_factory.mktemp("home"))
    for name, zone in (("yard-1", "eu-west-1a"), ("yard-2", "eu-west-1b")):
        run.node(name, zone)
    return run
