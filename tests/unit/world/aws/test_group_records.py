"""Auto Scaling groups over the end of their process: what is written, and what time does to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from nodeyard.model.standstill import Pause, Standstill
from nodeyard.world.aws.auto_scaling import rebalancing
from nodeyard.world.aws.auto_scaling.engine import Engine
from nodeyard.world.aws.auto_scaling.persistence import GroupFile
from nodeyard.world.aws.auto_scaling.records import IN_SERVICE, PENDING_WAIT, Group, Member, Wait
from nodeyard.world.aws.auto_scaling.state import GroupState
from tests.nouns import NOON

MINUTE = timedelta(minutes=1)


def _state() -> GroupState:
    settings = {"MinSize": 0, "MaxSize": 2, "DesiredCapacity": 1}
    group = Group("111122223333", "eu-west-1", "blue", "arn", NOON, settings, {"subnet-1": "eu-west-1a"})
    state = GroupState(group)
    wait = Wait("hook", "token", NOON + 5 * MINUTE, NOON + 60 * MINUTE)
    state.put(
        Member(
            id="i-1",
            zone="eu-west-1a",
            subnet_id="subnet-1",
            instance_type="m5.large",
            image_id="ami-1",
            spot=False,
            launched_at=NOON,
            template=None,
            ec2="running",
            state=PENDING_WAIT,
            waits=(wait,),
        )
    )
    state.change(retry_at=NOON + MINUTE)
    return state


def test_a_hook_keeps_what_was_left_of_its_timeout() -> None:
    state = _state()
    state.resume(Standstill((Pause(NOON, NOON + 30 * MINUTE),)))
    (wait,) = state.members["i-1"].waits
    assert (wait.deadline, wait.limit) == (NOON + 35 * MINUTE, NOON + 90 * MINUTE)
    assert state.group.retry_at == NOON + 31 * MINUTE


def test_what_was_written_is_read_after_a_kill_though_nothing_was_closed(tmp_path: Path) -> None:
    file, state = GroupFile(tmp_path / "groups.sqlite"), _state()
    file.open()
    file.write(state)
    # A second reader sees the file as the next process does: nothing was closed or flushed.
    kept = GroupFile(tmp_path / "groups.sqlite").open()[state.group.key]
    assert kept.group == state.group
    assert kept.members == state.members
    assert kept.counted == 1
    file.close()


async def test_a_spot_instance_that_stays_after_its_notice_is_asked_once_unless_the_call_fails() -> None:
    """Asked again at the same instant, it would keep the engine busy, and time from going on, for good."""
    asked: list[str] = []

    async def terminate(account: str, region: str, ids: list[str]) -> None:
        asked.extend(ids)  # and it stays
        if len(asked) == 1:
            raise OSError("the disk is full")

    clock = SimpleNamespace(now=lambda: NOON)
    engine: Any = SimpleNamespace(clock=clock, instances=SimpleNamespace(terminate=terminate), _timers={})
    engine.ask_to_end = partial(Engine.ask_to_end, engine)
    state = _state()
    state.change(retry_at=None)
    state.put(replace(state.members["i-1"], state=IN_SERVICE, waits=(), spot=True, taken_at=NOON))
    with pytest.raises(OSError, match="full"):
        await rebalancing.take_back(engine, state)
    for _ in range(2):
        await rebalancing.take_back(engine, state)
        state.touched.clear()
        Engine._plan(cast(Engine, engine), state.group.key, state)
    assert asked == ["i-1"] * 2
    assert engine._timers == {}, "nothing is due at an instant that is over"
