"""What the console says of what one types, without a browser: word for word what the API says of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.validate
import pytest
from botocore.exceptions import ClientError

from tests.browser import copied
from tests.browser.console import ROOT
from tests.contract.admission.test_create_nodegroup_refusals import asked
from tests.doorway import Doorway

RULES = ROOT / "web" / "src" / "parts" / "rules.ts"
CHANGED = ROOT / "web" / "src" / "pages" / "edit" / "changed.ts"
EACH = """
import { readFileSync } from "node:fs";
const module = await import(process.argv[1]);
const asked = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(([name, ...given]) => module[name](...given) ?? null)));
"""
LONG = "x" * 64
TAINT = {"key": "team", "value": "web", "effect": "NO_SCHEDULE"}
ROLE = "arn:aws:iam::111122223333:role"
NAMES = ("blue", "a" * 63, "a" * 64, "-a", "a_", "a.b", "", "9")
ROLES = ("x", f"{ROLE}/path/to/node", f"{ROLE}/{LONG}x", f"{ROLE}/")
MAPS: tuple[dict[str, str], ...] = (
    {"team": "web"},
    {"team": ""},
    {"": "web"},
    {"a": "b", LONG: "web"},
    {"example.com/" + "x" * 52: "web"},
    {"team": LONG},
    {"team": "-"},
    {"Example.com/team": "web"},
    {"kubernetes.io/": "web"},
    {"kubernetes.io/team": "web"},
    {"node.kubernetes.io/team": "web"},
    {"x.eks.amazonaws.com/team": "web"},
    {"aws:team": "web", "AWS:a": "web"},
    {"x" * 129: "web"},
    {"team": "x" * 257},
    {f"key{number}": "web" for number in range(50)},
    {f"key{number}": "web" for number in range(51)},
)
TAINTS: tuple[list[dict[str, str]], ...] = (
    [TAINT],
    [TAINT, TAINT | {"key": ""}],
    [TAINT | {"key": LONG}],
    [TAINT | {"value": LONG}],
    [TAINT | {"value": ""}],
    [TAINT | {"value": "-"}],
    [TAINT | {"key": "a/b/c"}],
    [TAINT, TAINT],
    [{"key": "eks.amazonaws.com/nodegroup", "value": "unschedulable", "effect": "NO_SCHEDULE"}],
    [TAINT | {"key": f"key{number}"} for number in range(51)],
)
SIZES = (
    (0, 1, 0),
    (0, 0, 0),
    (-1, 1, 0),
    (0, 1, -1),
    (2, 1, 3),
    (1, 2, 3),
    (0, 450, 0),
    (0, 451, 0),
    (0.5, 1, 1),
)
COUNTS = (-1, 0, 1, 1.5, 100, 101, 16384, 16385)
POOLS: tuple[dict[str, Any], ...] = (
    {"enabled": True, "minSize": 0, "maxGroupPreparedCapacity": 3},
    {"enabled": True, "minSize": -1, "maxGroupPreparedCapacity": 3},
    {"enabled": True, "minSize": 4, "maxGroupPreparedCapacity": 3},
    {"enabled": True, "minSize": 4, "maxGroupPreparedCapacity": -1},
    {"enabled": True, "minSize": 0, "maxGroupPreparedCapacity": -2},
    {"enabled": True, "minSize": 0, "poolState": "HIBERNATED", "reuseOnScaleIn": True},
)
NO_POOL = {"on": False, "minimum": "0", "prepared": "", "state": "STOPPED", "reuse": False}
POOLED = {
    "enabled": True,
    "minSize": 1,
    "maxGroupPreparedCapacity": -1,
    "poolState": "STOPPED",
    "reuseOnScaleIn": False,
}
Case = tuple[list[Any], dict[str, Any]]


def _sizes(least: float, most: float, desired: float) -> Case:
    typed = {"minimum": str(least), "maximum": str(most), "desired": str(desired)}
    sent = {"minSize": least, "maxSize": most, "desiredSize": desired}
    return ["sizes", typed, False], {"scalingConfig": sent}


def _pool(sent: dict[str, Any], ami_type: str, capacity_type: str) -> Case:
    typed = {
        "on": sent["enabled"],
        "minimum": str(sent["minSize"]),
        "prepared": str(sent.get("maxGroupPreparedCapacity", "")),
        "state": sent.get("poolState", "STOPPED"),
        "reuse": sent.get("reuseOnScaleIn", False),
    }
    members = {"warmPoolConfig": sent, "amiType": ami_type, "capacityType": capacity_type}
    return ["warmPool", typed, ami_type, capacity_type], members


def _pairs(items: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in items.items()]


CASES: list[Case] = [
    *((["nodegroupName", each], {"nodegroupName": each}) for each in NAMES),
    *((["roleArn", each], {"nodeRole": each}) for each in ROLES),
    *((["labels", _pairs(each)], {"labels": each}) for each in MAPS),
    *((["tags", _pairs(each)], {"tags": each}) for each in (*MAPS, {"x" * 128: "x" * 256})),
    *((["taints", each], {"taints": each}) for each in TAINTS),
    *(_sizes(*each) for each in SIZES),
    *(_pool(each, "AL2023_x86_64_STANDARD", "ON_DEMAND") for each in POOLS),
    _pool(POOLS[0], "AL2023_x86_64_STANDARD", "SPOT"),
    _pool(POOLS[5], "BOTTLEROCKET_x86_64", "ON_DEMAND"),
    _pool(POOLS[5] | {"poolState": "RUNNING"}, "BOTTLEROCKET_x86_64", "ON_DEMAND"),
    *((["disk", str(each)], {"diskSize": each}) for each in COUNTS),
    *((["unavailable", "number", str(each)], {"updateConfig": {"maxUnavailable": each}}) for each in COUNTS),
    *(
        (["unavailable", "percentage", str(each)], {"updateConfig": {"maxUnavailablePercentage": each}})
        for each in COUNTS
    ),
]
"""What the console judges, and the members with which the API is asked for the same."""


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doorway]:
    """A service, and a boto3 that sends it what it would not let pass itself."""
    report = botocore.validate.ValidationErrors()
    monkeypatch.setattr(botocore.validate.ParamValidator, "validate", lambda *_: report)
    made = Doorway(tmp_path)
    made.has_cluster()
    yield made
    made.close()


def _api(door: Doorway, client: Any, members: dict[str, Any]) -> str | None:
    """Return what the API refuses with, None when it does not. A role may not be there: that is no rule."""
    try:
        client.create_nodegroup(**asked(**members))
    except ClientError as error:
        text = error.response["Error"]["Message"]
        return None if text.endswith(" cannot be found.") else str(text)
    group = door.group(members.get("nodegroupName", "blue"))
    assert group is not None
    door.forget(group)
    return None


def test_the_console_says_what_the_api_says(door: Doorway, tmp_path: Path) -> None:
    said = copied.answered(RULES, EACH, [typed for typed, _ in CASES], tmp_path)
    client = door.client()
    for (typed, members), text in zip(CASES, said, strict=True):
        assert text == _api(door, client, members), typed
    assert {text is None for text in said} == {True, False}


def test_what_is_no_number_or_there_twice_is_not_taken_for_something_else(tmp_path: Path) -> None:
    """An empty field is not 0, by which a node group would lose its nodes; a key keeps one of two values."""
    typed = {"minimum": "0", "maximum": "2", "desired": "2"}
    twice = _pairs({"team": "web"}) + _pairs({"team": "shop"})
    asked_for = [
        *(["sizes", typed | {size: text}, True] for size in typed for text in ("", "1e3", "2.5", " ")),
        ["unavailable", "number", ""],
        ["disk", ""],
        ["labels", twice],
        ["tags", twice],
    ]
    said = copied.answered(RULES, EACH, asked_for, tmp_path)
    numbers, (label, tag) = said[:-2], said[-2:]
    assert all(text.endswith("must be a whole number") for text in numbers)
    assert (label, tag) == ("Label team is listed twice", "Tag team is listed twice")


def test_only_what_one_edited_is_sent(tmp_path: Path) -> None:
    """An autoscaler may have moved the sizes that one did not touch."""
    group = {
        "scalingConfig": {"minSize": 0, "maxSize": 4, "desiredSize": 2},
        "updateConfig": {"maxUnavailable": 1},
        "labels": {"team": "web", "old": "1"},
        "tags": {"a": "1"},
    }
    edited = {
        "sizes": {"minimum": "0", "maximum": "4", "desired": "2"},
        "labels": _pairs({"team": "web", "old": "1"}),
        "taints": [],
        "unavailable": {"kind": "number", "text": "1"},
        "strategy": "DEFAULT",
        "repair": False,
        "pool": NO_POOL,
        "tags": _pairs({"a": "1"}),
    }
    larger = edited | {"sizes": {"minimum": "0", "maximum": "9", "desired": "2"}}
    pooled = edited | {"pool": NO_POOL | {"on": True, "minimum": "1"}}
    other = edited | {"labels": _pairs({"team": "shop"}), "tags": []}
    found = copied.answered(
        CHANGED, EACH, [["changed", group, each] for each in (edited, larger, other, pooled)], tmp_path
    )
    labels = {"addOrUpdateLabels": {"team": "shop"}, "removeLabels": ["old"]}
    assert found == [
        {"tags": {}, "removedTags": []},
        {"config": {"scalingConfig": {"maxSize": 9}}, "tags": {}, "removedTags": []},
        {"config": {"labels": labels}, "tags": {}, "removedTags": ["a"]},
        {"config": {"warmPoolConfig": POOLED}, "tags": {}, "removedTags": []},
    ]
