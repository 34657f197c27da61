"""Two Kubernetes API servers behind one door: the embedded one, and a real one, which is right."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp

from nodeyard.app import serving
from nodeyard.drivers.system import RealClock, ScaledClock, SeededIds
from nodeyard.world.kubernetes.embedded import EmbeddedKubernetes
from tests.plane import Plane

Obj = dict[str, Any]
JSON, MERGE = "application/json", "application/merge-patch+json"
STRATEGIC, JSON_PATCH = "application/strategic-merge-patch+json", "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
NEVER_READY = "nodeyard.dev/ready-seconds"
"""What the embedded kubelet, and that of these tests, looks at: with `never` a pod does not become Ready."""
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PATIENCE_S = 60.0
HISTORY = 100
"""How many changes of a resource the embedded server of these tests keeps."""
CLOCK = RealClock()
_SPACES = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Obj
    headers: dict[str, str]
    warnings: str = ""

    @property
    def refusal(self) -> tuple[int, str]:
        """Status code and reason of a Status."""
        assert self.body.get("kind") == "Status", self.body
        return self.status, str(self.body.get("reason", ""))

    @property
    def names(self) -> list[str]:
        return [each["metadata"]["name"] for each in self.body["items"]]

    @property
    def version(self) -> str:
        return str(self.body["metadata"]["resourceVersion"])


@dataclass
class Door:
    """One API server, and a namespace that nobody else uses."""

    url: str
    session: aiohttp.ClientSession
    plane: Plane | None = None
    """The real control plane, None for the embedded one."""
    space: str = field(default_factory=lambda: f"space-{next(_SPACES)}")

    @property
    def real(self) -> bool:
        return self.plane is not None

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        kind: str = JSON,
        accept: str = JSON,
        **query: str,
    ) -> Answer:
        """Send one request; a path without a slash in front is within the namespace."""
        data = None if body is None else json.dumps(body)
        headers = {"content-type": kind, "accept": accept}
        async with self.session.request(
            method, self._url(path, query), data=data, headers=headers
        ) as response:
            found = await response.json(content_type=None)
            warnings = ", ".join(response.headers.getall("warning", []))
            return Answer(response.status, found, dict(response.headers), warnings)

    def _url(self, path: str, query: dict[str, str]) -> str:
        asked = f"?{urlencode(query)}" if query else ""
        if path.startswith("/"):
            return f"{self.url}{path}{asked}"
        group, _, rest = path.rpartition(":")
        root = f"/apis/{group}" if group else "/api/v1"
        return f"{self.url}{root}/namespaces/{self.space}/{rest}{asked}"

    async def get(self, path: str, **query: str) -> Answer:
        return await self.ask("GET", path, **query)

    async def make(self, path: str, body: Obj) -> Obj:
        """Create an object that must not be refused."""
        made = await self.ask("POST", path, body)
        assert made.status == 201, made.body
        return made.body

    async def watch(
        self, path: str, count: int, *, accept: str = JSON, **query: str
    ) -> list[tuple[str, Obj]]:
        """Return the first events of a watch, as many as wanted."""
        found: list[tuple[str, Obj]] = []
        async with (
            asyncio.timeout(PATIENCE_S),
            self.session.get(
                self._url(path, {"watch": "1", **query}), headers={"accept": accept}
            ) as response,
        ):
            assert response.status == 200, await response.text()
            while len(found) < count:
                line = await response.content.readline()
                assert line, f"the watch ended after {found}"
                event = json.loads(line)
                found.append((event["type"], event["object"]))
        return found

    async def forgets(self, path: str) -> None:
        """Let the server forget all versions up to now; an embedded one by many changes of an object."""
        if self.plane is not None:
            await asyncio.to_thread(self.plane.compact)
            return
        for number in range(HISTORY + 1):
            labels = {"metadata": {"labels": {"turn": str(number)}}}
            assert (await self.ask("PATCH", path, labels, kind=MERGE)).status == 200

    async def until(self, done: Callable[[], Any]) -> None:
        """Wait until something holds, and let kubelets work meanwhile where there are none."""
        async with asyncio.timeout(PATIENCE_S):
            while not await done():
                if self.real:
                    await self._be_kubelet()
                await CLOCK.sleep(0.1)

    async def _be_kubelet(self) -> None:
        for pod in (await self.get("pods")).body["items"]:
            name = pod["metadata"]["name"]
            if pod["metadata"].get("deletionTimestamp"):
                await self.ask("DELETE", f"pods/{name}", {"gracePeriodSeconds": 0})
            elif pod["spec"].get("nodeName") and pod["status"]["phase"] == "Pending":
                await self.says(name, ready=NEVER_READY not in pod["metadata"].get("annotations", {}))

    async def says(self, pod: str, *, ready: bool) -> None:
        """Let a pod be Running, and Ready or not."""
        value = "True" if ready else "False"
        conditions = [{"type": each, "status": value} for each in ("Ready", "ContainersReady")]
        status = {"status": {"phase": "Running", "conditions": conditions}}
        await self.ask("PATCH", f"pods/{pod}/status", status, kind=MERGE)


async def opened(door: Door) -> Door:
    """Return the door with its namespace, once all is in it that comes by itself."""
    await door.make("/api/v1/namespaces", {"metadata": {"name": door.space}})

    async def settled() -> bool:
        there = [await door.get(each) for each in ("serviceaccounts/default", "configmaps/kube-root-ca.crt")]
        return all(each.status == 200 for each in there)

    if door.real:
        await door.until(settled)
    return door


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Door]:
    clock, socket = ScaledClock(100), serving.bound("127.0.0.1", 0, "--kube-port")
    clusters = EmbeddedKubernetes(
        clock=clock, ids=SeededIds(1), data_dir=folder, host="127.0.0.1", port=socket.getsockname()[1]
    )
    await clusters.start()
    server = serving.server(clusters.asgi, clusters.certificate())
    task = asyncio.create_task(server.serve(sockets=[socket]))
    handle = await clusters.create("111122223333", "eu-west-1", "prod", "1.34")

    trust = ssl.create_default_context(cadata=base64.b64decode(clusters.ca_data).decode())
    try:
        async with _session(trust, clusters.internal_token) as session:
            yield await opened(Door(handle.url, session))
    finally:
        server.should_exit = True
        await task
        await clusters.stop()


@asynccontextmanager
async def real(plane: Plane) -> AsyncIterator[Door]:
    trust = ssl.create_default_context(cafile=str(plane.ca))
    async with _session(trust, plane.token) as session:
        yield await opened(Door(plane.server, session, plane))


def _session(trust: ssl.SSLContext, token: str) -> aiohttp.ClientSession:
    headers = {"authorization": f"Bearer {token}"}
    connector = aiohttp.TCPConnector(ssl=trust)
    return aiohttp.ClientSession(connector=connector, headers=headers)
