"""Which nodes are open to pods of one shape, kept current node by node.

Made by the decider once for all pods that ask the same of nodes; so placing the next pod of a workload does
not look again at the labels and taints of every node.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator, Set
from itertools import chain, islice
from typing import Any

import msgspec

from nodeyard.world.kubernetes.controllers.fit import barred, node_affinity
from nodeyard.world.kubernetes.controllers.node_index import NodeIndex, NodeInfo

Obj = dict[str, Any]

_MOST = 512


class Selection:
    """The nodes open to one shape of pods, and why the others are closed."""

    def __init__(self, spec: Obj, nodes: dict[str, NodeInfo]) -> None:
        self._spec = spec
        self.open: dict[str, NodeInfo] = {}
        self.refused: dict[str, str] = {}
        self._listed: list[NodeInfo] | None = None
        self._places: dict[str, int] = {}
        """Where each node is in the list."""
        self._offset = 0
        for info in nodes.values():
            self.node(info)

    def node(self, info: NodeInfo) -> None:
        """Take in a node that came or changed."""
        why = barred(self._spec, info.node)
        if why is None:
            self.refused.pop(info.name, None)
            if info.name not in self.open:
                self._listed = None
            self.open[info.name] = info
        else:
            self.refused[info.name] = why
            if self.open.pop(info.name, None) is not None:
                self._listed = None

    def gone(self, name: str) -> None:
        """Forget a node."""
        self.refused.pop(name, None)
        if self.open.pop(name, None) is not None:
            self._listed = None

    def reasons(self) -> Counter[str]:
        """Return how many nodes are closed for each reason."""
        return Counter(self.refused.values())

    def rotated(self, but: Set[str] = frozenset()) -> Iterator[tuple[int, NodeInfo]]:
        """Yield the open nodes but some, beginning behind those that were looked at last, with their places.

        Takes no time for the nodes left out where those are most of all.
        """
        listed, offset = self._list(), self._offset
        count = len(listed)
        if 2 * len(but) < count:
            for place, info in enumerate(chain(islice(listed, offset, None), islice(listed, offset))):
                if info.name not in but:
                    yield place, info
            return
        places = self._places
        for place in sorted((places[name] - offset) % count for name in places.keys() - but):
            yield place, listed[(place + offset) % count]

    def _list(self) -> list[NodeInfo]:
        if self._listed is None:
            self._listed = list(self.open.values())
            self._places = {name: place for place, name in enumerate(self.open)}
        return self._listed

    def advance(self, seen: int) -> None:
        """Begin the next look behind the nodes that were looked at now, so that early stops stay fair."""
        self._offset = (self._offset + seen) % max(len(self.open), 1)


class Selections:
    """The selections in use, the least used forgotten."""

    def __init__(self, index: NodeIndex) -> None:
        self._index = index
        self._found: OrderedDict[bytes, Selection] = OrderedDict()

    def of(self, spec: Obj) -> Selection:
        """Return the selection for pods of this spec."""
        required = node_affinity(spec).get("requiredDuringSchedulingIgnoredDuringExecution")
        key = msgspec.json.encode([spec.get("nodeSelector"), required, spec.get("tolerations")])
        found = self._found.get(key)
        if found is not None:
            self._found.move_to_end(key)
            return found
        found = self._found[key] = Selection(spec, self._index.nodes)
        self._index.watch(found)
        if len(self._found) > _MOST:
            self._index.forget(self._found.popitem(last=False)[1])
        return found
