"""Lists, selectors, pages, watches that are resumed, bookmarks and tables."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.contract.kubernetes_api.doors import HISTORY, MERGE, TABLE, Door, embedded

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


async def test_a_watch_from_before_what_is_known_is_told_to_begin_again(tmp_path: Path) -> None:
    """Of the embedded server only: a real one that just started has forgotten nothing."""
    async with embedded(tmp_path) as door:
        await door.make("configmaps", a_map("a"))
        for number in range(HISTORY + 1):
            await door.ask("PATCH", "configmaps/a", {"data": {"key": str(number)}}, kind=MERGE)
        ((kind, status),) = await door.watch("configmaps", 1, resourceVersion="1")
        first = await door.get("configmaps", limit="1")
        for number in range(HISTORY + 1):
            await door.ask("PATCH", "configmaps/a", {"data": {"key": f"{number} again"}}, kind=MERGE)
        token = first.body["metadata"]["continue"]
        assert (await door.get("configmaps", limit="1", **{"continue": token})).refusal == (410, "Expired")
    assert (kind, status["kind"], status["code"], status["reason"]) == ("ERROR", "Status", 410, "Expired")
    assert status["message"].startswith("too old resource version: 1 (")


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
