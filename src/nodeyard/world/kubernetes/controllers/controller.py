"""What every controller is: a listener that marks keys dirty, and a step that puts one key right.

Subclassed by each controller; driven by `loop.Controllers`. A controller never waits and never polls.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.controllers.queue import Queue
from nodeyard.world.kubernetes.store import Change, Store
from nodeyard.world.kubernetes.times import rfc3339

Obj = dict[str, Any]
Place = tuple[str, str]


class Controller:
    """One level-triggered controller of one cluster."""

    watches: frozenset[str] = frozenset()
    """The resources whose changes it wants to hear of; empty means all."""

    def __init__(self, api: Api, store: Store, clock: Clock, ids: Ids) -> None:
        self.api = api
        self.store = store
        self.clock = clock
        self.ids = ids
        self.queue = Queue(clock)

    def changed(self, change: Change) -> None:
        """Mark what a change makes dirty. Never writes."""
        raise NotImplementedError

    def reconcile(self, key: Any) -> None:
        """Put one key right."""
        raise NotImplementedError

    def failed(self, key: Hashable) -> None:
        """Come back to a key whose work was refused."""
        self.queue.after(key, 2.0)

    def stamp(self) -> str:
        """Return the present in the form objects carry."""
        return rfc3339(self.clock.now())

    def span(self, seconds: float) -> timedelta:
        """Return how much wall time simulated seconds take."""
        return self.clock.after(seconds) - self.clock.now()

    def since(self, start: datetime, seconds: float) -> datetime:
        """Return the instant that lies simulated seconds after another; standstill does not count."""
        return self.store.standstill.start(start) + self.span(seconds)

    def put_status(self, resource: str, obj: Obj, status: Obj) -> bool:
        """Write a status where it differs; tell whether it was written."""
        if obj.get("status") == status:
            return False
        self.store.put(resource, {**obj, "status": status})
        return True


def place_of(obj: Obj) -> Place:
    """Return the namespace and name of an object."""
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
