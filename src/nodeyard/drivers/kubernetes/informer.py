"""A copy of one resource of a cluster, kept current: listed once, then watched from there on.

A watch that ends is taken up where it was; one that was too old, or came out of order, begins with a new
list, and what changed meanwhile is told as if it had been watched. After failures the waits grow, and are
spread by chance, so that many processes do not come back to an API server at the same instant.
Source: Kubernetes, API concepts (efficient detection of changes, watch bookmarks, 410 Gone).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import structlog

from nodeyard.drivers.kubernetes import bounds
from nodeyard.drivers.kubernetes.client import Client, error_of_status
from nodeyard.ports import Conflict, PortError, Throttled, Unavailable

log = structlog.get_logger(__name__)

T = TypeVar("T")
Obj = dict[str, Any]
Place = tuple[str, str]
"""(namespace, name); the namespace of a node is empty."""
Told = Callable[[Place, T | None, T | None], None]
"""Called with the value before and after a change; None where there is none."""

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
DOUBLINGS = 5
SHORT_S = 1.0
"""Wall seconds: a watch that ends sooner without an event counts as failed, or a broken server would be asked
without a pause."""
LOUD_AFTER = 5
"""Failures in a row after which the log says so."""


class Informer(Generic[T]):
    """`read` makes the value that is kept of an object. `run` it in a task of its own."""

    def __init__(
        self, client: Client, path: str, query: dict[str, str], read: Callable[[Obj], T], told: Told[T]
    ) -> None:
        self._client = client
        self._path = path
        self._query = query
        self._read = read
        self._told = told
        self._version: str | None = None
        self._failures = 0
        self._watching = False
        self.items: dict[Place, T] = {}

    @property
    def current(self) -> bool:
        """Whether `items` follow the cluster now: they were listed, and a watch on them is open."""
        return self._watching

    async def run(self) -> None:
        """List and watch until cancelled."""
        while True:
            waits_s = 0.0
            try:
                if self._version is None:
                    await self._list()
                await self._watch()
            except Conflict:  # too old by now: only a new list helps
                self._version = None
                waits_s = self._backoff()
            except PortError as error:
                waits_s = self._backoff()
                if isinstance(error, Throttled) and error.retry_after_s is not None:
                    waits_s = max(waits_s, error.retry_after_s)
                if self._failures == LOUD_AFTER:
                    log.warning("a watch on a cluster keeps failing", watch=self._path, error=error.message)
            except Exception as error:  # an object that cannot be read must not end the watch for good
                self._version = None
                waits_s = self._backoff()
                log.warning("what a cluster tells cannot be read", watch=self._path, error=repr(error))
            finally:
                self._watching = False
            await self._client.pause(waits_s)

    def _backoff(self) -> float:
        """Return how long to wait after one more failure, in simulated seconds: longer each time."""
        wait = min(FIRST_WAIT_S * 2.0 ** min(self._failures, DOUBLINGS), LONGEST_WAIT_S)
        self._failures += 1
        return wait * (0.5 + self._client.chance() / 2)

    async def _list(self) -> None:
        found: dict[Place, T] = {}
        listed = ""
        async for items, version in self._client.pages(self._path, self._query):
            found.update((place_of(obj), self._read(obj)) for obj in items)
            listed = version
        before, self.items = self.items, found
        self._version = listed
        for place in before.keys() - found.keys():
            self._told(place, before[place], None)
        for place, value in found.items():
            if (held := before.get(place)) != value:
                self._told(place, held, value)

    async def _watch(self) -> None:
        began = self._client.steady()
        asked = self._query | {"allowWatchBookmarks": "true", "resourceVersion": self._version or ""}
        something = False
        async for event in self._client.watched(self._path, asked, self._opened):
            self._take(str(event.get("type")), event.get("object") or {})
            something = True
        if not something and self._client.steady() - began < SHORT_S:
            await self._client.pause(self._backoff())
        else:
            self._failures = 0

    def forget(self) -> None:
        """Let go of the copy, once nobody runs the informer any more; the next run lists again."""
        self.items, self._version, self._failures = {}, None, 0

    def _opened(self) -> None:
        self._watching = True

    def _take(self, change: str, obj: Obj) -> None:
        if change == "ERROR":
            raise error_of_status(obj, f"watch {self._path}")
        self._failures = 0
        self._version = str((obj.get("metadata") or {}).get("resourceVersion") or self._version)
        if change == "BOOKMARK":
            return
        place = place_of(obj)
        before = self.items.get(place)
        after = None if change == "DELETED" else self._read(obj)
        if after is None:
            self.items.pop(place, None)
        elif before is None and len(self.items) >= bounds.OBJECTS_MAX:
            self._version = None
            raise Unavailable(f"{self._path}: more than {bounds.OBJECTS_MAX:,} objects are not watched")
        else:
            self.items[place] = after
        self._told(place, before, after)


def place_of(obj: Obj) -> Place:
    metadata = obj["metadata"]
    return metadata.get("namespace") or "", metadata["name"]
