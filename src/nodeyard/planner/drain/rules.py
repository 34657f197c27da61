"""The order of the rules: the first that has an opinion decides."""

from __future__ import annotations

from datetime import datetime

from nodeyard.planner.drain import (
    daemonset,
    finished,
    local_storage,
    mirror,
    terminating,
    tolerates_everything,
    unmanaged,
    unreachable,
)
from nodeyard.planner.drain.verdict import Outcome, Rule, Verdict, named
from nodeyard.ports import Node, Pod

RULES: tuple[Rule, ...] = (
    # Pods that do not hold the node up.
    mirror.judge,
    finished.judge,
    daemonset.judge,
    # Pods that leave already.
    unreachable.judge,
    terminating.judge,
    # Pods that are evicted, and somebody should hear of it.
    unmanaged.judge,
    tolerates_everything.judge,
    local_storage.judge,
)


def judge(pod: Pod, node: Node, now: datetime) -> Verdict:
    """Return what to do with one pod of a node that is being drained."""
    for rule in RULES:
        verdict = rule(pod, node, now)
        if verdict is not None:
            return verdict
    return Verdict(Outcome.EVICT, "Evictable", f"pod {named(pod)} is to be evicted")
