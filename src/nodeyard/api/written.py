"""Answers that show one record and nothing else: written once for each state of the record.

Pollers ask for the same node group hundreds of times between two changes of it. `operations` keeps what it
wrote together with the record that it was written of, and gives it out again for an equal record only:
nothing has to tell it of changes, whoever made them, and it cannot be stale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nodeyard.model.cluster import Cluster
from nodeyard.model.nodegroup import Nodegroup
from nodeyard.wire.encode import Encoder, Response
from nodeyard.wire.model import Operation

KEPT = 2048
"""Answers, of a kilobyte or two each; when there are more it begins anew."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A record as the only thing that an answer shows, in the member of a name, by a view of the record."""

    member: str
    record: Nodegroup | Cluster
    view: Callable[[Any], dict[str, Any]]


class Written:
    """What was written, by operation and record."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._kept: dict[tuple[str, str], tuple[Nodegroup | Cluster, Response]] = {}

    def answer(self, operation: Operation, shown: Shown) -> Response:
        """Return the answer that shows a record as it is now."""
        record, name = shown.record, (operation.name, shown.record.uuid)
        kept = self._kept.get(name)
        if kept is not None and (kept[0] is record or kept[0] == record):
            return kept[1]
        response = self._encoder.success(operation, {shown.member: shown.view(record)})
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept[name] = record, response
        return response
