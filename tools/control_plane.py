"""Builds the real control plane of the tests once, into a cache outside of the checkout.

Run by `make controlplane`; the tests ask `program()` for what was built. The name in the cache comes from
go.sum and from the program's own source, so that a change of either is built anew and nothing else is.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "tests" / "controlplane"
FLAGS = ["-trimpath", "-buildvcs=false"]
STAMP = "k8s.io/component-base/version"


def program() -> Path:
    """Return where the program of this checkout is, or is to be."""
    mark = hashlib.sha256()
    for path in sorted([*SOURCE.glob("go.*"), *SOURCE.glob("*.go")]):
        mark.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "nodeyard" / f"controlplane-{mark.hexdigest()[:16]}"


def _linking() -> str:
    """Return the linker's flags: no symbols, and the version that the program says it is."""
    found = re.search(r"^\s*k8s\.io/kubernetes v(\d+)\.(\d+)\.(\d+)", (SOURCE / "go.mod").read_text(), re.M)
    assert found is not None, "tests/controlplane/go.mod names no version of k8s.io/kubernetes"
    major, minor, patch = found.groups()
    names = {"gitMajor": major, "gitMinor": minor, "gitVersion": f"v{major}.{minor}.{patch}"}
    return " ".join(["-s -w", *(f"-X {STAMP}.{name}={value}" for name, value in names.items())])


def build() -> int:
    """Build the program unless it is there. Return the exit code for the shell."""
    wanted = program()
    if wanted.exists():
        print(f"{wanted} is built already.")  # noqa: T201
        return 0
    if shutil.which("go") is None:
        print(  # noqa: T201
            "Go is missing: the tests that need a real control plane are skipped. "
            f"Install Go 1.26 or newer to have them; see {SOURCE / 'go.mod'}.",
            file=sys.stderr,
        )
        return 1
    print("Building the control plane: once for each go.sum; from nothing it takes many minutes.", flush=True)  # noqa: T201
    began = time.monotonic()
    wanted.parent.mkdir(parents=True, exist_ok=True)
    # Whole or not at all: a test never finds half a program.
    unfinished = wanted.with_suffix(f".{os.getpid()}")
    try:
        made = subprocess.run(
            ["go", "build", *FLAGS, f"-ldflags={_linking()}", "-o", str(unfinished), "."],
            cwd=SOURCE,
            env=os.environ | {"CGO_ENABLED": "0"},
            check=False,
        )
        if made.returncode:
            return made.returncode
        unfinished.rename(wanted)
    finally:
        unfinished.unlink(missing_ok=True)
    for old in wanted.parent.glob("controlplane-*"):
        if old != wanted and old.stat().st_mtime < time.time() - 7 * 86_400:
            old.unlink(missing_ok=True)
    print(f"{wanted} built in {time.monotonic() - began:.0f} s.")  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(build())
