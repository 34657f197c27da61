"""What the outside does to `nodeyard serve`: a database that goes, a disk that fills up, clocks that jump,
an AWS that fails. Operations wait and go on, callers are told in the words of EKS, nothing told is lost."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import botocore.config
import pytest
from botocore.exceptions import ClientError

from tests.e2e import yard
from tests.e2e.service import Service, running
from tests.e2e.serving import Yard
from tests.postgres import Postgres, postgres_of_its_own
from tests.proxy import is_act
from tests.relay import Relay

pytestmark = pytest.mark.timeout(400)

MEANWHILE = {"ServiceUnavailableException", "ServerException"}
SMALL = 4 << 20
NOTHING = {"groups": 0, "templates": 0, "profiles": 0, "instances": 0}
ONCE = botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=60)

JUMPING = """
import sys
from datetime import timedelta
from pathlib import Path
from nodeyard.drivers.system.clocks import ScaledClock
right, jump = ScaledClock.wall, Path(sys.argv.pop(1))
ScaledClock.wall = lambda self: right(self) + timedelta(hours=float(jump.read_text()))
from nodeyard.cli import main
main()
"""
"""A program whose wall clock is wrong by as many hours as a file says."""

IMPATIENT = """
from dataclasses import replace
from nodeyard.app import serve
reach = serve._reach
serve._reach = lambda settings: replace(reach(settings), read_timeout_s=0.7)
from nodeyard.cli import main
main()
"""
"""A program that waits for an answer of AWS for less than a second, not a minute."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Service]:
    with running(tmp_path, "--speed", "40") as made:
        yield made


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    with postgres_of_its_own() as server:
        yield server


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small file system cannot be mounted here: that needs root and tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


class Asker:
    """Asks for groups whatever happens, and remembers which of them were promised."""

    def __init__(self, served: Yard) -> None:
        self._served = served
        self._eks = served.processes[0].eks(ONCE)
        self._asked = 0
        self.promised: list[str] = []
        self.refused: Counter[str] = Counter()

    def ask(self) -> None:
        self._asked += 1
        name = f"group-{self._asked}"
        try:
            self._served.group(name, 0, self._eks)
        except ClientError as error:
            self.refused[error.response["Error"]["Code"]] += 1
        else:
            self.promised.append(name)

    def all_kept(self) -> bool:
        """Tell whether every promised group is there and done, and none beside them but those asked for."""
        there = self._served.eks.list_nodegroups(clusterName=yard.CLUSTER)["nodegroups"]
        done = all(self._served.status(name) == "ACTIVE" for name in there)
        return done and set(self.promised) <= set(there)


def test_a_postgresql_that_is_started_again_loses_nothing(
    tmp_path: Path, own_postgres: Postgres, world: Service
) -> None:
    served = Yard(tmp_path, own_postgres, world)
    try:
        worker = served.process("worker")
        served.cluster()
        asker = Asker(served)
        asker.ask()
        served.until(lambda: bool(worker.proxy.acts()))
        own_postgres.stop()
        asker.ask()
        asker.ask()
        own_postgres.start()
        assert asker.refused and set(asker.refused) <= MEANWHILE
        asker.ask()
        served.until(asker.all_kept)
        assert len(asker.promised) >= 2
    finally:
        served.end()


def test_a_disk_that_is_full_for_a_while_loses_nothing(
    tmp_path: Path, small_disk: Path, world: Service
) -> None:
    served = Yard(tmp_path, f"sqlite:///{small_disk}/nodeyard.sqlite", world, role="all")
    try:
        served.cluster()
        asker = Asker(served)
        asker.ask()
        served.until(asker.all_kept)
        filler = small_disk / "filler"
        _fill(filler)
        while not asker.refused:  # what is left in the journal's blocks may still take some
            asker.ask()
        assert set(asker.refused) <= MEANWHILE
        assert served.status("group-1") == "ACTIVE"  # what is there can be read
        filler.unlink()
        asker.ask()
        assert len(asker.promised) >= 2
        served.until(asker.all_kept)
        assert served.processes[0].popen.poll() is None
    finally:
        served.end()


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as out:
        for size in (1 << 16, 1 << 10, 1):
            try:
                while True:
                    out.write(b"\0" * size)
            except OSError:
                continue


def _set(jump: Path, hours: str) -> None:
    """Change the file in one step: a worker reads it all the time."""
    draft = jump.with_suffix(".draft")
    draft.write_text(hours)
    draft.replace(jump)


def test_a_worker_whose_clock_jumps_goes_on(tmp_path: Path, postgres: Postgres, world: Service) -> None:
    jump = tmp_path / "hours"
    _set(jump, "0")
    served = Yard(tmp_path, postgres, world)
    try:
        worker = served.process("worker", program=("-c", JUMPING, str(jump)))
        served.cluster()
        served.group("blue", 1)
        served.until(lambda: "CreateAutoScalingGroup" in worker.proxy.calls)
        _set(jump, "1")
        served.until(lambda: served.whole("blue", 1))
        served.eks.delete_nodegroup(clusterName=yard.CLUSTER, nodegroupName="blue")
        served.until(lambda: "DeleteAutoScalingGroup" in worker.proxy.calls or served.status("blue") == "")
        _set(jump, "-1")
        served.until(lambda: served.status("blue") == "")
        assert yard.made(world) == NOTHING
    finally:
        served.end()


def test_a_process_that_starts_with_an_earlier_date_goes_on(tmp_path: Path, world: Service) -> None:
    jump = tmp_path / "hours"
    _set(jump, "0")
    served = Yard(tmp_path, f"sqlite:///{tmp_path}/own.sqlite", world, role="all")
    try:
        served.cluster()
        served.group("blue", 1)
        served.until(lambda: "CreateAutoScalingGroup" in served.processes[0].proxy.calls)
        served.processes[0].end()
        _set(jump, "-1")
        # Requests that are signed by the right date are not fresh to it, so it is only seen from outside.
        served.process("all", program=("-c", JUMPING, str(jump)))
        served.until(lambda: yard.members(world) == ["InService"])
    finally:
        served.end()


def test_a_world_that_starts_with_an_earlier_date_goes_on(tmp_path: Path) -> None:
    jump = tmp_path / "hours"
    _set(jump, "0")
    world = Service(tmp_path, program=("-c", JUMPING, str(jump)))
    try:
        world.start("--speed", "40")
        yard.a_cluster(world)
        yard.a_group(world, "blue", 2)
        world.until(lambda: len(yard.instances(world)) == 2)  # they boot, their hooks wait
        world.kill()
        _set(jump, "-1")
        world.start("--speed", "40")
        world.until(lambda: yard.status(world, "blue") == "ACTIVE")
        world.client("eks").delete_nodegroup(clusterName=yard.CLUSTER, nodegroupName="blue")
        world.until(lambda: yard.status(world, "blue") == "")
        assert yard.made(world) == NOTHING
    finally:
        world.kill()


def test_a_worker_that_is_cut_off_from_postgresql_stops_acting_and_goes_on_once_it_is_back(
    tmp_path: Path, postgres: Postgres, world: Service
) -> None:
    wire = Relay(postgres.port)
    served = Yard(tmp_path, postgres, world)
    try:
        far = served.url.replace(f":{postgres.port}/", f":{wire.port}/")
        first = served.process("worker", database=far)
        served.cluster()
        first.proxy.at = lambda call, answered: wire.cut() if call == "CreateLaunchTemplate" else None
        served.group("blue", 1)
        served.until(lambda: "CreateLaunchTemplate" in first.proxy.calls)
        second = served.process("worker")
        served.until(lambda: bool(second.proxy.acts()))
        acts = first.proxy.acts()
        served.until(lambda: served.whole("blue", 1))
        assert first.proxy.acts() == acts
        second.end()
        first.proxy.at = lambda call, answered: None
        wire.mend()
        served.eks.delete_nodegroup(clusterName=yard.CLUSTER, nodegroupName="blue")
        served.until(lambda: served.status("blue") == "")
        assert yard.made(world) == NOTHING and len(first.proxy.acts()) > len(acts)
    finally:
        served.end()
        wire.close()


def test_an_aws_that_answers_too_late_delays_and_nothing_more(
    tmp_path: Path, postgres: Postgres, world: Service
) -> None:
    served = Yard(tmp_path, postgres, world)
    seen: Counter[str] = Counter()

    def fault(call: str) -> str | None:
        """Do the first call of each kind that changes something, and never answer it."""
        seen[call] += 1
        return "late" if is_act(call) and seen[call] == 1 else None

    try:
        worker = served.process("worker", program=("-c", IMPATIENT))
        served.cluster()
        worker.proxy.fault = fault
        served.group("blue", 1)
        served.until(lambda: served.whole("blue", 1), limit_s=180)
        served.eks.delete_nodegroup(clusterName=yard.CLUSTER, nodegroupName="blue")
        served.until(lambda: served.status("blue") == "", limit_s=180)
        assert yard.made(world) == NOTHING
        acts = [call for call in seen if is_act(call)]
        assert len(acts) > 5 and all(seen[call] > 1 for call in acts), seen
    finally:
        served.end()


def test_an_aws_that_throttles_fails_and_hangs_up_delays_and_nothing_more(
    tmp_path: Path, postgres: Postgres, world: Service
) -> None:
    served = Yard(tmp_path, postgres, world)
    seen: Counter[str] = Counter()
    ways = ("throttled", "500", "reset")

    def fault(call: str) -> str | None:
        """Spoil the first call of each kind before it is made, the second after it."""
        seen[call] += 1
        return ways[len(seen) % len(ways)] if is_act(call) and seen[call] <= 2 else None

    try:
        worker = served.process("worker")
        served.cluster()
        worker.proxy.fault = fault
        served.group("blue", 1)
        served.until(lambda: served.whole("blue", 1), limit_s=180)
        served.eks.delete_nodegroup(clusterName=yard.CLUSTER, nodegroupName="blue")
        served.until(lambda: served.status("blue") == "", limit_s=180)
        assert yard.made(world) == NOTHING
        assert len([call for call in seen if is_act(call)]) > 5
    finally:
        served.end()
