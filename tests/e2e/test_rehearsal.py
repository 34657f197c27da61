"""A snapshot of a cluster over its API, a rehearsal, and then the real update: they agree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from nodeyard import catalog
from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service

pytestmark = pytest.mark.timeout(540)

OLD = catalog.default().releases("AL2023_x86_64_STANDARD", "1.33")[0].release_version


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    made.start()
    yard.a_cluster(made, "1.33")
    yard.a_group(made, "blue", 2, releaseVersion=OLD)
    made.until(lambda: yard.status(made, "blue") == "ACTIVE")
    yield made
    made.kill()


def _nodeyard(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nodeyard.cli", *arguments]
    keys = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "any"}
    environment = {**os.environ, **keys}
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False, env=environment)


def _kubeconfig(service: Service, folder: Path) -> Path:
    cluster = service.client("eks").describe_cluster(name=yard.CLUSTER)["cluster"]
    token = (service.folder / "data" / "kubernetes" / "pki" / "internal.token").read_text()
    place = {
        "server": cluster["endpoint"],
        "certificate-authority-data": cluster["certificateAuthority"]["data"],
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "demo",
        "clusters": [{"name": "demo", "cluster": place}],
        "users": [{"name": "us", "user": {"token": token}}],
        "contexts": [{"name": "demo", "context": {"cluster": "demo", "user": "us"}}],
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(config))
    return path


def _updated(service: Service) -> dict[str, Any]:
    """Update the group and return the update at its end."""
    eks = service.client("eks")
    began = eks.update_nodegroup_version(clusterName=yard.CLUSTER, nodegroupName="blue")["update"]["id"]

    def now() -> dict[str, Any]:
        found = eks.describe_update(name=yard.CLUSTER, nodegroupName="blue", updateId=began)
        return dict(found["update"])

    service.until(lambda: now()["status"] != "InProgress")
    return now()


def test_what_was_rehearsed_on_a_snapshot_happens(service: Service, tmp_path: Path) -> None:
    yard.a_workload(service, 2, available=2)
    file = tmp_path / "cluster.json.zst"
    taken = _nodeyard("snapshot", "--kubeconfig", str(_kubeconfig(service, tmp_path)), "-o", str(file))
    assert taken.returncode == 0, taken.stderr
    assert "eks.amazonaws.com/nodegroup=blue (2)" in taken.stdout
    assert b"nginx" not in zstandard.ZstdDecompressor().decompress(file.read_bytes())

    rehearse = ["rehearse", "--snapshot", str(file), "--group", "blue", "--runs", "2"]
    told = _nodeyard(*rehearse, "--format", "json", "--exit-code")
    assert told.returncode == 3, told.stderr
    answer = json.loads(told.stdout)
    assert answer["failure"]["code"] == "PodEvictionFailure"
    assert "default/web" in {each["budget"] for each in answer["blockers"] if each["fatal"]}
    assert answer["lacking"] == []
    ways = [each["changes"] for each in answer["waysOut"]]
    assert ["set maxUnavailable of budget default/web to 1 instead of minAvailable 2"] in ways

    insights = _insights(service)
    real = _updated(service)
    assert real["status"] == "Failed"
    assert real["errors"][0]["errorCode"] == answer["failure"]["code"]
    assert "PodDisruptionBudget default/web" in real["errors"][0]["errorMessage"]

    scored = _scored(service, real["id"])
    assert (scored["foretold"], scored["came"]) == (False, False)
    assert scored["budgetsForetold"] == scored["budgetsCame"] == ["default/web"]
    _judge(service, insights)
    # The failed update left its nodes as they were; what is found after it is found on them.
    again = _refreshed(service)
    _judge(service, again)
    assert {each["id"] for each in again} == {each["id"] for each in insights}
    for before, after in zip(_by_id(insights), _by_id(again), strict=True):
        assert after["lastRefreshTime"] > before["lastRefreshTime"]
    there = ("--cluster", yard.CLUSTER, "--endpoint", service.endpoint, "--region", REGION)
    told = _nodeyard("rehearse", *there, "--group", "blue", "--runs", "1", "--no-ways-out", "--exit-code")
    assert told.returncode == 3 and "FAILS" in told.stdout, told.stderr

    # The way out, taken for real.
    yard.set_budget(service, 1)
    assert _updated(service)["status"] == "Successful"


def _scored(service: Service, update: str) -> dict[str, Any]:
    """Return what is said of the rehearsal that the service made of an update by itself."""
    place = ("--cluster", yard.CLUSTER, "--endpoint", service.endpoint, "--region", REGION)
    found: dict[str, Any] = {}

    def there() -> bool:
        told = _nodeyard("rehearse", "score", *place, "--json")
        assert told.returncode == 0, told.stderr
        for line in told.stdout.splitlines():
            if line.startswith("{"):
                each = json.loads(line)
                found.update(each if each.get("updateId") == update else {})
        return bool(found)

    service.until(there)
    return found


def _insights(service: Service) -> list[dict[str, Any]]:
    """Have insights made while the budget blocks, and return them in full."""
    eks = service.client("eks")
    assert eks.list_insights(clusterName=yard.CLUSTER)["insights"] == []
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.describe_insights_refresh(clusterName=yard.CLUSTER)
    return _refreshed(service)


def _refreshed(service: Service) -> list[dict[str, Any]]:
    """Have insights made anew, and return them in full."""
    eks = service.client("eks")
    assert eks.start_insights_refresh(clusterName=yard.CLUSTER)["status"] == "IN_PROGRESS"
    service.until(
        lambda: eks.describe_insights_refresh(clusterName=yard.CLUSTER)["status"] != "IN_PROGRESS",
        limit_s=200,
    )
    ended = eks.describe_insights_refresh(clusterName=yard.CLUSTER)
    reasons = [
        each["insightStatus"]["reason"] for each in eks.list_insights(clusterName=yard.CLUSTER)["insights"]
    ]
    assert ended["status"] == "COMPLETED", reasons
    assert ended["endedAt"] >= ended["startedAt"]
    pages = eks.get_paginator("list_insights").paginate(
        clusterName=yard.CLUSTER, PaginationConfig={"PageSize": 1}
    )
    listed = [each for page in pages for each in page["insights"]]
    assert len(listed) == 4 and len({each["id"] for each in listed}) == 4
    found = [eks.describe_insight(clusterName=yard.CLUSTER, id=each["id"])["insight"] for each in listed]
    for summary, full in zip(listed, found, strict=True):
        assert summary.items() <= full.items()
    return found


def _by_id(insights: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(insights, key=lambda each: str(each["id"]))


def _judge(service: Service, found: list[dict[str, Any]]) -> None:
    """Hold insights that were made while the budget blocked against what they must say."""
    eks = service.client("eks")
    by_name = {each["name"]: each for each in found}
    update = by_name["Version update of node group blue"]
    assert update["insightStatus"]["status"] == "ERROR" and update["category"] == "UPGRADE_READINESS"
    assert "PodDisruptionBudget default/web" in update["insightStatus"]["reason"]
    assert "set maxUnavailable of budget default/web to 1" in update["recommendation"]
    assert update["resources"][0]["arn"].split("/")[1:3] == [yard.CLUSTER, "blue"]
    evictions = by_name["Evictions in node group blue"]
    uris = {each["kubernetesResourceUri"] for each in evictions["resources"]}
    assert f"{yard.BUDGETS}/web" in uris
    for wanted, expected in (
        ({"statuses": ["ERROR"]}, {"ERROR"}),
        ({"statuses": ["UNKNOWN"]}, set()),
        ({"categories": ["MISCONFIGURATION"]}, set()),
        ({"kubernetesVersions": ["1.33"], "statuses": ["PASSING"]}, {"PASSING"}),
    ):
        listed = eks.list_insights(clusterName=yard.CLUSTER, filter=wanted)["insights"]
        assert {each["insightStatus"]["status"] for each in listed} == expected
    with pytest.raises(eks.exceptions.ResourceNotFoundException, match="No insight found with ID: nothing"):
        eks.describe_insight(clusterName=yard.CLUSTER, id="nothing")


def test_a_kubeconfig_that_leads_nowhere_is_refused_in_one_sentence(tmp_path: Path) -> None:
    told = _nodeyard("snapshot", "--kubeconfig", str(tmp_path / "nothing"), "-o", str(tmp_path / "x"))
    assert told.returncode == 2
    assert "names no cluster that can be used" in told.stderr and told.stderr.count("\n") == 1
    assert not (tmp_path / "x").exists()
