"""What the console costs a browser: its first page, and the live view of an update of a thousand nodes.

The view is scrolled up and down without a rest while nodes come and go, which is the most that one can ask.
Frames are those that the browser draws without a graphics card.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from nodeyard.cli.connection import Connection
from tests.bench.figures import Figure, Figures
from tests.browser.conftest import browser_of_the_system, missing, window_of
from tests.browser.console import Console
from tests.e2e import yard
from tests.e2e.service import ACCOUNT, REGION, Service

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

NODES = 1000
SPEED = 60
TOGETHER = 100
WATCHED_S = 20
FRAMES_BAR = 30.0
MEMORY_BAR_MB = 200.0
FIRST_LOAD_BAR_KB = 400.0
SCROLLED = """(seconds) => new Promise((done) => {
  const sight = document.querySelector('.lanes-sight');
  const at = [];
  let step = 9;
  const draw = () => {
    const now = performance.now();
    at.push(now);
    const end = sight.scrollHeight - sight.clientHeight;
    if (sight.scrollTop >= end - 1) step = -9;
    if (sight.scrollTop <= 0) step = 9;
    sight.scrollTop += step;
    now - at[0] < 1000 * seconds ? requestAnimationFrame(draw) : done(at);
  };
  requestAnimationFrame(draw);
})"""
"""Scrolls a little at every frame and returns when each was drawn, in milliseconds of the wall."""
LAG_BAR_S = 1.0
SAMPLED = """(seconds) => new Promise((done) => {
  const seen = [];
  const told = (name) => document.querySelector(`.lanes-mark.lane-${name}`).closest('li').innerText;
  const counted = (name) => Number(/: (\\d+)/.exec(told(name))[1]);
  const timer = setInterval(() => {
    const rows = Number(document.querySelector('.lanes-all').style.height.replace('px', '')) / 44;
    seen.push([Date.now() / 1000, rows, counted('QUEUED')]);
  }, 20);
  setTimeout(() => { clearInterval(timer); done(seen); }, 1000 * seconds);
})"""
"""Returns, fifty times a second: the time, how many nodes were ever there, and how many wait."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    made.start(
        *("--account-id", ACCOUNT, "--speed", str(SPEED), "--log-level", "warning"),
        *("--quota", f"nodes-per-nodegroup={NODES}"),
    )
    yield made
    made.kill()


def test_the_live_view_of_a_thousand_nodes_stays_quick_and_small(service: Service, figures: Figures) -> None:
    if why := missing():
        pytest.skip(why)
    id = _an_update(service)
    with browser_of_the_system() as browser:
        figures.add(_first_load(Console(window_of(browser), service.endpoint)))
        console = Console(window_of(browser), service.endpoint)
        console.open(f"/clusters/{yard.CLUSTER}/nodegroups/all/updates/{id}")
        console.see("heading", re.compile(r"Nodes \(1[0-9]{3}\)"))
        line = console.window.context.new_cdp_session(console.window)
        line.send("Performance.enable")
        _as_urgent_as_this(browser)
        before, busy = _lanes(console), _busy_s(line)
        frames = console.window.evaluate(SCROLLED, WATCHED_S)
        busy = _busy_s(line) - busy
        with _listening(service) as heard:
            sampled = console.window.evaluate(SAMPLED, WATCHED_S)
        heap, whole = _memory_mb(browser, line)
        after = _lanes(console)
        assert console.window.get_by_text("Live", exact=True).is_visible(), "the update was over too soon"
    late, told = _late_s(service, id, sampled), sorted(heard)
    seconds = (frames[-1] - frames[0]) / 1000
    counts = [sum(at <= each < at + 1000 for each in frames) for at in _seconds(frames)]
    conditions = f"{NODES} nodes, {TOGETHER} at a time, --speed {SPEED}, scrolled for {seconds:.0f} s, no GPU"
    for what, value, unit, bar in (
        ("frames a second", len(frames) / seconds, "/s", FRAMES_BAR),
        ("frames in its slowest second", min(counts), "/s", FRAMES_BAR),
        ("page busy in a second", 1000 * busy / seconds, "ms", None),
        ("behind the service, median", late[len(late) // 2], "s", LAG_BAR_S),
        ("behind the service, 99 of 100 steps", late[len(late) * 99 // 100], "s", LAG_BAR_S),
        ("behind the service, at most", late[-1], "s", LAG_BAR_S),
        ("the stream behind the service, 99 of 100 events", told[len(told) * 99 // 100], "s", None),
        ("the stream behind the service, at most", told[-1], "s", None),
        ("memory of its scripts", heap, "MB", MEMORY_BAR_MB),
        ("memory of its process alone", whole, "MB", MEMORY_BAR_MB),
    ):
        figures.add(Figure(f"live view: {what}", value, unit, conditions, bar, at_least=unit == "/s"))
    assert after != before, "nothing happened in what was watched"


def _late_s(service: Service, id: str, sampled: list[list[float]]) -> list[float]:
    """Return how long after it was written each step of a node was shown, the shortest first. Units: seconds.

    Of every step these go only one way, so that what is shown can be held against the log: nodes that are
    launched add to all that were ever there, and those that begin to drain leave those that wait. The
    first time counts: who was blocked drains again.
    """
    log = _steps(service, id)
    found: list[float] = []
    for lane, column, sign in (("LAUNCHING", 1, 1), ("DRAINING", 2, -1)):
        written = sorted({instance: at for at, instance, said in reversed(log) if said == lane}.values())
        start = sampled[0]
        for number, at in enumerate(written, 1):
            if not start[0] < at < sampled[-1][0] - 2 * LAG_BAR_S:
                continue
            wanted = NODES + sign * number
            there = (each[0] for each in sampled if sign * each[column] >= sign * wanted)
            shown = next(there, sampled[-1][0])
            found.append(max(0.0, shown - at))
    assert len(found) > TOGETHER, "too little happened in what was watched"
    return sorted(found)


@contextlib.contextmanager
def _listening(service: Service) -> Iterator[list[float]]:
    """Give how long after it was written each event came to a client that only reads. Units: seconds."""
    late: list[float] = []
    line = http.client.HTTPConnection(service.endpoint.partition("://")[2])
    line.request("GET", f"/nodeyard/v1/events?cluster={yard.CLUSTER}&nodegroup=all")
    answer = line.getresponse()

    def listen() -> None:
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):  # it was cut
            for text in answer:
                if text.startswith(b"data: "):
                    at = datetime.fromisoformat(json.loads(text[6:])["at"])
                    late.append(max(0.0, time.time() - at.timestamp()))

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        yield late
    finally:
        assert line.sock is not None
        line.sock.shutdown(socket.SHUT_RDWR)
        listener.join()
        line.close()


def _steps(service: Service, id: str) -> list[tuple[float, str, str]]:
    """Return when which instance came to which lane, as the log has it."""
    found: list[tuple[float, str, str]] = []
    after = 0
    connection = Connection(service.endpoint, REGION)
    while page := connection.call("list_events", updateId=id, after=after, maxResults=1000)["events"]:
        steps = (each for each in page if each["kind"] == "NodeLane")
        found += [
            (each["at"].timestamp(), each["subject"]["instance"], each["subject"]["lane"]) for each in steps
        ]
        after = page[-1]["sequence"]
    return found


def _first_load(console: Console) -> Figure:
    """Return what a browser that was never here loads for the clusters page, answers of the API included."""
    sizes: list[int] = []
    console.window.on("requestfinished", lambda sent: sizes.append(sent.sizes()["responseBodySize"]))
    console.open()
    console.row(yard.CLUSTER)
    console.window.context.close()
    return Figure(
        "console: first load of the clusters page", sum(sizes) / 1000, "kB", "gzip", FIRST_LOAD_BAR_KB
    )


def _an_update(service: Service) -> str:
    """Return the id of an update of a thousand nodes that has begun."""
    eks = yard.a_cluster(service)
    eks.create_nodegroup(
        clusterName=yard.CLUSTER,
        nodegroupName="all",
        subnets=yard.SUBNETS,
        nodeRole=yard.ROLE,
        releaseVersion="1.14.7-20190927",
        scalingConfig={"minSize": 0, "maxSize": NODES, "desiredSize": NODES},
        updateConfig={"maxUnavailable": TOGETHER},
    )
    service.until(lambda: yard.status(service, "all") == "ACTIVE", limit_s=300, every_s=0.5)
    answer = eks.update_nodegroup_version(clusterName=yard.CLUSTER, nodegroupName="all")
    return str(answer["update"]["id"])


def _seconds(frames: list[float]) -> Iterator[float]:
    """Yield the beginning of every whole second."""
    at = frames[0]
    while at + 1000 <= frames[-1]:
        yield at
        at += 1000


def _lanes(console: Console) -> str:
    """Return how many nodes the view says are in each lane."""
    return str(console.window.locator(".lanes-legend").inner_text())


def _busy_s(line: Any) -> float:
    """Return the seconds that the page's thread has worked until now."""
    found = {each["name"]: each["value"] for each in line.send("Performance.getMetrics")["metrics"]}
    return float(found["TaskDuration"])


def _as_urgent_as_this(browser: Any) -> None:
    """Give every thread of the browser the priority of this process: Chromium gives its pages another."""
    wanted = os.getpriority(os.PRIO_PROCESS, 0)
    for each in browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]:
        for thread in Path(f"/proc/{each['id']}/task").iterdir():
            with contextlib.suppress(OSError):  # it ended, or may not be made more urgent
                os.setpriority(os.PRIO_PROCESS, int(thread.name), wanted)


def _memory_mb(browser: Any, line: Any) -> tuple[float, float]:
    """Return the memory of the page's scripts, and that which its process shares with no other."""
    heap = line.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    own = [_own_mb(each["id"]) for each in processes if each["type"] == "renderer"]
    return heap, max(own)


def _own_mb(process: int) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * 1024 / 1e6
