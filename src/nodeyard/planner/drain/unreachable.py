"""Pods that should be gone by now on a node that does not answer: nobody is left to confirm it.

The kubelet removes a terminating pod; a node that is not Ready never will, and waiting for it
only keeps a dead machine. Source: Kubernetes documentation, node shutdown and pod garbage collection.
"""

from __future__ import annotations

from datetime import datetime

from nodeyard.planner.drain.verdict import Outcome, Verdict, named
from nodeyard.ports import Node, Pod


def judge(pod: Pod, node: Node, now: datetime) -> Verdict | None:
    if node.ready or pod.terminating_since is None or now < pod.terminating_since:
        return None
    return Verdict(
        Outcome.LEAVE,
        "UnreachableNode",
        f"pod {named(pod)} had its grace period, and {node.name} is not Ready to confirm its end",
        warning=True,
    )
