"""Where npm is missing, `make console` says so and builds nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_without_npm_one_is_told_what_to_install(tmp_path: Path) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    (tmp_path / "sh").symlink_to("/bin/sh")
    found = subprocess.run(
        [make, "--no-print-directory", "console"],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert found.returncode != 0
    assert "npm is missing" in found.stderr
    assert "apt-get install npm" in found.stderr
