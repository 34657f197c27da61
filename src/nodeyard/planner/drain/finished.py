"""Finished pods: nothing runs in them any more."""

from __future__ import annotations

from datetime import datetime

from nodeyard.planner.drain.verdict import Outcome, Verdict, named
from nodeyard.ports import Node, Pod


def judge(pod: Pod, node: Node, now: datetime) -> Verdict | None:
    if pod.phase not in ("Succeeded", "Failed"):
        return None
    return Verdict(Outcome.LEAVE, "FinishedPod", f"pod {named(pod)} has ended ({pod.phase})")
