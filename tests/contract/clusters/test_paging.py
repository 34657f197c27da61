"""Lists, page by page, by boto3's own paginators: one a page and a hundred a page give the same."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.doorway import Doorway
from tests.nouns import a_nodegroup, an_update


def paged(door: Doorway, operation: str, key: str, size: int, **members: Any) -> tuple[list[Any], int]:
    """Return everything, and how many pages it took."""
    pages = list(
        door.client().get_paginator(operation).paginate(**members, PaginationConfig={"PageSize": size})
    )
    assert all(len(page[key]) <= size for page in pages)
    return [item for page in pages for item in page[key]], len(pages)


@pytest.mark.parametrize("size", [1, 100])
def test_node_groups(door: Doorway, size: int) -> None:
    names = [f"group-{n:03}" for n in range(103)]
    door.has(*(a_nodegroup(name=name) for name in names))
    found, pages = paged(door, "list_nodegroups", "nodegroups", size, clusterName="prod")
    assert (found, pages) == (names, -(-103 // size))
    assert len(door.client().list_nodegroups(clusterName="prod")["nodegroups"]) == 100


@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize("nodegroup", [None, "blue"])
def test_updates_newest_first(door: Doorway, size: int, nodegroup: str | None) -> None:
    door.has(a_nodegroup())
    for n in range(5):
        door.has(an_update(id=f"u-{n}", nodegroup=nodegroup))
    more = {} if nodegroup is None else {"nodegroupName": nodegroup}
    found, pages = paged(door, "list_updates", "updateIds", size, name="prod", **more)
    assert (found, pages) == ([f"u-{n}" for n in (4, 3, 2, 1, 0)], -(-5 // size))


@pytest.mark.parametrize("size", [1, 100])
def test_clusters(door: Doorway, size: int) -> None:
    for n in range(3):
        door.has_cluster(name=f"c-{n}")
    found, _ = paged(door, "list_clusters", "clusters", size)
    assert found == ["c-0", "c-1", "c-2", "prod"]


@pytest.mark.parametrize("size", [1, 100])
def test_cluster_versions(door: Doorway, size: int) -> None:
    found, pages = paged(door, "describe_cluster_versions", "clusterVersions", size, includeAll=True)
    minors = [each["clusterVersion"] for each in found]
    assert minors == [f"1.{n}" for n in range(36, 13, -1)]
    assert pages == -(-23 // size)


def test_a_page_stays_right_when_items_come_and_go(door: Doorway) -> None:
    client = door.client()
    door.has(*(a_nodegroup(name=name) for name in "bdf"))
    first = client.list_nodegroups(clusterName="prod", maxResults=1)
    door.has(a_nodegroup(name="a"), a_nodegroup(name="c"))
    second = client.list_nodegroups(clusterName="prod", maxResults=1, nextToken=first["nextToken"])
    assert (first["nodegroups"], second["nodegroups"]) == (["b"], ["c"])


@pytest.mark.parametrize("token", ["x", "!!", "djE6", "djE6LTE6YQ==", "é"])
def test_a_token_of_somebody_else_is_refused(door: Doorway, token: str) -> None:
    with pytest.raises(ClientError, match="nextToken is not valid") as error:
        door.client().list_clusters(nextToken=token)
    assert error.value.response["Error"]["Code"] == "InvalidParameterException"


@pytest.mark.parametrize(
    ("size", "bound"), [(0, "greater than or equal to 1"), (101, "less than or equal to 100")]
)
def test_a_page_size_out_of_bounds_is_refused(door: Doorway, size: int, bound: str) -> None:
    status, headers, body = door.send("GET", f"/clusters?maxResults={size}")
    assert (status, headers["x-amzn-errortype"]) == (400, "InvalidParameterException")
    assert f"Value '{size}' at 'maxResults' failed to satisfy constraint: Member must have value {bound}" in (
        body.decode()
    )


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [f"1.{n}" for n in range(36, 28, -1)]),
        ({"defaultOnly": True}, ["1.34"]),
        ({"clusterVersions": ["1.14", "1.33"]}, ["1.33", "1.14"]),
        ({"versionStatus": "EXTENDED_SUPPORT"}, ["1.31", "1.30", "1.29"]),
        ({"status": "extended-support"}, ["1.31", "1.30", "1.29"]),
        ({"versionStatus": "STANDARD_SUPPORT"}, ["1.36", "1.35", "1.34", "1.33", "1.32"]),
        ({"clusterType": "eks-local-outposts"}, []),
        ({"clusterType": "eks", "clusterVersions": ["9.9"]}, []),
    ],
    ids=str,
)
def test_cluster_versions_are_filtered(door: Doorway, filters: dict[str, Any], expected: list[str]) -> None:
    """The clock of these tests stands at 2026-01-01."""
    found = door.client().describe_cluster_versions(**filters)["clusterVersions"]
    assert [each["clusterVersion"] for each in found] == expected


def test_both_spellings_of_a_version_status_say_the_same(door: Doorway) -> None:
    found = door.client().describe_cluster_versions(includeAll=True)["clusterVersions"]
    spelled = {(each["status"], each["versionStatus"]) for each in found}
    assert spelled == {
        ("standard-support", "STANDARD_SUPPORT"),
        ("extended-support", "EXTENDED_SUPPORT"),
        ("unsupported", "UNSUPPORTED"),
    }
    assert [each["clusterVersion"] for each in found if each["defaultVersion"]] == ["1.34"]
