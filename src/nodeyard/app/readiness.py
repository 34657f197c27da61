"""Whether the service can do its work now: the store answers, the engine takes work up."""

from __future__ import annotations

import asyncio

from nodeyard.engine.runner import Engine
from nodeyard.ports import PortError, Store

STORE_ANSWERS_S = 2.0
"""Wall seconds after which a store that says nothing counts as gone."""


class Readiness:
    """Asked by /readyz."""

    def __init__(self, store: Store, engine: Engine | None) -> None:
        self._store = store
        self._engine = engine

    async def why_not(self) -> str | None:
        """Return None when everything works, else what does not."""
        try:
            async with asyncio.timeout(STORE_ANSWERS_S):
                await self._store.last_event()
        except TimeoutError:
            return f"The store has not answered for {STORE_ANSWERS_S:g} s."
        except PortError as error:
            return f"The store does not answer: {error.message}."
        return None if self._engine is None else self._engine.stuck()
