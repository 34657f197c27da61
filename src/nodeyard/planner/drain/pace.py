"""How soon to look again at a node that does not become empty. Pure; the same for every drain there is.

A pod that leaves and a budget that allows an eviction are hints that wake the drain at once; looking again
without one is for hints that got lost. Source: kubectl drain, which retries evictions every 5 s.
"""

from __future__ import annotations

from nodeyard.model.drain import Drain
from nodeyard.planner.drain.emptying import Emptying

EARLY_S = 5.0
LATE_S = 30.0
"""Once TRIES_EARLY evictions were refused, and while all pods are on their way out."""
TOLD_LATE_S = 120.0
"""The same where every change is told."""
TRIES_EARLY = 6


def look_again_s(drain: Drain, emptying: Emptying, *, told: bool) -> float:
    """Return how long to wait for a hint. Units: simulated seconds."""
    tries = max((each.tries for each in drain.blockers), default=0)
    if emptying.evict and tries < TRIES_EARLY:
        return EARLY_S
    return TOLD_LATE_S if told else LATE_S
