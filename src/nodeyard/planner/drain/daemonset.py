"""DaemonSet pods: their controller would start them again on the same node at once."""

from __future__ import annotations

from datetime import datetime

from nodeyard.planner.drain.verdict import Outcome, Verdict, named
from nodeyard.ports import Node, Pod


def judge(pod: Pod, node: Node, now: datetime) -> Verdict | None:
    if pod.owner_kind != "DaemonSet":
        return None
    return Verdict(
        Outcome.LEAVE,
        "DaemonSetPod",
        f"pod {named(pod)} belongs to DaemonSet {pod.owner_name} and goes with the node",
    )
