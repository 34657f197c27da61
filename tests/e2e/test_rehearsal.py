"""A snapshot of a cluster over its API, a rehearsal, and then the real update: they agree."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from nodeyard import catalog
from tests.e2e import yard
from tests.e2e.service import Service

pytestmark = pytest.mark.timeout(300)

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
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)


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

    real = _updated(service)
    assert real["status"] == "Failed"
    assert real["errors"][0]["errorCode"] == answer["failure"]["code"]
    assert "PodDisruptionBudget default/web" in real["errors"][0]["errorMessage"]

    # The way out, taken for real.
    yard.set_budget(service, 1)
    assert _updated(service)["status"] == "Successful"


def test_a_kubeconfig_that_leads_nowhere_is_refused_in_one_sentence(tmp_path: Path) -> None:
    told = _nodeyard("snapshot", "--kubeconfig", str(tmp_path / "nothing"), "-o", str(tmp_path / "x"))
    assert told.returncode == 2
    assert "names no cluster that can be used" in told.stderr and told.stderr.count("\n") == 1
    assert not (tmp_path / "x").exists()
