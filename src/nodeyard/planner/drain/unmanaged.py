"""Pods that no controller owns: evicted like others, but nothing brings them back.

Source: Kubernetes documentation, safely drain a node; EKS evicts them without being forced.
"""

from __future__ import annotations

from datetime import datetime

from nodeyard.planner.drain.verdict import Outcome, Verdict, named
from nodeyard.ports import Node, Pod


def judge(pod: Pod, node: Node, now: datetime) -> Verdict | None:
    if pod.owner_kind is not None:
        return None
    return Verdict(
        Outcome.EVICT,
        "UnmanagedPod",
        f"pod {named(pod)} is evicted and no controller will start it again",
        warning=True,
    )
