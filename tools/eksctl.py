"""eksctl as it was released: `make eksctl` builds it, tests/clients runs it.

Go takes the source as a module and verifies it against go.sum and its checksum database.
"""

from __future__ import annotations

from pathlib import Path

from tools.go_program import GoProgram

EKSCTL = GoProgram(
    "eksctl",
    Path(__file__).parent.parent / "tests" / "eksctl",
    "github.com/weaveworks/eksctl/cmd/eksctl",
    compiling=("all=-N -l -dwarf=false",),
)


if __name__ == "__main__":
    raise SystemExit(EKSCTL.build())
