"""Pods with local storage: what is in their emptyDir volumes ends with them.

Source: Kubernetes documentation, safely drain a node; EKS evicts them without being forced.
"""

from __future__ import annotations

from datetime import datetime

from nodeyard.planner.drain.verdict import Outcome, Verdict, named
from nodeyard.ports import Node, Pod


def judge(pod: Pod, node: Node, now: datetime) -> Verdict | None:
    if not pod.local_storage:
        return None
    return Verdict(
        Outcome.EVICT, "LocalStorage", f"pod {named(pod)} is evicted with the data in its emptyDir volumes"
    )
