"""What a handler is given and what it gives back: one run on one key, and when to look again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from nodeyard.ports import Changes, Clock, Fenced, Lease, Store


@dataclass(frozen=True, slots=True)
class Next:
    """When to look again. None: when woken. `forget`: never again, remove the key."""

    at: datetime | None
    forget: bool = False


class Work:
    """One run on one key. `commit` and `check` are the only ways to write and to go on."""

    def __init__(self, store: Store, clock: Clock, lease: Lease, safe: tuple[float, float]) -> None:
        self._store = store
        self._clock = clock
        self.renewed_at, self._safe_for_s = safe
        """On the steady clock, from before the claim or renewal was sent: the lease began later."""
        self.lease = lease

    @property
    def key(self) -> str:
        return self.lease.key

    def check(self) -> None:
        """Raise Fenced unless the lease is safely ours; call it right before acting on the world."""
        if self._clock.steady() - self.renewed_at > self._safe_for_s:
            raise Fenced(f"the lease on {self.key} was not renewed in time")

    async def commit(self, changes: Changes) -> None:
        """Write in one transaction. Raises: Fenced, StaleRevision."""
        await self._store.commit(changes, lease=self.lease)


Handler = Callable[[Work], Awaitable[Next]]
