"""Pods that are terminating already: another eviction changes nothing, but they still run.

`terminating_since` is the deletion timestamp: the instant at which the grace period ends.
"""

from __future__ import annotations

from datetime import datetime

from nodeyard.planner.drain.verdict import Outcome, Verdict, named
from nodeyard.ports import Node, Pod


def judge(pod: Pod, node: Node, now: datetime) -> Verdict | None:
    if pod.terminating_since is None:
        return None
    if pod.finalizers and now >= pod.terminating_since:
        held = ", ".join(pod.finalizers)
        return Verdict(
            Outcome.WAIT,
            "StuckOnFinalizer",
            f"pod {named(pod)} had its grace period of {pod.grace_s} s; finalizers {held} still hold it",
            warning=True,
        )
    return Verdict(
        Outcome.WAIT, "Terminating", f"pod {named(pod)} is terminating, grace period {pod.grace_s} s"
    )
