"""The objects of one cluster: versions, indexes, change history, and their file.

Called by the API rules, the controllers and the façade. Knows no rule of the Kubernetes API: whatever is put
is kept. Objects handed in and out are shared: nobody changes one in place after it was put, ever.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from nodeyard.model import standstill
from nodeyard.ports import Clock, Ids
from nodeyard.world.kubernetes.persistence import Key, ObjectFile
from nodeyard.world.kubernetes.resources import DEFINITIONS, Registry

HISTORY = 12_000

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]


class Entry:
    """An object and its encoded form, which lists and watches send as it is."""

    __slots__ = ("_data", "object")

    def __init__(self, obj: dict[str, Any], data: bytes = b"") -> None:
        self.object = obj
        self._data = data

    @property
    def data(self) -> bytes:
        """Return the encoded form, made when it is first asked for: in a simulation nobody asks."""
        self._data = self._data or msgspec.json.encode(self.object)
        return self._data


@dataclass(slots=True)
class Change:
    """One write, as watchers see it. A value; not frozen, because there are very many of them."""

    type: ChangeType
    resource: str
    object: dict[str, Any]
    revision: int
    previous: dict[str, Any] | None = None
    entry: Entry | None = field(default=None, compare=False, repr=False)

    @property
    def data(self) -> bytes:
        """Return the encoded form of the object."""
        return (self.entry or Entry(self.object)).data


# The class below has a method called list, which hides the type from its annotations.
Objects = list[dict[str, Any]]
Owned = list[tuple[str, dict[str, Any]]]
Changes = list[Change]


def controller_uid(obj: dict[str, Any]) -> str | None:
    """Return the uid of the owner that controls an object, None for an orphan."""
    for reference in obj.get("metadata", {}).get("ownerReferences") or ():
        if reference.get("controller"):
            return str(reference.get("uid"))
    return None


class Store:
    """All objects of one cluster, in memory, optionally with a file behind."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self.clock = clock
        self.ids = ids
        self.registry = Registry()
        self.standstill = standstill.NONE
        """When the cluster stood still; set before its controllers run."""
        self.revision = 1
        self._tables: dict[str, dict[str, dict[str, Entry]]] = {}
        self._on_node: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        self._owned: dict[str, dict[Key, dict[str, Any]]] = {}
        self._listeners: list[Callable[[Change], None]] = []
        self._history: dict[str, deque[Change]] = {}
        self._floor: dict[str, int] = {}
        self._first_revision = 1
        self._changed_at: dict[str, int] = {}
        self._file: ObjectFile | None = None
        self._dirty: dict[Key, Entry | None] = {}
        self._listed: dict[tuple[str, str | None], tuple[int, list[dict[str, Any]]]] = {}
        """Resource and namespace -> its last change when it was last listed, and what was there."""

    # --- file ---

    def open(self, path: Path | None) -> None:
        """Load what a file holds and keep it up to date from now on; None keeps to memory."""
        if path is None:
            return
        self._file = ObjectFile(path)
        for (resource, namespace, name), data in self._file.read():
            entry = Entry(msgspec.json.decode(data), data)
            self._tables.setdefault(resource, {}).setdefault(namespace, {})[name] = entry
            self._index((resource, namespace, name), None, entry.object)
            if resource == DEFINITIONS:
                self.registry.define(entry.object)
        self.revision = self._first_revision = max(self.revision, self._file.revision())
        self._listed.clear()

    @property
    def dirty(self) -> bool:
        """Tell whether changes wait for `flush`."""
        return bool(self._dirty) and self._file is not None

    def flush(self) -> None:
        """Write what changed since the last call, in one transaction. Called before anybody is told.

        Raises: WorldDataError; the changes stay to be written.
        """
        if self._file is None or not self._dirty:
            return
        encoded = {key: entry.data if entry else None for key, entry in self._dirty.items()}
        self._file.write(encoded, self.revision)
        self._dirty = {}

    def close(self) -> None:
        """Flush and let go of the file."""
        self.flush()
        if self._file is not None:
            self._file.close()
            self._file = None

    # --- reading ---

    def entry(self, resource: str, namespace: str | None, name: str) -> Entry | None:
        """Return an object with its encoded form."""
        return self._tables.get(resource, {}).get(namespace or "", {}).get(name)

    def get(self, resource: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Return an object (read only), None when there is none."""
        entry = self.entry(resource, namespace, name)
        return entry.object if entry else None

    def entries(
        self, resource: str, namespace: str | None = None, after: tuple[str, str] = ("", "")
    ) -> Iterator[Entry]:
        """Yield the entries of a resource in order of namespace and name; None means all namespaces.

        `after` leaves out everything up to a (namespace, name).
        """
        table = self._tables.get(resource, {})
        for space in sorted(table) if namespace is None else [namespace]:
            if space < after[0]:
                continue
            rows = table.get(space, {})
            names = sorted(rows)
            for name in names[bisect_right(names, after[1]) :] if space == after[0] else names:
                yield rows[name]

    def list(self, resource: str, namespace: str | None = None) -> Objects:
        """Return the objects of a resource (read only) in order of namespace and name."""
        now = self.changed_at(resource)
        seen, found = self._listed.get((resource, namespace), (-1, []))
        if seen != now:
            found = [entry.object for entry in self.entries(resource, namespace)]
            self._listed[resource, namespace] = now, found
        return found.copy()

    def count(self, resource: str) -> int:
        """Return how many objects a resource has."""
        return sum(len(rows) for rows in self._tables.get(resource, {}).values())

    def changed_at(self, resource: str) -> int:
        """Return the revision of the last change of any object of a resource, 0 before the first."""
        return self._changed_at.get(resource, 0)

    def pods_on(self, node_name: str) -> Objects:
        """Return the pods bound to a node (read only)."""
        return list(self._on_node.get(node_name, {}).values())

    def owned_by(self, uid: str) -> Owned:
        """Return the objects whose controller has this uid, each with its resource (read only)."""
        return [(key[0], obj) for key, obj in self._owned.get(uid, {}).items()]

    # --- writing ---

    def put(self, resource: str, obj: dict[str, Any]) -> dict[str, Any]:
        """Create or replace an object under the next revision and return what is kept (read only)."""
        entry = Entry(self._next(obj))
        kept, metadata = entry.object, entry.object["metadata"]
        key = (resource, str(metadata.get("namespace") or ""), str(metadata["name"]))
        rows = self._tables.setdefault(resource, {}).setdefault(key[1], {})
        old = rows.get(key[2])
        rows[key[2]] = entry
        previous = old.object if old else None
        self._index(key, previous, kept)
        if self._file is not None:
            self._dirty[key] = entry
        if resource == DEFINITIONS:
            self.registry.define(kept)
        self._tell(Change("MODIFIED" if old else "ADDED", resource, kept, self.revision, previous, entry))
        return kept

    def remove(self, resource: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Remove an object and return it at its last revision, None when there was none."""
        rows = self._tables.get(resource, {}).get(namespace or "", {})
        old = rows.pop(name, None)
        if old is None:
            return None
        last = Entry(self._next(old.object))
        key = (resource, namespace or "", name)
        self._index(key, old.object, None)
        if self._file is not None:
            self._dirty[key] = None
        if resource == DEFINITIONS:
            self.registry.undefine(name)
        self._tell(Change("DELETED", resource, last.object, self.revision, old.object, last))
        return last.object

    def _next(self, obj: dict[str, Any]) -> dict[str, Any]:
        """Return an object under the next revision."""
        self.revision += 1
        return {**obj, "metadata": {**obj.get("metadata", {}), "resourceVersion": str(self.revision)}}

    # --- changes ---

    def listen(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Call back synchronously after each write; return what ends it."""
        self._listeners.append(callback)

        def stop() -> None:
            if callback in self._listeners:
                self._listeners.remove(callback)

        return stop

    def history(self, resource: str, after_revision: int) -> Changes | None:
        """Return the changes of a resource after a revision, None when they are no longer kept."""
        if after_revision < self.known_since(resource):
            return None
        kept: Changes = []
        for change in reversed(self._history.get(resource, ())):
            if change.revision <= after_revision:
                break
            kept.append(change)
        kept.reverse()
        return kept

    def known_since(self, resource: str) -> int:
        """Return the revision after which all changes of a resource are kept."""
        return max(self._first_revision, self._floor.get(resource, 0))

    def _tell(self, change: Change) -> None:
        ring = self._history.setdefault(change.resource, deque(maxlen=HISTORY))
        if len(ring) == HISTORY:
            self._floor[change.resource] = ring[0].revision
        ring.append(change)
        self._changed_at[change.resource] = change.revision
        for callback in tuple(self._listeners):
            callback(change)

    def _index(self, key: Key, old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
        if key[0] == "pods":
            self._index_node(key, old, new)
        was = controller_uid(old) if old else None
        if was is not None:
            owned = self._owned.get(was, {})
            owned.pop(key, None)
            if not owned:
                self._owned.pop(was, None)
        owner = controller_uid(new) if new else None
        if owner is not None and new is not None:
            self._owned.setdefault(owner, {})[key] = new

    def _index_node(self, key: Key, old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
        place = (key[1], key[2])
        was = old.get("spec", {}).get("nodeName") if old else None
        now = new.get("spec", {}).get("nodeName") if new else None
        if was and was != now:
            pods = self._on_node.get(was, {})
            pods.pop(place, None)
            if not pods:
                self._on_node.pop(was, None)
        if now and new is not None:
            self._on_node.setdefault(now, {})[place] = new
