"""The Events of a cluster: recorded, counted, and forgotten when there are too many.

Called by the API rules for controllers and kubelets. Never holds more than `LIMIT` events.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.store import Change, Store
from nodeyard.world.kubernetes.times import rfc3339

LIMIT = 2_000

Obj = dict[str, Any]
Place = tuple[str, str]


def _sameness(event: Obj) -> tuple[str, ...]:
    involved = event.get("involvedObject") or {}
    source = (event.get("source") or {}).get("component", "")
    parts = (involved.get("uid") or involved.get("name"), event.get("type"), event.get("reason"))
    return tuple(str(part) for part in (*parts, event.get("message"), source))


class Recorder:
    """Writes Event objects into a store."""

    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._places: OrderedDict[Place, tuple[str, ...]] = OrderedDict()
        self._seen: dict[tuple[str, ...], Place] = {}
        for event in sorted(store.list("events"), key=lambda one: int(one["metadata"]["resourceVersion"])):
            self._note(event)
        store.listen(self._changed)

    def record(self, obj: Obj, type: str, reason: str, message: str, component: str) -> None:
        """Write an event, or raise the count of the same one."""
        metadata = obj.get("metadata", {})
        now = rfc3339(self._clock.now())
        names = {"namespace": metadata.get("namespace"), "name": metadata.get("name")}
        involved = {"kind": obj.get("kind", ""), **names, "uid": metadata.get("uid", "")}
        involved["apiVersion"] = obj.get("apiVersion", "")
        involved["resourceVersion"] = metadata.get("resourceVersion", "")
        event: Obj = {
            "apiVersion": "v1",
            "kind": "Event",
            "involvedObject": {key: value for key, value in involved.items() if value},
            "type": type,
            "reason": reason,
            "message": message,
            "source": {"component": component},
            "reportingComponent": component,
            "reportingInstance": "",
            "firstTimestamp": now,
            "lastTimestamp": now,
            "eventTime": None,
            "count": 1,
        }
        place = self._seen.get(_sameness(event))
        old = self._store.get("events", *place) if place else None
        if old is not None:
            self._store.put("events", {**old, "count": int(old.get("count") or 1) + 1, "lastTimestamp": now})
            return
        event["metadata"] = {
            "name": f"{metadata.get('name')}.{self._ids.hex(16)}",
            "namespace": metadata.get("namespace") or "default",
            "uid": self._ids.uuid(),
            "creationTimestamp": now,
        }
        self._store.put("events", event)

    def _note(self, event: Obj) -> None:
        place = (event["metadata"]["namespace"], event["metadata"]["name"])
        key = _sameness(event)
        self._places[place] = key
        self._places.move_to_end(place)
        self._seen[key] = place

    def _changed(self, change: Change) -> None:
        if change.resource != "events":
            return
        if change.type != "DELETED":
            self._note(change.object)
            if len(self._places) > LIMIT:
                self._store.remove("events", *next(iter(self._places)))
            return
        metadata = change.object["metadata"]
        place = (metadata["namespace"], metadata["name"])
        key = self._places.pop(place, None)
        if key is not None and self._seen.get(key) == place:
            del self._seen[key]
