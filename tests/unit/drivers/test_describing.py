"""Questions about Auto Scaling groups: asked together, each answered by a call that came after it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from nodeyard.drivers.aws.describing import NAMES_MAX, Describing
from nodeyard.ports import Fenced, Unavailable, fencing
from tests.fakes import FakeClock
from tests.nouns import SCOPE


class Calls:
    """Answers when a test says so, for every group but `gone`."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.go_on = asyncio.Event()
        self.error: Exception | None = None
        self.hooks = [{"LifecycleHookName": "terminate"}]
        self.hooks_asked = 0

    async def pages(self, *_: Any, AutoScalingGroupNames: list[str]) -> list[dict[str, Any]]:  # noqa: N803
        self.asked.append(AutoScalingGroupNames)
        fencing.check()
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        return [{"AutoScalingGroupName": name} for name in AutoScalingGroupNames if name != "gone"]

    async def call(self, *_: Any, **__: Any) -> dict[str, Any]:
        self.hooks_asked += 1
        return {"LifecycleHooks": self.hooks}


def _describing() -> tuple[Describing, Calls, FakeClock]:
    calls, clock = Calls(), FakeClock()
    return Describing(calls, clock), calls, clock  # type: ignore[arg-type]


async def test_who_asks_while_a_call_is_on_its_way_is_answered_by_the_next_one() -> None:
    describing, calls, _ = _describing()
    names = [f"group-{number}" for number in range(NAMES_MAX + 10)]
    first = asyncio.create_task(describing.group(SCOPE, "group-0"))
    for _ in range(3):
        await asyncio.sleep(0)
    assert calls.asked
    others = [asyncio.create_task(describing.group(SCOPE, name)) for name in (*names, "gone", "group-0")]
    await asyncio.sleep(0)
    calls.go_on.set()
    answers = await asyncio.gather(first, *others)
    assert [len(each) for each in calls.asked] == [1, NAMES_MAX, 11]
    named = [None if each is None else each["AutoScalingGroupName"] for each in answers]
    assert named == ["group-0", *names, None, "group-0"]


async def test_an_error_is_told_to_all_who_asked_and_the_next_question_is_put_again() -> None:
    describing, calls, _ = _describing()
    calls.go_on.set()
    calls.error = Unavailable("no answer")
    told = await asyncio.gather(*(describing.group(SCOPE, n) for n in "ab"), return_exceptions=True)
    assert [type(each) for each in told] == [Unavailable, Unavailable]
    calls.error = None
    assert await describing.group(SCOPE, "a") is not None


async def test_a_run_that_lost_its_lease_or_was_cancelled_takes_the_answer_from_nobody_else() -> None:
    describing, calls, _ = _describing()

    def lost() -> None:
        raise Fenced("taken over")

    async def fenced() -> Any:
        fencing.act_under(lost)
        return await describing.group(SCOPE, "a")

    one = asyncio.create_task(fenced())
    await asyncio.sleep(0)
    two, three = (asyncio.create_task(describing.group(SCOPE, "a")) for _ in range(2))
    await asyncio.sleep(0)
    two.cancel()
    calls.go_on.set()
    assert await one is not None and await three is not None
    with pytest.raises(asyncio.CancelledError):
        await two


async def test_hooks_are_held_for_a_while_unless_there_are_none_or_they_were_changed() -> None:
    describing, calls, clock = _describing()
    for _ in range(5):
        assert await describing.hooks(SCOPE, "a", held=True) == calls.hooks
    assert calls.hooks_asked == 1
    clock.advance(31)
    await describing.hooks(SCOPE, "a", held=True)
    describing.forget(SCOPE, "a")
    calls.hooks = []
    for _ in range(2):
        assert await describing.hooks(SCOPE, "a", held=True) == []
    assert calls.hooks_asked == 4
