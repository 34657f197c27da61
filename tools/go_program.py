"""Builds a Go program of the tests once, into a cache outside of the checkout.

Run by the verbs of the Makefile; tests ask `path` for what was built. The name in the cache comes from go.sum
and from the program's own source, so that a change of either is built anew and nothing else is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

KEPT_S = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class GoProgram:
    """`module` is the folder with go.mod; `linking` the linker's flags, `compiling` those of the compiler.

    `package` is the program as Go names it there: a folder, `./judge`, or one of another module by its path.
    """

    name: str
    module: Path
    package: str = "."
    linking: str = "-s -w"
    compiling: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Return where the program of this checkout is, or is to be."""
        mark = hashlib.sha256()
        for path in sorted([*self.module.glob("go.*"), *(self.module / self.package).glob("*.go")]):
            mark.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return _cache() / f"{self.name}-{mark.hexdigest()[:16]}"

    def build(self) -> int:
        """Build the program unless it is there. Return the exit code for the shell."""
        wanted = self.path
        if wanted.exists():
            print(f"{wanted} is built already.")  # noqa: T201
            return 0
        if shutil.which("go") is None:
            print(  # noqa: T201
                f"Go is missing: the tests that need {self.name} are skipped. "
                f"Install Go 1.26 or newer to have them; see {self.module / 'go.mod'}.",
                file=sys.stderr,
            )
            return 1
        print(f"Building {self.name}: once for each go.sum; from nothing it takes many minutes.", flush=True)  # noqa: T201
        began = time.monotonic()
        wanted.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: a test never finds half a program.
        unfinished = wanted.with_suffix(f".{os.getpid()}")
        flags = ["-trimpath", "-buildvcs=false", f"-ldflags={self.linking}"]
        flags += [f"-gcflags={each}" for each in self.compiling]
        try:
            made = subprocess.run(
                ["go", "build", *flags, "-o", str(unfinished), self.package],
                cwd=self.module,
                env=os.environ | {"CGO_ENABLED": "0"},
                check=False,
            )
            if made.returncode:
                return made.returncode
            unfinished.rename(wanted)
        finally:
            unfinished.unlink(missing_ok=True)
        for old in wanted.parent.glob(f"{self.name}-*"):
            if old != wanted and old.stat().st_mtime < time.time() - KEPT_S:
                old.unlink(missing_ok=True)
        print(f"{wanted} built in {time.monotonic() - began:.0f} s.")  # noqa: T201
        return 0


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nodeyard"
