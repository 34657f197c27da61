"""DaemonSet pods: their controller would start them again on the same node at once."""

from __future__ import annotations

from nodeyard.planner.drain.verdict import Outcome, Verdict
from nodeyard.ports import Pod


def judge(pod: Pod) -> Verdict | None:
    if pod.owner_kind != "DaemonSet":
        return None
    return Verdict(
        Outcome.LEAVE,
        "DaemonSetPod",
        f"pod {pod.namespace}/{pod.name} belongs to DaemonSet {pod.owner_name} and goes with the node",
    )
