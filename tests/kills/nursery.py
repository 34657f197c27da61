"""Processes that are there at once: forked from one that has loaded everything they need.

A play needs one or two new processes, and loading Python's modules would take longer than most plays. They
are as real as others: with an id, files and connections of their own, and ended by SIGKILL.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_LOADED = ["tests.kills.nursery", "tests.kills.program", "nodeyard.app.serve", "asyncpg", "boto3", "pytest"]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(_LOADED)


class Born:
    """One process, used as `subprocess.Popen` is."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self.pid: int = process.pid

    def poll(self) -> int | None:
        code: int | None = self._process.exitcode
        return code

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self.poll()

    def kill(self) -> None:
        self._process.kill()

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


def born(folder: Path, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Born:
    """Start `tests.kills.program` on a folder with arguments of `nodeyard`."""
    process = _context.Process(target=_live, args=(folder, arguments, log, environment), daemon=True)
    process.start()
    return Born(process)


def _live(folder: Path, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
    from tests.kills import program

    with log.open("ab", 0) as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    os.environ.update(environment)
    sys.argv = ["nodeyard", str(folder), *arguments]
    program.main()
