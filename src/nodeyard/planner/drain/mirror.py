"""Mirror pods: the node's own static pods, which the API server cannot remove."""

from __future__ import annotations

from nodeyard.planner.drain.verdict import Outcome, Verdict
from nodeyard.ports import Pod


def judge(pod: Pod) -> Verdict | None:
    if not pod.mirror:
        return None
    return Verdict(
        Outcome.LEAVE, "MirrorPod", f"pod {pod.namespace}/{pod.name} is a static pod of {pod.node}"
    )
