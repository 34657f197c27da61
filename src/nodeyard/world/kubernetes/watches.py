"""Watches: the changes of a resource as a stream of JSON lines.

Called by the façade. Reads the store's history, so a slow client costs no memory: it gets 410.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from nodeyard.world.kubernetes.conversion import needs_conversion, shown
from nodeyard.world.kubernetes.errors import gone
from nodeyard.world.kubernetes.resources import Resource
from nodeyard.world.kubernetes.selectors import Predicate
from nodeyard.world.kubernetes.store import Change, Store
from nodeyard.world.kubernetes.tables import partial, table

_BOOKMARK_EVERY_S = 30.0
_DEFAULT_TIMEOUT_S = 1_800.0

Obj = dict[str, Any]


@dataclass(slots=True)
class WatchOptions:
    """What a client asked to see."""

    what: Resource
    namespace: str | None
    test: Predicate | None
    after: int | None
    now: Any
    shape: str = ""
    include: str = "Metadata"
    bookmarks: bool = False
    initial: bool = False
    timeout_s: float = _DEFAULT_TIMEOUT_S


class Watch:
    """One watch over one store."""

    def __init__(self, store: Store, options: WatchOptions) -> None:
        self._store = store
        self._options = options
        self._key = options.what.stored_as
        self._changed = asyncio.Event()
        self._headed = False
        self._initial = options.initial or not options.after
        # The revision is taken now, not when the stream starts, so that nothing falls in between.
        self._last = store.revision if self._initial else int(options.after or 0)
        self._first = list(self._state()) if self._initial else []

    def _state(self) -> list[tuple[Obj, bytes]]:
        options = self._options
        return [
            (entry.object, entry.data)
            for entry in self._store.entries(self._key, options.namespace)
            if options.test is None or options.test(entry.object)
        ]

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the lines of the watch until its time is over."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._options.timeout_s
        stop = self._store.listen(self._wake)
        try:
            for obj, data in self._first:
                yield self._line("ADDED", obj, data)
            self._first = []
            if self._initial and self._options.initial and self._options.bookmarks:
                yield self._bookmark({"k8s.io/initial-events-end": "true"})
            while loop.time() < end:
                self._changed.clear()
                changes = self._store.history(self._key, self._last)
                if changes is None:
                    since = self._store.known_since(self._key)
                    told = gone(f"too old resource version: {self._last} ({since})").status()
                    yield msgspec.json.encode({"type": "ERROR", "object": told}) + b"\n"
                    return
                lines = [line for change in changes if (line := self._seen(change)) is not None]
                if changes:
                    self._last = changes[-1].revision
                if lines:
                    self._store.flush()  # what a watcher saw is there after a kill
                    yield b"".join(lines)
                if not changes and not await self._wait(min(end - loop.time(), _BOOKMARK_EVERY_S)):
                    self._store.flush()
                    self._last = self._store.revision
                    if self._options.bookmarks:
                        yield self._bookmark(None)
        finally:
            stop()

    def _wake(self, change: Change) -> None:
        if change.resource == self._key:
            self._changed.set()

    async def _wait(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._changed.wait(), max(seconds, 0.01))
        except TimeoutError:
            return False
        return True

    def _seen(self, change: Change) -> bytes | None:
        """Return the line of a change for this client, None when it concerns nothing it watches."""
        options, obj = self._options, change.object
        if options.namespace is not None and obj["metadata"].get("namespace") != options.namespace:
            return None
        test = options.test
        is_in = test is None or test(obj)
        was_in = change.previous is not None and (test is None or test(change.previous))
        if change.type == "DELETED":
            return self._line("DELETED", obj, change.data) if was_in or is_in else None
        if not is_in:
            return self._line("DELETED", obj, change.data) if was_in else None
        return self._line("MODIFIED" if was_in else "ADDED", obj, change.data)

    def _line(self, kind: str, obj: Obj, data: bytes) -> bytes:
        options = self._options
        if options.shape == "Table":
            now: datetime = options.now()
            version = {"resourceVersion": obj["metadata"]["resourceVersion"]}
            one = shown(options.what, obj)
            body = table(options.what, [one], now, version, options.include, headed=not self._headed)
            self._headed = True
            data = msgspec.json.encode(body)
        elif options.shape.startswith("PartialObjectMetadata"):
            data = msgspec.json.encode(partial(obj))
        elif needs_conversion(options.what):
            data = msgspec.json.encode(shown(options.what, obj))
        return b'{"type":"' + kind.encode() + b'","object":' + data + b"}\n"

    def _bookmark(self, annotations: dict[str, str] | None) -> bytes:
        metadata: Obj = {"resourceVersion": str(self._last), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        what = self._options.what
        body: Obj = {"kind": what.kind, "apiVersion": what.api_version, "metadata": metadata}
        if self._options.shape == "Table":
            body = table(what, [], self._options.now(), metadata, "None", headed=not self._headed)
            row = {"cells": [], "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}}
            row["object"] = {**row["object"], "metadata": metadata}  # type: ignore[dict-item]
            body["rows"] = [row]
        return msgspec.json.encode({"type": "BOOKMARK", "object": body}) + b"\n"
