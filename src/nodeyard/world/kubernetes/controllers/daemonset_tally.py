"""What each node adds to the status of one DaemonSet, kept as nodes and pods change.

Used by the DaemonSet controller. A status over a thousand nodes then costs as many looks as
nodes changed since the last one, and not a thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple


class Share(NamedTuple):
    """Counts of one node, or of all. Units: nodes, `outdated` in pods."""

    desired: int = 0
    scheduled: int = 0
    misplaced: int = 0
    ready: int = 0
    updated: int = 0
    outdated: int = 0


NOTHING = Share()


class Tally:
    """The shares of the nodes and their sum."""

    def __init__(self, nodes: Iterable[str]) -> None:
        self._shares: dict[str, Share] = {}
        self._sum = list(NOTHING)
        self._stale = set(nodes)

    def changed(self, node: str) -> None:
        """Say that a node or its pods are not what they were."""
        self._stale.add(node)

    def total(self, count: Callable[[str], Share]) -> Share:
        """Count the nodes that changed and return the sum over all."""
        for node in self._stale:
            share = count(node)
            before = self._shares.pop(node, NOTHING)
            if share != NOTHING:
                self._shares[node] = share
            for place, (new, old) in enumerate(zip(share, before, strict=True)):
                self._sum[place] += new - old
        self._stale.clear()
        return Share(*self._sum)
