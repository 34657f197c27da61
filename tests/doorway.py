"""The whole service behind its door, without a socket: real wire, admission, store and cluster flow.

boto3 clients of a `Doorway` are unmodified but for the last step: the finished request goes to the
ASGI application instead of the network.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.awsrequest
from botocore.config import Config

from nodeyard import catalog
from nodeyard.api import asgi, service_model
from nodeyard.api.extension import Extension, Powers
from nodeyard.api.handlers import Eks
from nodeyard.api.operations import Served
from nodeyard.drivers.store import SqlStore
from nodeyard.drivers.system import SeededIds
from nodeyard.engine.runner import Work
from nodeyard.flows import reconcile
from nodeyard.flows.hands import Hands
from nodeyard.model.cluster import Cluster, Endpoint
from nodeyard.model.limits import Quotas
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.model.scope import Scope
from nodeyard.ports import Attacher, Budget, Changes, Faults, Node, Pod, Unavailable
from tests.account import VPC, Account
from tests.fakes import FakeClock
from tests.nouns import SCOPE, a_cluster


class ControlPlanes:
    """Control planes that answer at once, and the version each one serves."""

    def __init__(self) -> None:
        self.versions: dict[str, str] = {}
        self.nodes_there: list[Node] = []
        self.pods_there: list[Pod] = []
        self.budgets_there: list[Budget] = []
        self.silent = False
        self.version_there = "1.34"

    async def ensure(self, cluster: Cluster) -> Endpoint | None:
        self.versions[cluster.name] = cluster.version
        return Endpoint(f"https://localhost/{cluster.name}", "Q0E=")

    async def remove(self, cluster: Cluster) -> bool:
        return self.versions.pop(cluster.name, None) is not None or True

    def kubernetes(self, cluster: Cluster) -> Any:
        return self

    async def version(self) -> str:
        return self.version_there

    async def nodes(self, selector: dict[str, str]) -> tuple[Node, ...]:
        if self.silent:
            raise Unavailable("connection refused")
        there = [each for each in self.nodes_there if selector.items() <= each.labels.items()]
        return tuple(there)

    async def pods_in(self, namespace: str) -> tuple[Pod, ...]:
        return tuple(self.pods_there)

    async def budgets(self, namespace: str) -> tuple[Budget, ...]:
        return tuple(self.budgets_there)

    async def ensure_security_group(self, cluster: Cluster) -> tuple[str, str]:
        return cluster.vpc_id or VPC, "sg-cluster"


class Published:
    """A publisher that keeps nothing: the catalog of this doorway alone has the release."""

    def __init__(self, known: catalog.Catalog) -> None:
        self._catalog = known

    async def publish(self, release: catalog.Release) -> None:
        self._catalog.published.add(release)


class Doorway:
    """One service in one folder. Use it from tests that are not async: it owns an event loop."""

    def __init__(
        self,
        folder: Path,
        quotas: Quotas | None = None,
        faults: Faults | None = None,
        attacher: Attacher | None = None,
    ) -> None:
        self.loop = asyncio.new_event_loop()
        self.account = Account()
        self.planes = ControlPlanes()
        self._file = folder / "nodeyard.sqlite"
        self.store = SqlStore(self._file)
        self.run(self.store.open())
        self.clock = FakeClock()
        hands: Any = (self.store, self.account, self.planes, self.clock, SeededIds(7), catalog.edition())
        self.hands = Hands(*hands, quotas or Quotas())
        handlers = Eks(self.hands).handlers()
        self.implemented = frozenset(handlers)
        self.failing: dict[str, str] = {}
        self.published = Published(self.hands.catalog)
        powers = Powers(lambda: self.failing, self.published, faults, attacher)
        self.extension = Extension(self.hands, powers)
        self.door = asgi.Door(
            model=service_model.eks(),
            handlers=handlers,
            clock=self.clock,
            ids=self.hands.ids,
            account=SCOPE.account,
            access_keys={},
            extension=Served("Nodeyard", service_model.extension(), self.extension.handlers()),
        )
        self.app = asgi.build(self.door)

    def close(self) -> None:
        self.run(self.store.close())
        self.loop.close()

    def run(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)

    # --- what is there ---

    def has_cluster(self, **members: Any) -> None:
        """Put an ACTIVE cluster there."""
        cluster = a_cluster(**({"vpc_id": VPC, "security_group_id": "sg-cluster"} | members))
        self.run(self.store.commit(Changes(put=(cluster,))))

    def has(self, *records: Any) -> None:
        self.run(self.store.commit(Changes(put=records)))

    def forget(self, record: Any) -> None:
        """Take a record away with its updates, tokens and wake-ups."""
        self.run(self.store.commit(Changes(delete=(record,))))

    def refuses_or_succeeds(self, method: str, target: str, body: bytes) -> None:
        """Send a request and see that the answer is no error of ours."""
        status, _, content = self.send(method, target, body)
        assert status < 500, content

    def group(self, name: str = "blue", scope: Scope = SCOPE) -> Nodegroup | None:
        found: Nodegroup | None = self.run(self.store.nodegroup(scope, "prod", name))
        return found

    def change_group(self, name: str = "blue", **members: Any) -> None:
        group = self.group(name)
        assert group is not None
        self.has(replace(group, **members))

    def everything(self) -> list[tuple[Any, ...]]:
        """Return every row there is, and how many events, to see that nothing changed."""
        tables = ("cluster", "nodegroup", "operation", "token", "reconcile")
        with contextlib.closing(sqlite3.connect(self._file)) as conn:
            rows = conn.execute("select count(*) from event").fetchall()
            for table in tables:
                rows += conn.execute(f"select * from {table}").fetchall()
        return rows

    def settle(self) -> None:
        """Let the cluster flow work on everything that is due, until nothing is."""
        handler = reconcile.handler(self.hands)

        async def work() -> None:
            for _ in range(20):
                now = self.clock.now()
                for lease in await self.store.claim("tests", now, self.clock.after(60), 10):
                    if lease.key.startswith("nodegroup/"):
                        await self.store.finish(lease, None)
                        continue
                    after = await handler(Work(self.store, self.clock, lease, (self.clock.steady(), 60.0)))
                    await self.store.finish(lease, None if after.forget else after.at)

        self.run(work())

    # --- requests ---

    def client(self, region: str = SCOPE.region, account: str = SCOPE.account, name: str = "eks") -> Any:
        """Return a boto3 client; the access key is the account, as the door takes it.

        `nodeyard` is made from our own model, as users have it after `aws configure add-model`.
        """
        session = boto3.Session()
        session._loader.search_paths.append(str(MODELS))
        client = session.client(
            name,
            region_name=region,
            endpoint_url="http://localhost",
            aws_access_key_id=account,
            aws_secret_access_key="any",
            config=Config(retries={"total_max_attempts": 1}),
        )
        client.meta.events.register(f"before-send.{name}", self._answer)
        return client

    def _answer(self, request: Any, **_: Any) -> Any:
        body = request.body or b""
        status, headers, content = self.send(
            request.method,
            request.url.removeprefix("http://localhost"),
            body.encode() if isinstance(body, str) else body,
            {k: v.decode() if isinstance(v, bytes) else str(v) for k, v in request.headers.items()}
            | {"host": "localhost"},
        )
        raw = _Raw(content)
        return botocore.awsrequest.AWSResponse(request.url, status, headers, raw)

    def send(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request; without headers it is signed by nobody in particular."""
        return self.run(self.sending(method, target, body, headers))  # type: ignore[no-any-return]

    async def sending(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        sent: list[Any] = []
        parts = urlsplit(target)

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or SIGNED).items()],
        }
        await self.app(scope, receive, send)
        answer = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        return sent[0]["status"], answer, sent[1]["body"]

    def post(self, target: str, members: Any) -> tuple[int, str, dict[str, Any]]:
        """Return status, error type and parsed body of a POST of JSON."""
        status, headers, body = self.send("POST", target, json.dumps(members).encode())
        return status, headers.get("x-amzn-errortype", ""), json.loads(body)


MODELS = Path(service_model.__file__).parent / "models"

SIGNED = {
    "host": "localhost",
    "authorization": f"AWS4-HMAC-SHA256 Credential={SCOPE.account}/20260101/{SCOPE.region}/eks/aws4_request, "
    "SignedHeaders=host, Signature=0",
}


class _Raw:
    """What botocore reads a body from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Any:
        yield self._content
