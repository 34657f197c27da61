"""Records as they were last read or written, for a database that one process has to itself.

Looked at on the event loop, changed on the database's one thread: a record is dropped in the transaction
that changes it, before another transaction can read it, so that after a commit nobody is told the old one.
"""

from __future__ import annotations

from typing import Any

RECORDS_MAX = 4096
"""About 20 MB of node groups."""

Key = tuple[Any, ...]


class Held:
    """A bounded memory of records. When it is full it begins anew."""

    def __init__(self) -> None:
        self._records: dict[Key, Any] = {}

    def find(self, key: Key) -> Any:
        """Return the record under a key, None when it must be read."""
        return self._records.get(key)

    def hold(self, key: Key, record: Any) -> None:
        """Remember what was read just now; that there is none is not remembered."""
        if record is None:
            return
        if len(self._records) >= RECORDS_MAX:
            self._records.clear()
        self._records[key] = record

    def drop(self, key: Key) -> None:
        self._records.pop(key, None)

    def drop_all(self) -> None:
        self._records.clear()
