"""Finished pods: nothing runs in them any more."""

from __future__ import annotations

from nodeyard.planner.drain.verdict import Outcome, Verdict
from nodeyard.ports import Pod


def judge(pod: Pod) -> Verdict | None:
    if pod.phase not in ("Succeeded", "Failed"):
        return None
    return Verdict(Outcome.LEAVE, "FinishedPod", f"pod {pod.namespace}/{pod.name} has ended ({pod.phase})")
