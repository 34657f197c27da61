"""Which pods must leave a node before it goes, one rule a file.

`judge` asks the rules in order; the first that has an opinion decides. Pure: the caller
evicts. Source: kubectl drain's filters and the EKS User Guide, update behaviour.
"""

from __future__ import annotations

from nodeyard.planner.drain import daemonset, finished, mirror, terminating
from nodeyard.planner.drain.verdict import Outcome, Verdict
from nodeyard.ports import Pod

RULES = (mirror.judge, finished.judge, terminating.judge, daemonset.judge)


def judge(pod: Pod) -> Verdict:
    """Return what to do with one pod of a node that is being drained."""
    for rule in RULES:
        verdict = rule(pod)
        if verdict is not None:
            return verdict
    return Verdict(Outcome.EVICT, "Evictable", f"pod {pod.namespace}/{pod.name} is to be evicted")


__all__ = ["RULES", "Outcome", "Verdict", "judge"]
