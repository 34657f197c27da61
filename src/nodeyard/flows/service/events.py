"""The event log, read by page and by filter."""

from __future__ import annotations

from dataclasses import dataclass

from nodeyard.model.scope import Scope
from nodeyard.ports import Event, Store

READ_AT_ONCE = 500
PAGE_MAX = 1000


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events somebody wants. None: no matter. `scope` None: of every account and Region."""

    scope: Scope | None = None
    cluster: str | None = None
    nodegroup: str | None = None
    update: str | None = None

    def takes(self, event: Event) -> bool:
        """Say whether an event is wanted."""
        return (
            self.scope in (None, event.scope)
            and self.cluster in (None, event.cluster)
            and self.nodegroup in (None, event.nodegroup)
            and self.update in (None, event.subject.get("update"))
        )


async def read(store: Store, wanted: Filter, after: int, limit: int) -> tuple[Event, ...]:
    """Return the events above `after`, oldest first. Bounds: `limit`, at most PAGE_MAX."""
    limit = min(limit, PAGE_MAX)
    found: list[Event] = []
    while len(found) < limit:
        page = await store.events(
            wanted.scope,
            after=after,
            cluster=wanted.cluster,
            nodegroup=wanted.nodegroup,
            limit=READ_AT_ONCE,
        )
        found += [event for event in page if wanted.takes(event)]
        if len(page) < READ_AT_ONCE:
            break
        after = page[-1].sequence
    return tuple(found[:limit])
