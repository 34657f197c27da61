"""Many changes at once share one writing of a backend; nobody is told of what is not on disk."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from nodeyard.world.aws.moto_host import FILE, MotoHost
from nodeyard.world.aws.moto_state import MotoState
from nodeyard.world.errors import WorldDataError

QUEUES = ("sqs", "111122223333", "eu-west-1")


async def _at_once(host: MotoHost, *works: Any) -> list[Any]:
    """Have all works wait for the thread before the first of them is done."""
    go = threading.Event()

    def first() -> None:
        go.wait(20)

    begun = [asyncio.create_task(host.run(work)) for work in (first, *works)]
    loop = asyncio.get_running_loop()
    loop.call_soon(go.set)  # after each of the tasks took its first step
    return (await asyncio.gather(*begun, return_exceptions=True))[1:]


async def test_what_changes_at_once_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written, changes = [], []
    monkeypatch.setattr(MotoState, "keep", lambda _, *row: written.append((row, len(changes))))
    host = MotoHost(tmp_path / FILE, lambda *_: None)

    def change() -> int:
        changes.append(1)
        host.keep(QUEUES)
        return len(changes)

    assert await _at_once(host, *[change] * 8) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert written == [(QUEUES, 8)]
    assert await host.run(change) == 9 and written[1:] == [(QUEUES, 9)]
    await host.stop()
    assert len(written) == 2


async def test_nobody_is_told_of_a_change_that_cannot_be_written_until_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = True

    def keep(*_: Any) -> None:
        if full:
            raise WorldDataError("the disk is full")

    monkeypatch.setattr(MotoState, "keep", keep)
    host = MotoHost(tmp_path / FILE, lambda *_: None)
    found = await _at_once(host, lambda: host.keep(QUEUES), lambda: "read beside it")
    assert [type(each) for each in found] == [WorldDataError, WorldDataError]
    with pytest.raises(WorldDataError):
        await host.run(lambda: "read later")
    full = False
    assert await host.run(lambda: "read at last") == "read at last"
    full = True
    assert await host.run(lambda: "nothing is left to write") == "nothing is left to write"
    await host.stop()
