"""`nodeyard serve`: several processes on one PostgreSQL, ended by real signals at the worst moments."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import yard
from tests.e2e.service import Service
from tests.e2e.serving import Process, Yard
from tests.postgres import Postgres
from tests.proxy import is_act

TAKE_OVER_S = 10.0
EXIT_S = 5.0

pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def served(tmp_path: Path, postgres: Postgres) -> Iterator[Yard]:
    world = Service(tmp_path)
    world.start("--speed", "40")
    made: Yard | None = None
    try:
        made = Yard(tmp_path, postgres, world)
        yield made
    finally:
        if made is not None:
            made.end()
        world.kill()


def _held_at(worker: Process, call: str) -> tuple[threading.Event, threading.Event]:
    """Hold the answer to the next such call of a worker; return (it was made, let it be answered)."""
    reached, go_on = threading.Event(), threading.Event()

    def at(each: str, answered: bool) -> None:
        if each == call and answered and not reached.is_set():
            reached.set()
            go_on.wait(120)

    worker.proxy.at = at
    return reached, go_on


def test_a_group_lives_and_goes_by_an_api_and_two_workers(served: Yard) -> None:
    one, two = served.process("worker"), served.process("worker")
    served.cluster()
    served.group("blue", 2)
    served.until(lambda: served.whole("blue", 2))
    assert served.processes[0].proxy.acts() == []
    assert one.proxy.acts() or two.proxy.acts()
    served.eks.delete_nodegroup(clusterName=yard.CLUSTER, nodegroupName="blue")
    served.until(lambda: served.status("blue") == "")
    assert yard.made(served.world) == {"groups": 0, "templates": 0, "profiles": 0, "instances": 0}


def test_a_killed_worker_is_followed_by_another_within_ten_seconds(served: Yard) -> None:
    first = served.process("worker")
    served.cluster()
    reached, go_on = _held_at(first, "CreateAutoScalingGroup")
    served.group("blue", 2)
    served.until(reached.is_set)
    second = served.process("worker")
    first.signal(signal.SIGKILL)
    killed = time.monotonic()
    go_on.set()
    served.until(lambda: bool(second.proxy.calls))
    assert time.monotonic() - killed < TAKE_OVER_S
    served.until(lambda: served.whole("blue", 2))


def test_a_worker_that_wakes_up_after_it_was_taken_over_acts_on_nothing(served: Yard) -> None:
    first = served.process("worker")
    served.cluster()
    # Held in the middle of a pass: what comes next in the flow would be an act.
    reached, go_on = _held_at(first, "CreateInstanceProfile")
    served.group("blue", 2)
    served.until(reached.is_set)
    held_by = served.owner()
    first.signal(signal.SIGSTOP)
    second = served.process("worker")
    served.until(lambda: served.owner() not in ("", held_by))
    go_on.set()
    before = len(first.proxy.calls)
    first.signal(signal.SIGCONT)
    served.until(lambda: "lease lost" in first.log.read_text())
    assert [call for call in first.proxy.calls[before:] if is_act(call)] == []
    served.until(lambda: served.whole("blue", 2))
    assert second.proxy.acts()


def test_sigterm_hands_over_at_once(served: Yard) -> None:
    first = served.process("worker")
    served.cluster()
    reached, go_on = _held_at(first, "CreateAutoScalingGroup")
    served.group("blue", 1)
    served.until(reached.is_set)
    second = served.process("worker")
    first.signal(signal.SIGTERM)
    began = time.monotonic()
    # The call in its thread is still without an answer: nobody waits for it.
    assert first.popen.wait(20) == 0
    assert time.monotonic() - began < EXIT_S
    served.until(lambda: bool(second.proxy.calls))
    go_on.set()
    api = served.processes[0]
    served.until(lambda: served.whole("blue", 1))
    began = time.monotonic()
    api.signal(signal.SIGTERM)
    assert api.popen.wait(20) == 0
    assert time.monotonic() - began < EXIT_S
