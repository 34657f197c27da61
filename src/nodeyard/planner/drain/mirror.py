"""Mirror pods: the node's own static pods, which the API server cannot remove."""

from __future__ import annotations

from datetime import datetime

from nodeyard.planner.drain.verdict import Outcome, Verdict, named
from nodeyard.ports import Node, Pod


def judge(pod: Pod, node: Node, now: datetime) -> Verdict | None:
    if not pod.mirror:
        return None
    return Verdict(Outcome.LEAVE, "MirrorPod", f"pod {named(pod)} is a static pod of {node.name}")
