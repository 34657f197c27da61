"""Lists, selectors, pages, watches that are resumed, bookmarks and tables."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.contract.kubernetes_api.doors import MERGE, TABLE, Door

Obj = dict[str, Any]


def a_map(name: str, **labels: str) -> Obj:
    return {"metadata": {"name": name, "labels": labels}, "data": {"key": name}}


def a_pod(name: str, **spec: Any) -> Obj:
    return {
        "metadata": {"name": name, "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": "app:1"}], **spec},
    }


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("tier=front", ["a"]),
        ("tier==front", ["a"]),
        ("tier!=front", ["b", "c"]),
        ("tier", ["a", "b"]),
        ("!tier", ["c"]),
        ("tier in (front,back)", ["a", "b"]),
        ("tier notin (back)", ["a", "c"]),
        ("tier=front,zone=x", ["a"]),
        ("tier=front,zone=y", []),
    ],
)
async def test_labels_select(door: Door, selector: str, names: list[str]) -> None:
    for each in (a_map("a", tier="front", zone="x"), a_map("b", tier="back", zone="y"), a_map("c", own="1")):
        await door.make("configmaps", each)
    found = await door.get("configmaps", labelSelector=selector)
    assert [each for each in found.names if each != "kube-root-ca.crt"] == names


async def test_fields_select_and_what_cannot_be_selected_is_refused(door: Door) -> None:
    for name in ("a", "b"):
        await door.make("pods", a_pod(name, nodeName=f"{door.space}-{name}"))
    assert (await door.get("pods", fieldSelector="metadata.name=a")).names == ["a"]
    assert (await door.get("pods", fieldSelector="metadata.name!=a")).names == ["b"]
    assert (await door.get("/api/v1/pods", fieldSelector=f"spec.nodeName={door.space}-b")).names == ["b"]
    both = f"metadata.namespace={door.space},spec.nodeName={door.space}-a"
    assert (await door.get("/api/v1/pods", fieldSelector=both)).names == ["a"]
    for selector in ("spec.image=x", "nothing"):
        assert (await door.get("pods", fieldSelector=selector)).refusal == (400, "BadRequest")
    assert (await door.get("pods", labelSelector="a=b=c")).refusal == (400, "BadRequest")


async def test_a_list_comes_in_pages_that_show_one_instant(door: Door) -> None:
    for name in "abcde":
        await door.make("configmaps", a_map(name, one="list"))
    first = await door.get("configmaps", limit="2", labelSelector="one=list")
    assert first.names == ["a", "b"]
    await door.make("configmaps", a_map("aa", one="list"))
    await door.make("configmaps", a_map("cc", one="list"))
    await door.ask("DELETE", "configmaps/e")
    found, page = list(first.names), first
    while token := page.body["metadata"].get("continue"):
        page = await door.get("configmaps", limit="2", labelSelector="one=list", **{"continue": token})
        assert page.version == first.version
        found += page.names
    assert found == ["a", "b", "c", "d", "e"]
    assert (await door.get("configmaps", limit="2", **{"continue": "nonsense"})).refusal == (
        400,
        "BadRequest",
    )
    unselected = await door.get("configmaps", limit="2")
    total = len((await door.get("configmaps")).names)
    assert unselected.body["metadata"]["remainingItemCount"] == total - 2
    assert "remainingItemCount" not in first.body["metadata"]


async def test_a_watch_goes_on_from_where_a_list_was(door: Door) -> None:
    await door.make("configmaps", a_map("a"))
    listed = await door.get("configmaps")
    await door.make("configmaps", a_map("b"))
    await door.ask("PATCH", "configmaps/a", {"data": {"key": "new"}}, kind=MERGE)
    await door.ask("DELETE", "configmaps/b")
    events = await door.watch("configmaps", 3, resourceVersion=listed.version)
    assert [(kind, each["metadata"]["name"]) for kind, each in events] == [
        ("ADDED", "b"),
        ("MODIFIED", "a"),
        ("DELETED", "b"),
    ]
    versions = [int(each["metadata"]["resourceVersion"]) for _, each in events]
    assert versions == sorted(versions) and versions[0] > int(listed.version)
    resumed = await door.watch("configmaps", 1, resourceVersion=str(versions[1]))
    assert (resumed[0][0], resumed[0][1]["metadata"]["resourceVersion"]) == ("DELETED", str(versions[2]))


async def test_a_watch_without_a_version_begins_with_what_is_there(door: Door) -> None:
    for name in ("a", "b"):
        await door.make("configmaps", a_map(name, mine="1"))
    events = await door.watch("configmaps", 2, labelSelector="mine")
    assert sorted((kind, each["metadata"]["name"]) for kind, each in events) == [
        ("ADDED", "a"),
        ("ADDED", "b"),
    ]


async def test_a_selected_watch_tells_of_what_comes_into_sight_and_goes_out_of_it(door: Door) -> None:
    await door.make("configmaps", a_map("a", tier="front"))
    listed = await door.get("configmaps", labelSelector="tier=front")
    for tier in ("back", "front"):
        await door.ask("PATCH", "configmaps/a", {"metadata": {"labels": {"tier": tier}}}, kind=MERGE)
    events = await door.watch("configmaps", 2, labelSelector="tier=front", resourceVersion=listed.version)
    assert [kind for kind, _ in events] == ["DELETED", "ADDED"]
    pod = await door.make("pods", a_pod("p"))
    path = f"{door.space}-x"
    watching = asyncio.create_task(
        door.watch(
            "pods",
            1,
            fieldSelector=f"spec.nodeName={path}",
            resourceVersion=pod["metadata"]["resourceVersion"],
        )
    )
    await door.make("pods", a_pod("q", nodeName=path))
    ((kind, found),) = await watching
    assert (kind, found["metadata"]["name"]) == ("ADDED", "q")


async def test_bookmarks_say_where_the_first_events_end(door: Door) -> None:
    await door.make("configmaps", a_map("a", mine="1"))
    events = await door.watch(
        "configmaps",
        2,
        labelSelector="mine",
        allowWatchBookmarks="true",
        sendInitialEvents="true",
        resourceVersionMatch="NotOlderThan",
    )
    assert [kind for kind, _ in events] == ["ADDED", "BOOKMARK"]
    mark = events[1][1]["metadata"]
    assert mark["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(mark["resourceVersion"]) >= int(events[0][1]["metadata"]["resourceVersion"])


def an_event(door: Door, name: str) -> Obj:
    about = {"kind": "Pod", "name": "p", "namespace": door.space}
    return {"metadata": {"name": name}, "involvedObject": about, "reason": "Seen", "type": "Normal"}


async def test_what_is_forgotten_is_gone_and_a_list_may_go_on_without_it(door: Door) -> None:
    """With events, because a real server keeps no cache of them that would still know."""
    for name in "abc":
        await door.make("events", an_event(door, name))
    first = await door.get("events", limit="1")
    await door.ask("DELETE", "events/b")
    await door.forgets("events/a")

    old = await door.get("events", limit="1", **{"continue": first.body["metadata"]["continue"]})
    assert old.refusal == (410, "Expired")
    assert old.body["message"].startswith("The provided continue parameter is too old to display a consist")
    assert (await door.get("events", **{"continue": old.body["metadata"]["continue"]})).names == ["c"]

    exact = await door.get("events", resourceVersion="1", resourceVersionMatch="Exact")
    assert exact.refusal == (410, "Expired")
    assert exact.body["message"] == "The resourceVersion for the provided list is too old."

    ((kind, status),) = await door.watch("events", 1, resourceVersion="1")
    assert (kind, status["kind"], status["code"], status["reason"]) == ("ERROR", "Status", 410, "Expired")
    assert status["metadata"] == {}
    assert "too old" in status["message"]


async def test_a_list_shows_the_version_that_is_asked_for(door: Door) -> None:
    await door.make("configmaps", a_map("a", mine="1"))
    then = (await door.get("configmaps", labelSelector="mine")).version
    await door.make("configmaps", a_map("b", mine="1"))
    asked = {"labelSelector": "mine", "resourceVersion": then}
    exact = await door.get("configmaps", resourceVersionMatch="Exact", **asked)
    assert (exact.names, exact.version) == (["a"], then)
    for match in ({"resourceVersionMatch": "NotOlderThan"}, {}):
        assert (await door.get("configmaps", **match, **asked)).names == ["a", "b"]


@pytest.mark.parametrize(
    "asked",
    [
        "resourceVersion=99999999",
        "resourceVersion=x",
        "resourceVersionMatch=Exact",
        "resourceVersion=1&resourceVersionMatch=Near",
        "resourceVersion=0&resourceVersionMatch=Exact",
        "limit=x",
        "continue=x",
    ],
)
async def test_a_list_that_cannot_be_is_refused_alike(
    door: Door, asked: str, told: dict[tuple[str, bool], Any]
) -> None:
    answer = await door.get("configmaps", **dict(parse_qsl(asked)))
    body = {key: value for key, value in answer.body.items() if key != "message" or "=x" not in asked}
    if "message" in body:
        body["message"] = re.sub(r"current: \d+", "current: N", body["message"])
    told[asked, door.real] = answer.status, body
    if (asked, not door.real) in told:
        assert told[asked, False] == told[asked, True]


PLURALS = ["pods", "configmaps", "services", "serviceaccounts", "events", "apps/v1:deployments"]
PLURALS += ["apps/v1:replicasets", "apps/v1:statefulsets", "apps/v1:daemonsets", "batch/v1:jobs"]
PLURALS += ["policy/v1:poddisruptionbudgets", "/api/v1/nodes", "/api/v1/namespaces"]


@pytest.fixture(scope="session")
def columns() -> dict[tuple[str, bool], list[tuple[str, int]]]:
    """What each server's tables have, to compare them once both were asked."""
    return {}


@pytest.mark.parametrize("path", PLURALS)
async def test_tables_have_the_same_columns(
    door: Door, path: str, columns: dict[tuple[str, bool], list[tuple[str, int]]]
) -> None:
    answer = await door.ask("GET", path, accept=TABLE)
    assert (answer.body["kind"], answer.body["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    columns[path, door.real] = [(each["name"], each["priority"]) for each in answer.body["columnDefinitions"]]
    if (path, not door.real) in columns:
        assert columns[path, False] == columns[path, True]


async def test_the_row_of_a_pod_says_what_kubectl_shows(door: Door) -> None:
    await door.make("pods", a_pod("p"))
    answer = await door.ask("GET", "pods", accept=TABLE)
    (row,) = answer.body["rows"]
    assert row["cells"][:4] == ["p", "0/1", "Pending", "0"]
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["object"]["metadata"]["name"] == "p"
