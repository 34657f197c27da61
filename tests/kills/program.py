"""`nodeyard serve` that ends itself by SIGKILL, right before or right after one of its side effects.

Run as `python -m tests.kills.program FOLDER serve ...`. A side effect is what `tests.chaos` disturbs: every
changing call of Compute, Kubernetes and Clusters, and every write of the store under a lease. They are
written down in FOLDER/steps while FOLDER/kill is there, by all processes that share the folder; the one that
comes to the step that FOLDER/kill names does not survive it.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from nodeyard.app import serve
from nodeyard.drivers.store import SqlStore
from nodeyard.flows.hands import Hands
from tests.chaos.steps import BEFORE, STORE_ACTS, Steps


class Deadly(Steps):
    """Counts together with every other process on the folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._kill, self._log = folder / "kill", folder / "steps"

    async def act(self, process: int, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        try:
            step, _, how = self._kill.read_text().partition(" ")
        except FileNotFoundError:
            return await call()
        mine = self._number(name) == int(step)
        if mine and how == BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = await call()
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    def _number(self, name: str) -> int:
        with self._log.open("a+") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            log.seek(0)
            number = len(log.readlines())
            log.write(f"{name}\n")
        return number


def main() -> None:
    steps = Deadly(Path(sys.argv.pop(1)))

    class Store(SqlStore):
        """Its writes under a lease are steps; what callers and hints write is one transaction each."""

        async def commit(self, changes: Any, *, lease: Any = None) -> None:
            if lease is None:
                await super().commit(changes)
            else:
                await steps.act(1, "store.commit", lambda: SqlStore.commit(self, changes, lease=lease))

        async def finish(self, *args: Any, **more: Any) -> Any:
            return await steps.act(1, "store.finish", lambda: SqlStore.finish(self, *args, **more))

    assert set(STORE_ACTS) == {"commit", "finish"}

    def hands(store: Any, *parts: Any, **more: Any) -> Hands:
        return steps.around(Hands(store, *parts, **more), store=False)

    serve.SqlStore, serve.Hands = Store, hands  # type: ignore[misc,assignment]
    from nodeyard.cli import main as nodeyard

    nodeyard()


if __name__ == "__main__":
    main()
