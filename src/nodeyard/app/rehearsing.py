"""`ports.Rehearser` of a service: the cluster is read here, the rehearsal runs in a process of its own.

One at a time: a service has its processors for its callers. A rehearsal that takes too long is ended.
Only a few wait: each holds what was read of a cluster, compressed, and one of the engine's places for work.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import zlib
from typing import Any

import msgspec

from nodeyard.model.rehearsal import Ask, Rehearsal
from nodeyard.ports import Clock, Denied, Invalid, Kubernetes, NotFound, Unavailable
from nodeyard.rehearse.child import Done, Job
from nodeyard.rehearse.snapshot import KINDS, NEEDED, OBJECTS_MAX, keep

FASTEST = 1
"""Level of compression: a tenth of a cluster's JSON is left, after a hundredth of a second a megabyte."""
WITHIN_S = 300
"""Wall seconds that a rehearsal may take."""
WAITING_MAX = 8
"""Rehearsals that are under way or wait for their turn. The engine works on 64 keys at once: a thousand
updates that begin together must find places there, whether they are rehearsed or not."""


class Rehearsals:
    """See `ports.Rehearser`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = asyncio.Semaphore(1)
        self._reads = asyncio.Semaphore(1)
        """A large cluster takes a hundred megabytes while it is read."""
        self._asked = 0

    async def rehearse(self, kubernetes: Kubernetes, ask: Ask) -> Rehearsal:
        """See `ports.Rehearser.rehearse`. Clusters are read one after another, soon.

        Raises: Unavailable at once where WAITING_MAX others were asked for and are not done.
        """
        if self._asked >= WAITING_MAX:
            text = f"{self._asked} other rehearsals are under way: ask again when some of them are done."
            raise Unavailable(text, operation="rehearse")
        self._asked += 1
        try:
            return await self._rehearsed(kubernetes, ask)
        finally:
            self._asked -= 1

    async def _rehearsed(self, kubernetes: Kubernetes, ask: Ask) -> Rehearsal:
        async with self._reads:
            waiting = await asyncio.to_thread(_packed, await self._job(kubernetes, ask))
        async with self._turn:
            done = await run(await asyncio.to_thread(zlib.decompress, waiting))
        if done.made is None:
            raise Invalid(done.refused)
        return done.made

    async def _job(self, kubernetes: Kubernetes, ask: Ask) -> Job:
        taken_at = self._clock.now()
        objects, lacking = await read(kubernetes)
        return Job(ask, taken_at, objects, lacking, WITHIN_S)


def _packed(job: Job) -> bytes:
    return zlib.compress(msgspec.json.encode(job), FASTEST)


async def read(kubernetes: Kubernetes) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    """Return what a rehearsal needs of a cluster, and which resources may not be read and why.

    Raises: PortError.
    """
    objects: dict[str, list[dict[str, Any]]] = {}
    lacking: dict[str, str] = {}
    total = 0
    for resource, (version, _) in KINDS.items():
        try:
            found = await kubernetes.documents(version, resource.partition(".")[0])
        except (Denied, NotFound) as refused:
            if resource in NEEDED:
                raise
            lacking[resource] = refused.message
            continue
        objects[resource] = [kept for each in found if (kept := keep(resource, each)) is not None]
        total += len(objects[resource])
        if total > OBJECTS_MAX:
            raise Invalid(f"The cluster has more than {OBJECTS_MAX:,} objects, more than a rehearsal takes.")
    for resource in NEEDED:
        if not objects[resource]:
            raise Invalid(f"The cluster has no {resource}: there is nothing to rehearse.")
    return objects, lacking


async def run(job: bytes) -> Done:
    """Return what a process of its own makes of a job. Raises: Unavailable."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "nodeyard.rehearse.child",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    given, told = process.stdin, (process.stdout, process.stderr)
    assert given is not None and told[0] is not None and told[1] is not None, "all three are pipes"
    try:
        given.write(job + b"\n")  # and stays open: the process ends with it
        out, errors = await asyncio.gather(told[0].read(), told[1].read())
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = errors.decode(errors="replace").strip().rpartition("\n")[2]
        late = process.returncode == -signal.SIGALRM
        text = f"The rehearsal took more than {WITHIN_S} s" if late else f"The rehearsal broke: {last}"
        raise Unavailable(f"{text}.", operation="rehearse")
    return msgspec.json.decode(out, type=Done)
