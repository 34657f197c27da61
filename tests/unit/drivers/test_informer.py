"""An informer's copy: listed once, watched from there, taken up where it was, listed anew when too old."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from nodeyard.drivers.kubernetes.informer import FIRST_WAIT_S, LONGEST_WAIT_S, Informer, Place
from nodeyard.ports import Conflict, PortError, Throttled, Unavailable

Obj = dict[str, Any]


def pod(name: str, version: int, phase: str = "Running") -> Obj:
    metadata = {"namespace": "default", "name": name, "resourceVersion": str(version)}
    return {"metadata": metadata, "status": {"phase": phase}}


def event(kind: str, obj: Obj) -> Obj:
    return {"type": kind, "object": obj}


GONE = event("ERROR", {"code": 410, "reason": "Expired", "message": "too old resource version"})
BOOKMARK = event("BOOKMARK", {"metadata": {"resourceVersion": "90"}})


class Server:
    """Answers lists and watches in the order in which they are written down; then it is silent."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.pauses: list[float] = []
        self.chance = lambda: 1.0
        self.silent = asyncio.Event()
        self._seconds = 0.0

    def steady(self) -> float:
        return self._seconds

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    def _next(self) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, PortError):
            raise answer
        return answer

    async def pages(self, path: str, query: dict[str, str]) -> AsyncIterator[tuple[list[Obj], str]]:
        self.asked.append("list")
        for page in self._next():
            yield page, "50"

    async def watched(
        self, path: str, query: dict[str, str], opened: Callable[[], None]
    ) -> AsyncIterator[Obj]:
        assert query["allowWatchBookmarks"] == "true"
        self.asked.append(f"watch {query['resourceVersion']}")
        if not self.answers:
            opened()
            self.silent.set()
            await asyncio.Event().wait()
        answer = self._next()
        opened()
        for each in answer:
            yield each
        self._seconds += 1.0 if answer else 0.0


async def told_by(server: Server) -> tuple[list[tuple[str, str | None, str | None]], Informer[str]]:
    """Run an informer until the server is silent; return what it told, and the informer."""
    told: list[tuple[str, str | None, str | None]] = []

    def tell(place: Place, before: str | None, after: str | None) -> None:
        told.append((place[1], before, after))

    informer: Informer[str] = Informer(
        server,  # type: ignore[arg-type]
        "/api/v1/pods",
        {},
        lambda obj: str(obj["status"]["phase"]),
        tell,
    )
    running = asyncio.create_task(informer.run())
    async with asyncio.timeout(10):
        await server.silent.wait()
    assert informer.current
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not informer.current
    return told, informer


async def test_a_watch_that_ended_is_taken_up_where_it_was_without_another_list() -> None:
    changed = [event("MODIFIED", pod("a", 61, "Failed")), event("DELETED", pod("b", 62)), BOOKMARK]
    server = Server([[pod("a", 40)], [pod("b", 41)]], changed, [event("ADDED", pod("c", 91))])
    told, informer = await told_by(server)
    assert server.asked == ["list", "watch 50", "watch 90", "watch 91"]
    assert told == [
        ("a", None, "Running"),
        ("b", None, "Running"),
        ("a", "Running", "Failed"),
        ("b", "Running", None),
        ("c", None, "Running"),
    ]
    assert informer.items == {("default", "a"): "Failed", ("default", "c"): "Running"}
    assert set(server.pauses) == {0.0}


@pytest.mark.parametrize("how", [[GONE], Conflict("410")])
async def test_a_watch_that_is_too_old_is_followed_by_a_list_and_its_differences_are_told(how: Any) -> None:
    first, second = [[pod("a", 40), pod("b", 41)]], [[pod("b", 70, "Failed"), pod("c", 71)]]
    server = Server(first, how, second)
    told, informer = await told_by(server)
    assert server.asked == ["list", "watch 50", "list", "watch 50"]
    assert told[2:] == [("a", "Running", None), ("b", "Running", "Failed"), ("c", None, "Running")]
    assert sorted(informer.items) == [("default", "b"), ("default", "c")]


async def test_waits_grow_with_failures_to_a_bound_and_end_with_the_first_success() -> None:
    broken = [Unavailable("refused")] * 8
    server = Server(*broken, [[pod("a", 40)]], [event("MODIFIED", pod("a", 61))], Unavailable("reset"))
    await told_by(server)
    assert server.pauses[:8] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert server.pauses[8:] == [0.0, FIRST_WAIT_S]
    assert max(server.pauses) == LONGEST_WAIT_S


async def test_waits_are_spread_by_chance_and_never_shorter_than_the_server_asks() -> None:
    server = Server(Unavailable("refused"), Throttled("slow down", retry_after_s=7.0), [[]])
    server.chance = lambda: 0.0
    await told_by(server)
    assert server.pauses[:2] == [0.5, 7.0]


async def test_a_server_that_ends_watches_at_once_is_not_asked_without_a_pause() -> None:
    server = Server([[]], [], [], [], [BOOKMARK])
    await told_by(server)
    assert [each for each in server.pauses if each] == [1.0, 2.0, 4.0]
