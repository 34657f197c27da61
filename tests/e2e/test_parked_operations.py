"""An operation that hits a bug at every try, in a real process: it is parked, told everywhere, and left to a
person; nothing else waits for it."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.doorway import MODELS
from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service, running

pytestmark = pytest.mark.timeout(240)

BUGGY = """
import sys
from pathlib import Path
from nodeyard.flows import nodegroup
from nodeyard.model.status import NodegroupStatus
planted = Path(sys.argv.pop(1))
right = nodegroup.FLOWS[NodegroupStatus.CREATING]
async def buggy(visit):
    if planted.exists() and visit.group.name.startswith("bad"):
        with planted.open("a") as tries:
            tries.write("x")
        raise KeyError("planted")
    return await right(visit)
nodegroup.FLOWS[NodegroupStatus.CREATING] = buggy
from nodeyard.cli import main
main()
"""
"""A program with a bug in the creation of some groups, for as long as a file is there."""


@pytest.fixture
def bug(tmp_path: Path) -> Path:
    file = tmp_path / "bug"
    file.touch()
    return file


@pytest.fixture
def service(tmp_path: Path, bug: Path) -> Iterator[Service]:
    with running(tmp_path, program=("-c", BUGGY, str(bug))) as made:
        yield made


def _nodeyard(service: Service, *arguments: str) -> str:
    """Run the command line against the service and return what it printed."""
    command = [sys.executable, "-m", "nodeyard.cli", "operations", *arguments]
    command += ["--endpoint", service.endpoint, "--region", REGION]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=_environment()).stdout


def _ours(service: Service) -> Any:
    """Return a boto3 client of our own operations."""
    session = boto3.Session(ACCOUNT, "any", region_name=REGION)
    session._loader.search_paths.append(str(MODELS))
    return session.client("nodeyard", endpoint_url=service.endpoint)


def _environment() -> dict[str, str]:
    return {**os.environ, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "any", "COLUMNS": "300"}


def _metric(service: Service, name: str) -> float:
    with urllib.request.urlopen(f"{service.endpoint}/metrics") as answer:
        (line,) = [each for each in answer.read().decode().splitlines() if each.startswith(f"{name} ")]
    return float(line.split()[1])


def test_an_operation_that_hits_a_bug_at_every_try_is_parked_and_a_person_decides(
    service: Service, bug: Path
) -> None:
    yard.a_cluster(service)
    for name in ("bad-one", "bad-two"):
        yard.a_group(service, name, 0)
    yard.a_group(service, "good", 1)
    service.until(lambda: _metric(service, "nodeyard_reconcile_parked") == 2)
    service.until(lambda: yard.status(service, "good") == "ACTIVE")
    log = (service.folder / "service.log").read_text()
    assert log.count("an operation is parked until a person decides") == 2 and "KeyError: 'planted'" in log

    tries = bug.stat().st_size
    answered = _ours(service).list_failed_operations()["failedOperations"]
    told = {each["key"].rpartition("/")[2]: each for each in answered}
    states = {name: (each["parked"], each["error"]) for name, each in told.items()}
    assert states == dict.fromkeys(("bad-one", "bad-two"), (True, "KeyError: 'planted'"))
    listed = _nodeyard(service, "list")
    assert listed.count("parked") == 2 and "KeyError: 'planted'" in listed

    # It neither spins nor comes back by itself: whatever else happens, it is not tried.
    yard.a_group(service, "better", 1)
    service.until(lambda: yard.status(service, "better") == "ACTIVE")
    assert bug.stat().st_size == tries

    bug.unlink()
    _nodeyard(service, "retry", told["bad-one"]["key"])
    service.until(lambda: yard.status(service, "bad-one") == "ACTIVE")
    _nodeyard(service, "abandon", told["bad-two"]["key"])
    group = service.client("eks").describe_nodegroup(clusterName=yard.CLUSTER, nodegroupName="bad-two")
    (issue,) = group["nodegroup"]["health"]["issues"]
    assert (group["nodegroup"]["status"], issue["message"]) == ("CREATE_FAILED", "KeyError: 'planted'")
    assert "No operation fails" in _nodeyard(service, "list")
    assert _metric(service, "nodeyard_reconcile_parked") == 0
