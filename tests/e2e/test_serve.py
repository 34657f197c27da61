"""`nodeyard serve`: several processes on one PostgreSQL, ended by real signals at the worst moments."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service
from tests.e2e.serving import KEY, SECRET, Process, Yard
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


def _on_the_wire(method: str, path: str, body: bytes = b"") -> bytes:
    """Return a request as it goes over a socket, signed as AWS clients sign. Its Host is everybody's."""
    request = AWSRequest(method, f"http://eks.example{path}", data=body, headers={"host": "eks.example"})
    SigV4Auth(Credentials(KEY, SECRET), "eks", REGION).add_auth(request)
    headers = {**request.headers, "content-length": str(len(body)), "connection": "close"}
    lines = (f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", "")
    return "\r\n".join(lines).encode() + body


def _sent(process: Process, wire: bytes) -> tuple[int, bytes]:
    """Send bytes to a process; return the status and all that it answered."""
    parts = urlsplit(process.endpoint)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as there:
        there.sendall(wire)
        answer = b"".join(iter(lambda: there.recv(1 << 16), b""))
    return int(answer.split()[1]), answer


def test_a_request_that_was_recorded_acts_once_whichever_process_gets_it(served: Yard) -> None:
    one, two = served.processes[0], served.process("all")
    served.cluster()
    arn = f"arn%3Aaws-cn%3Aeks%3A{REGION}%3A{ACCOUNT}%3Acluster%2F{yard.CLUSTER}"
    recorded = _on_the_wire("POST", f"/tags/{arn}", b'{"tags": {"a": "b"}}')
    with ThreadPoolExecutor(6) as at_once:
        answers = list(at_once.map(lambda each: _sent(each, recorded), (one, two) * 3))
    assert sorted(status for status, _ in answers) == [200] + [429] * 5, answers
    served.eks.untag_resource(resourceArn=arn.replace("%3A", ":").replace("%2F", "/"), tagKeys=["a"])
    served.until(lambda: _sent(one, recorded)[0] == 403)  # no retry of a client comes so late
    restarted = served.process("api")
    for process in (one, two, restarted):
        status, answer = _sent(process, recorded)
        assert status == 403 and b"InvalidSignatureException" in answer and b"used before" in answer
    assert served.eks.describe_cluster(name=yard.CLUSTER)["cluster"]["tags"] == {}
    acted = "select count(*) from audit where document like '%:TagResource%BEGUN%'"
    assert served.sql(acted) == "1"

    reading = _on_the_wire("GET", f"/clusters/{yard.CLUSTER}")
    assert [_sent(each, reading)[0] for each in (one, one, two)] == [200] * 3
