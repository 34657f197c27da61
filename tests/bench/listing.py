"""A process of its own that copies the nodes and pods of a cluster, as a worker does while nodes drain.

Started by `test_informers`: address, authority and token come on standard input; what it took goes to
standard output, so that time and memory are those of the copy alone.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nodeyard.drivers.kubernetes import Client, by_token
from nodeyard.drivers.kubernetes.watching import Watches
from nodeyard.drivers.system import RealClock
from nodeyard.model.cluster import Endpoint

PATIENCE_S = 200.0


async def token(text: str) -> tuple[str, datetime]:
    return text, datetime(9999, 1, 1, tzinfo=UTC)


def peak_mb() -> float:
    """Return the most memory that this process ever had resident. Units: 10**6 bytes.

    Not by getrusage: there a child begins with the peak of its parent.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024 / 1e6


async def copied(told: dict[str, str], nodes: int, pods: int) -> dict[str, Any]:
    clock = RealClock()
    client = Client(Endpoint(told["url"], told["ca"]), by_token(lambda: token(told["token"])), clock)
    began = time.monotonic()
    watches = Watches(client)
    async with asyncio.timeout(PATIENCE_S):
        while len(watches.pods_in("") or ()) < pods:  # one node is cordoned, so that pods are copied too
            await clock.sleep(0.02)
    seconds = time.monotonic() - began
    there = len(watches._nodes.items)
    watches.close()
    await client.close()
    assert there == nodes
    return {"seconds": seconds, "mb": peak_mb()}


if __name__ == "__main__":
    asked = json.loads(sys.stdin.readline())
    print(json.dumps(asyncio.run(copied(asked, asked["nodes"], asked["pods"]))), flush=True)  # noqa: T201
