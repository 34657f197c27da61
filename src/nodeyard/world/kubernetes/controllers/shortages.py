"""Which nodes have too little for pods of one size, kept current node by node.

Made by the decider once for all pods that request the same; so placing the next pod of a workload looks
again only at the nodes on which something came, changed or went since the one before.
"""

from __future__ import annotations

from collections import OrderedDict

from nodeyard.world.kubernetes.controllers.fit import can_ever_hold, shortage
from nodeyard.world.kubernetes.controllers.node_index import NodeIndex
from nodeyard.world.kubernetes.controllers.requests import Amounts

_MOST = 256


class Shortages:
    """The nodes that do not fit one size of pods, by what they lack; what others reserved does not count."""

    def __init__(self, wanted: Amounts, index: NodeIndex) -> None:
        self._wanted = wanted
        self._index = index
        self._seen = -1
        self.short: dict[str, tuple[str, ...]] = {}
        self.hopeless: set[str] = set()
        """Nodes that are too small even when they are empty."""

    def renew(self) -> None:
        """Look at the nodes that changed since the last call."""
        names, self._seen = self._index.touched_since(self._seen)
        if names is None:
            self.short.clear()
            self.hopeless.clear()
            names = self._index.nodes.keys()
        for name in names:
            info = self._index.nodes.get(name)
            why = shortage(self._wanted, set(), info) if info is not None else ()
            if why:
                self.short[name] = why
            else:
                self.short.pop(name, None)
            if info is not None and not can_ever_hold(self._wanted, info):
                self.hopeless.add(name)
            else:
                self.hopeless.discard(name)


class Sizes:
    """The sizes in use, the least used forgotten."""

    def __init__(self, index: NodeIndex) -> None:
        self._index = index
        self._found: OrderedDict[tuple[tuple[str, int], ...], Shortages] = OrderedDict()

    def of(self, wanted: Amounts) -> Shortages:
        """Return which nodes lack what for pods that want this, as things are now."""
        key = tuple(wanted.items())
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = Shortages(wanted, self._index)
            if len(self._found) > _MOST:
                self._found.popitem(last=False)
        else:
            self._found.move_to_end(key)
        found.renew()
        return found
