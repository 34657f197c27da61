"""The real control plane of the tests: `make controlplane` builds it, the tests ask `program()` for it."""

from __future__ import annotations

import re
from pathlib import Path

from tools.go_program import GoProgram

SOURCE = Path(__file__).parent.parent / "tests" / "controlplane"
STAMP = "k8s.io/component-base/version"


def program() -> Path:
    """Return where the program of this checkout is, or is to be."""
    return _program().path


def _program() -> GoProgram:
    return GoProgram("controlplane", SOURCE, linking=_linking())


def _linking() -> str:
    """Return the linker's flags: no symbols, and the version that the program says it is."""
    found = re.search(r"^\s*k8s\.io/kubernetes v(\d+)\.(\d+)\.(\d+)", (SOURCE / "go.mod").read_text(), re.M)
    assert found is not None, "tests/controlplane/go.mod names no version of k8s.io/kubernetes"
    major, minor, patch = found.groups()
    names = {"gitMajor": major, "gitMinor": minor, "gitVersion": f"v{major}.{minor}.{patch}"}
    return " ".join(["-s -w", *(f"-X {STAMP}.{name}={value}" for name, value in names.items())])


if __name__ == "__main__":
    raise SystemExit(_program().build())
