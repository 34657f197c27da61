"""The façade: routes, tokens, lists, tables and watches, spoken to in ASGI."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest

from nodeyard.drivers.system import SeededIds
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.credentials import Tokens
from nodeyard.world.kubernetes.facade import Facade
from nodeyard.world.kubernetes.store import Store
from tests.fakes import FakeClock

ACCOUNT, REGION, NAME = "111122223333", "eu-west-1", "demo"
BASE = f"/{ACCOUNT}/{REGION}/{NAME}"
TOKEN = "internal"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@dataclass
class Cluster:
    version: str
    api: Api


class Client:
    """Speaks ASGI to a façade over one cluster."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        ids = SeededIds(1)
        self.api = Api(Store(self.clock, ids), self.clock, ids)
        self.api.create("namespaces", None, {"metadata": {"name": "default"}})
        cluster = Cluster("1.32", self.api)
        found = {(ACCOUNT, REGION, NAME): cluster}
        self.facade = Facade(lambda *place: found.get(place), Tokens(TOKEN, self.clock, None))

    def scope(self, method: str, path: str, query: str, headers: dict[str, str]) -> dict[str, Any]:
        raw = [(key.encode(), value.encode()) for key, value in headers.items()]
        base = {"type": "http", "method": method, "path": BASE + path}
        return {**base, "query_string": query.encode(), "headers": raw}

    async def send(
        self,
        method: str,
        path: str,
        query: str = "",
        body: Any = None,
        *,
        token: str = TOKEN,
        **headers: str,
    ) -> tuple[int, Any]:
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        if token:
            given["authorization"] = f"Bearer {token}"
        sent: list[Any] = []
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        said_once: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        said_once.put_nowait({"type": "http.request", "body": data, "more_body": False})

        async def send(message: Any) -> None:
            sent.append(message)

        await self.facade(self.scope(method, path, query, given), said_once.get, send)
        answer = b"".join(message.get("body", b"") for message in sent[1:])
        return sent[0]["status"], json.loads(answer)

    async def watch(self, path: str, query: str, until: int, **headers: str) -> list[dict[str, Any]]:
        """Return the first events of a watch, then hang up."""
        lines: list[dict[str, Any]] = []
        enough = asyncio.Event()
        started = False

        async def receive() -> dict[str, Any]:
            nonlocal started
            if not started:
                started = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await enough.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            lines.extend(json.loads(line) for line in message.get("body", b"").splitlines())
            if len(lines) >= until:
                enough.set()

        given = {"authorization": f"Bearer {TOKEN}", **headers}
        scope = self.scope("GET", path, "watch=true&" + query, given)
        await asyncio.wait_for(self.facade(scope, receive, send), 5)
        return lines


@pytest.fixture
def client() -> Client:
    return Client()


def config_map(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels}}


async def begun() -> None:
    """Let a task that was just made come to its first wait."""
    for _ in range(10):
        await asyncio.sleep(0)


MAPS = "/api/v1/namespaces/default/configmaps"


def eks_token(clock: FakeClock, *, key: str = ACCOUNT, signed: str = "host;x-k8s-aws-id") -> str:
    date = clock.now().strftime("%Y%m%dT%H%M%SZ")
    url = (
        "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
        f"&X-Amz-Credential={key}%2F20260101%2Feu-west-1%2Fsts%2Faws4_request&X-Amz-Date={date}"
        f"&X-Amz-Expires=60&X-Amz-SignedHeaders={signed}&X-Amz-Signature=abc"
    )
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


async def test_a_request_without_a_token_is_unauthorized(client: Client) -> None:
    code, body = await client.send("GET", "/api/v1/nodes", token="")
    assert (code, body["kind"], body["reason"]) == (401, "Status", "Unauthorized")


async def test_the_version_needs_no_token(client: Client) -> None:
    code, body = await client.send("GET", "/version", token="")
    assert (code, body["major"], body["minor"]) == (200, "1", "32")


async def test_an_eks_token_of_the_account_opens_the_cluster(client: Client) -> None:
    assert (await client.send("GET", "/api/v1/nodes", token=eks_token(client.clock)))[0] == 200
    other = eks_token(client.clock, key="999999999999")
    assert (await client.send("GET", "/api/v1/nodes", token=other))[0] == 401
    unsigned = eks_token(client.clock, signed="host")
    assert (await client.send("GET", "/api/v1/nodes", token=unsigned))[0] == 401


async def test_an_old_eks_token_is_refused(client: Client) -> None:
    token = eks_token(client.clock)
    client.clock.advance(16 * 60)
    assert (await client.send("GET", "/api/v1/nodes", token=token))[0] == 401


async def test_unknown_clusters_and_resources_are_not_found(client: Client) -> None:
    code, body = await client.send("GET", "/api/v1/unicorns")
    assert (code, body["reason"]) == (404, "NotFound")


async def test_objects_are_created_read_changed_and_deleted(client: Client) -> None:
    code, body = await client.send("POST", MAPS, body=config_map("c"))
    assert code == 201
    code, body = await client.send("PUT", f"{MAPS}/c", body={**body, "data": {"a": "b"}})
    assert (code, body["data"]) == (200, {"a": "b"})
    code, body = await client.send(
        "PATCH", f"{MAPS}/c", body={"data": None}, content_type="application/merge-patch+json"
    )
    assert code == 200 and "data" not in body
    code, body = await client.send("DELETE", f"{MAPS}/c")
    assert (code, body["status"]) == (200, "Success")
    assert (await client.send("GET", f"{MAPS}/c"))[0] == 404


async def test_bodies_that_cannot_be_read_are_bad_requests(client: Client) -> None:
    assert (await client.send("POST", MAPS, body=b"{nonsense"))[0] == 400
    assert (await client.send("POST", MAPS, body=["list"]))[0] == 400


async def test_lists_come_in_pages(client: Client) -> None:
    for name in "abcde":
        await client.send("POST", MAPS, body=config_map(name))
    names, query = [], "limit=2"
    while True:
        _, body = await client.send("GET", MAPS, query)
        names += [item["metadata"]["name"] for item in body["items"]]
        if not body["metadata"].get("continue"):
            break
        query = f"limit=2&continue={body['metadata']['continue']}"
    assert names == list("abcde")


async def test_tables_have_the_columns_of_their_kind(client: Client) -> None:
    client.api.create("nodes", None, {"metadata": {"name": "n1"}, "spec": {"unschedulable": True}})
    _, body = await client.send("GET", "/api/v1/nodes", accept=TABLE)
    names = [column["name"] for column in body["columnDefinitions"] if column["priority"] == 0]
    assert (body["kind"], names) == ("Table", ["Name", "Status", "Roles", "Age", "Version"])
    assert body["rows"][0]["cells"][:2] == ["n1", "Unknown,SchedulingDisabled"]


async def test_discovery_publishes_the_eviction_and_scale_subresources(client: Client) -> None:
    _, core = await client.send("GET", "/api/v1")
    eviction = next(item for item in core["resources"] if item["name"] == "pods/eviction")
    assert (eviction["group"], eviction["version"], eviction["kind"]) == ("policy", "v1", "Eviction")
    _, apps = await client.send("GET", "/apis/apps/v1")
    assert "deployments/scale" in {item["name"] for item in apps["resources"]}


async def test_aggregated_discovery_is_given_to_who_asks(client: Client) -> None:
    form = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    _, body = await client.send("GET", "/apis", accept=form)
    assert body["kind"] == "APIGroupDiscoveryList"
    assert {"apps", "policy"} <= {item["metadata"]["name"] for item in body["items"]}


async def test_a_watch_goes_on_from_its_revision(client: Client) -> None:
    _, first = await client.send("POST", MAPS, body=config_map("a"))
    revision = first["metadata"]["resourceVersion"]
    watching = asyncio.create_task(client.watch(MAPS, f"resourceVersion={revision}", 3))
    await begun()
    await client.send("POST", MAPS, body=config_map("b"))
    await client.send("PUT", f"{MAPS}/b", body={**config_map("b"), "data": {"x": "y"}})
    await client.send("DELETE", f"{MAPS}/a")
    events = await watching
    seen = [(event["type"], event["object"]["metadata"]["name"]) for event in events]
    assert seen == [("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "a")]


async def test_what_leaves_a_selector_is_deleted_for_its_watch(client: Client) -> None:
    await client.send("POST", MAPS, body=config_map("a", tier="front"))
    watching = asyncio.create_task(client.watch(MAPS, "labelSelector=tier%3Dfront", 3))
    await begun()
    await client.send("PUT", f"{MAPS}/a", body=config_map("a", tier="back"))
    await client.send("POST", MAPS, body=config_map("other", tier="back"))
    await client.send("PUT", f"{MAPS}/a", body=config_map("a", tier="front"))
    assert [event["type"] for event in await watching] == ["ADDED", "DELETED", "ADDED"]


async def test_an_initial_list_by_watch_ends_with_a_bookmark(client: Client) -> None:
    await client.send("POST", MAPS, body=config_map("a"))
    query = "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    events = await client.watch(MAPS, query, 2)
    assert [event["type"] for event in events] == ["ADDED", "BOOKMARK"]
    assert events[1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_a_watch_from_before_the_history_is_gone(client: Client) -> None:
    client.api.store._floor["configmaps"] = 10**6
    code, body = await client.send("GET", MAPS, "watch=true&resourceVersion=2")
    assert (code, body["type"]) == (200, "ERROR")
    assert (body["object"]["code"], body["object"]["reason"]) == (410, "Expired")


async def test_watched_tables_name_their_columns_once(client: Client) -> None:
    await client.send("POST", MAPS, body=config_map("a"))
    await client.send("POST", MAPS, body=config_map("b"))
    events = await client.watch(MAPS, "", 2, accept=TABLE)
    assert [bool(event["object"]["columnDefinitions"]) for event in events] == [True, False]


async def test_logs_say_why_there_are_none(client: Client) -> None:
    spec = {"containers": [{"name": "c", "image": "web:1"}]}
    client.api.create("pods", "default", {"metadata": {"name": "p"}, "spec": spec})
    code, body = await client.send("GET", "/api/v1/namespaces/default/pods/p/log")
    assert code == 501 and "simulated" in body["message"]


async def test_events_show_the_fields_of_both_groups(client: Client) -> None:
    made = client.api.create("nodes", None, {"metadata": {"name": "n1"}})
    client.api.event(made, "Normal", "Starting", "hello", "kubelet")
    _, old = await client.send("GET", "/api/v1/events")
    _, new = await client.send("GET", "/apis/events.k8s.io/v1/events")
    assert old["items"][0]["message"] == new["items"][0]["note"] == "hello"
    assert new["items"][0]["regarding"]["name"] == "n1"
