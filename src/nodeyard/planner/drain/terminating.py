"""Pods that are terminating already: another eviction changes nothing, but they still run."""

from __future__ import annotations

from nodeyard.planner.drain.verdict import Outcome, Verdict
from nodeyard.ports import Pod


def judge(pod: Pod) -> Verdict | None:
    if pod.terminating_since is None or pod.owner_kind == "DaemonSet":
        return None
    held = f"; finalizers {', '.join(pod.finalizers)} hold it" if pod.finalizers else ""
    return Verdict(
        Outcome.WAIT,
        "Terminating",
        f"pod {pod.namespace}/{pod.name} is terminating, grace period {pod.grace_s} s{held}",
    )
