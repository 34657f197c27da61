"""A data directory that cannot be used: one clear sentence, exit code 2, and nothing changed."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nodeyard.cli.main import run
from tests.e2e import yard
from tests.e2e.service import Service

pytestmark = pytest.mark.timeout(300)

CLUSTER = f"kubernetes/clusters/{yard.ACCOUNT}/cn-north-1/{yard.CLUSTER}/objects.sqlite"
DATABASES = ("nodeyard.sqlite", "aws/moto.sqlite", "aws/autoscaling.sqlite", CLUSTER)
ALL = (*DATABASES, "kubernetes/clusters.json", "kubernetes/pki/ca.crt", "kubernetes/pki/ca.key")
PASSING = (".lock", "-shm", "-wal")
"""Ends of names that SQLite and the lock make beside the files."""


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A directory in which everything was kept, and that a process still uses."""
    made = Service(tmp_path_factory.mktemp("used"))
    made.start()
    yard.a_cluster(made)
    yard.a_group(made, "blue", 0)
    made.until(lambda: yard.status(made, "blue") == "ACTIVE")
    assert made.stop() == 0
    yield made
    made.kill()


@pytest.fixture
def data(used: Service, tmp_path: Path) -> Path:
    return Path(shutil.copytree(used.folder / "data", tmp_path / "data"))


def _content(data: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(data)): path.read_bytes()
        for path in sorted(data.rglob("*"))
        if path.is_file() and not path.name.endswith(PASSING)
    }


def _refused(data: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Start on a directory, expect a refusal that changes nothing, and return its sentence."""
    before = _content(data) if data.is_dir() else {}
    capsys.readouterr()
    assert run(["up", "--port", "0", "--kube-port", "0", "--data-dir", str(data)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("nodeyard: ")
    assert said.count("\n") == 1
    assert "Traceback" not in said
    assert (_content(data) if data.is_dir() else {}) == before
    return said


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _garbage(path: Path) -> None:
    path.write_bytes(b"this was something else " * 200)


@pytest.mark.parametrize("harm", [_half, _empty, _garbage], ids=["half", "empty", "garbage"])
@pytest.mark.parametrize("part", ALL)
def test_a_damaged_part_is_named(
    part: str, harm: Callable[[Path], None], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    harm(data / part)
    said = _refused(data, capsys)
    assert Path(part).name in said
    assert "--data-dir" in said or "another data directory" in said


@pytest.mark.parametrize("part", [*DATABASES, "kubernetes/clusters.json"])
def test_a_newer_format_of_any_part_is_named(
    part: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if part.endswith("json"):
        (data / part).write_text('{"format": 99, "clusters": {"in": "another form"}}')
    else:
        connection = sqlite3.connect(data / part)
        changed = "update meta set value='99'" if part == "nodeyard.sqlite" else "PRAGMA user_version=99"
        connection.execute(changed)
        connection.commit()
        connection.close()
    said = _refused(data, capsys)
    assert Path(part).name in said
    assert "format 99" in said
    assert "newer" in said


def test_the_objects_of_a_cluster_that_is_listed_must_be_there(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / CLUSTER).unlink()
    assert "the file is missing" in _refused(data, capsys)


def test_a_place_that_cannot_be_a_directory_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("not a directory")
    assert "cannot be written (Not a directory)" in _refused(tmp_path / "file" / "data", capsys)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_permission_is_refused(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data.chmod(0o500)
    try:
        assert "cannot be written (Permission denied)" in _refused(data, capsys)
    finally:
        data.chmod(0o700)


def test_a_full_disk_is_refused(data: Path) -> None:
    before = _content(data)

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    arguments = ["up", "--port", "0", "--kube-port", "0", "--data-dir", str(data)]
    ended = subprocess.run(
        [sys.executable, "-m", "nodeyard.cli", *arguments],
        capture_output=True,
        text=True,
        preexec_fn=no_room,
        check=False,
    )
    assert ended.returncode == 2
    assert "cannot be written (File too large): free some space" in ended.stderr
    assert _content(data) == before


def test_a_directory_in_use_names_the_process_that_uses_it(
    used: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    used.start()
    assert used.process is not None
    assert run(["up", "--port", "0", "--kube-port", "0", "--data-dir", str(used.folder / "data")]) == 2
    assert f"in use by process {used.process.pid}" in capsys.readouterr().err
    assert yard.status(used, "blue") == "ACTIVE"
