"""The tutorial does what it says: its commands are run as they stand, by the real aws CLI and kubectl."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import botocore
import pytest

from tests.e2e.service import Service

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorials" / "first-node-group.md"
ADDRESS = "http://127.0.0.1:8620"
API_VERSION = "2017-11-01"
LIMIT_S = 280


def _commands() -> str:
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), flags=re.DOTALL | re.MULTILINE))


def _impatient_waiters(folder: Path) -> Path:
    """Return a folder of service data with the CLI's own waiters, which look every second, not every 30."""
    own = Path(botocore.__file__).parent / "data" / "eks" / API_VERSION / "waiters-2.json"
    waiters = json.loads(own.read_bytes() if own.exists() else gzip.decompress(_zipped(own)))
    for each in waiters["waiters"].values():
        each["maxAttempts"] *= each["delay"]
        each["delay"] = 1
    copy = folder / "eks" / API_VERSION / own.name
    copy.parent.mkdir(parents=True)
    copy.write_text(json.dumps(waiters))
    return folder


def _zipped(own: Path) -> bytes:
    return own.with_name(f"{own.name}.gz").read_bytes()


@pytest.mark.e2e
@pytest.mark.timeout(300)
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_the_commands_of_the_tutorial_work_as_they_stand(tmp_path: Path) -> None:
    script = _commands()
    assert ADDRESS in script
    service = Service(tmp_path)
    service.start("--speed", "100")
    script = script.replace(ADDRESS, service.endpoint).replace(
        "$PWD/.venv/bin", str(Path(sys.executable).parent)
    )
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    environment = {
        **kept,
        "AWS_CONFIG_FILE": str(tmp_path / "aws"),
        "AWS_DATA_PATH": str(_impatient_waiters(tmp_path / "models")),
        "TMPDIR": str(tmp_path),
    }
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", script],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    service.kill()
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "payments" in done.stdout, "the nodes carry the label"
    assert done.stdout.rstrip().endswith('"clusters": []\n}'), "nothing is left"
