"""The service's side of a simulation: an engine and hints, as one process that can be killed.

Knows nothing but what is in the store and the world, so that another one goes on where it ended.
"""

from __future__ import annotations

import asyncio
import random

from nodeyard.engine.runner import Engine, Handler, Next, Work
from nodeyard.flows import reconcile
from nodeyard.flows.hands import Hands
from nodeyard.flows.hints import Hints

STUMBLES = 0.3
"""The share of passes that a stumbling service leaves out or repeats."""
STUMBLE_S = 2.0


class Process:
    """See the module. `stumbles` is chance for a process that leaves out or repeats some of its passes.

    Units: `lease_s`, and `look_s`, how often it looks by itself, in simulated seconds.
    """

    def __init__(self, hands: Hands, lease_s: float, look_s: float, stumbles: random.Random | None) -> None:
        self._hands = hands
        handler = _handler(hands, stumbles)
        self.engine = Engine(hands.store, hands.clock, hands.ids, handler, lease_s=lease_s, poll_s=look_s)
        self.hints = Hints(hands, self.engine.wake, look_s=look_s)
        self.parts: list[asyncio.Task[None]] = []

    def begin(self, loop: asyncio.AbstractEventLoop, dead: Process | None = None) -> None:
        """Run on a loop. As a start on SQLite does, take the leases of a dead process at once."""

        async def run() -> None:
            if dead is not None:
                await self._hands.store.release(dead.engine.owner)
            await self.engine.run()

        self.parts = [
            loop.create_task(run(), name="the engine"),
            loop.create_task(self.hints.run(), name="the hints"),
        ]

    def kill(self) -> None:
        """End at this instant, in the middle of whatever runs; nothing is given back."""
        for task in self.parts:
            task.cancel()
        self.engine.drop()

    async def stop(self) -> None:
        """End as on a signal."""
        await self.engine.stop()
        for task in self.parts:
            task.cancel()
        await asyncio.gather(*self.parts, return_exceptions=True)


def _handler(hands: Hands, chance: random.Random | None) -> Handler:
    """Return the handler of the service; one that stumbles leaves out or repeats some of its passes."""
    run = reconcile.handler(hands)
    if chance is None:
        return run

    async def stumbling(work: Work) -> Next:
        draw = chance.random()
        if draw < STUMBLES / 2:
            return Next(at=hands.clock.after(STUMBLE_S))
        if draw < STUMBLES:
            await run(work)
        return await run(work)

    return stumbling
