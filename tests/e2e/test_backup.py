"""A backup that is made while everything runs, put into an empty place of the other kind: all goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import yard
from tests.e2e.service import Service, running
from tests.e2e.serving import Yard
from tests.postgres import Postgres

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Service]:
    with running(tmp_path, "--speed", "40") as made:
        yield made


def _nodeyard(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "nodeyard.cli", *arguments], check=True, capture_output=True)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_operations_go_on_in_the_place_that_a_backup_was_restored_into(
    kind: str, tmp_path: Path, postgres: Postgres, world: Service
) -> None:
    places = [f"sqlite:///{tmp_path}/records.sqlite", postgres.new_database()]
    origin, target = places if kind == "sqlite" else reversed(places)
    file = tmp_path / "yard.backup"
    served = Yard(tmp_path, origin, world, role="all")
    try:
        (first,) = served.processes
        served.cluster()
        served.group("old", 1)
        served.until(lambda: served.status("old") == "ACTIVE")
        served.group("blue", 2)
        served.until(lambda: first.proxy.acts().count("CreateLaunchTemplate") == 2)
        _nodeyard("backup", str(file), "--database-url", origin)
        # The original works on for a while: the account knows more than the backup does.
        served.until(lambda: first.proxy.acts().count("CreateAutoScalingGroup") == 2)
        first.signal(signal.SIGKILL)

        _nodeyard("restore", str(file), "--database-url", target)
        served.move_to(target, role="all")
        served.until(lambda: served.status("blue") == "ACTIVE")
        wanted = {"groups": 2, "templates": 2, "profiles": 2, "instances": 3}
        served.until(lambda: yard.made(world) == wanted)
        for name in ("old", "blue"):
            served.eks.delete_nodegroup(clusterName=yard.CLUSTER, nodegroupName=name)
        served.until(lambda: not served.status("old") and not served.status("blue"))
        assert set(yard.made(world).values()) == {0}
    finally:
        served.end()
