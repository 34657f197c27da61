"""Rehearsals of a service: only a few are asked for at once, so that the work of updates finds its place."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

import pytest

from nodeyard.app.rehearsing import WAITING_MAX, Rehearsals, run
from nodeyard.drivers.system import RealClock
from nodeyard.model.nodegroup import UpdateConfig
from nodeyard.model.rehearsal import Ask
from nodeyard.ports import Denied, Unavailable

ASK = Ask("blue", UpdateConfig(1, None, "DEFAULT"), 900.0)


class Slow:
    """A cluster that answers once it is let go, and then with a refusal."""

    def __init__(self) -> None:
        self.reading, self.most, self.asked, self.let_go = 0, 0, asyncio.Event(), asyncio.Event()

    async def documents(self, _version: str, _resource: str) -> list[dict[str, Any]]:
        self.reading += 1
        self.most = max(self.most, self.reading)
        self.asked.set()
        await self.let_go.wait()
        self.reading -= 1
        raise Denied("no")


async def test_one_too_many_is_refused_at_once_and_a_place_is_free_after_an_end() -> None:
    rehearsals, slow = Rehearsals(RealClock()), Slow()
    under_way = [asyncio.ensure_future(rehearsals.rehearse(slow, ASK)) for _ in range(WAITING_MAX)]  # type: ignore[arg-type]
    await slow.asked.wait()
    with pytest.raises(Unavailable, match=f"{WAITING_MAX} other rehearsals are under way"):
        await rehearsals.rehearse(slow, ASK)  # type: ignore[arg-type]
    slow.let_go.set()
    ends = await asyncio.gather(*under_way, return_exceptions=True)
    assert [type(end) for end in ends] == [Denied] * WAITING_MAX
    assert slow.most == 1  # a cluster that is being read takes much memory
    with pytest.raises(Denied):  # it is asked again, and no longer refused here
        await rehearsals.rehearse(slow, ASK)  # type: ignore[arg-type]


async def test_a_rehearsal_that_nobody_waits_for_any_more_ends_with_its_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[asyncio.subprocess.Process] = []
    begun = asyncio.Event()
    start = asyncio.create_subprocess_exec

    async def watched(*_program: str, **pipes: Any) -> asyncio.subprocess.Process:
        started.append(await start(sys.executable, "-c", "import sys; sys.stdin.readlines()", **pipes))
        begun.set()
        return started[0]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", watched)
    asked = asyncio.ensure_future(run(b"{}"))
    async with asyncio.timeout(10):
        await begun.wait()
        asked.cancel()
        await asyncio.wait([asked])
    assert asked.cancelled()
    assert started[0].returncode == -signal.SIGKILL
