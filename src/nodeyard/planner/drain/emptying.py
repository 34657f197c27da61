"""What to do now with the pods of a node that has to become empty. Pure; the caller does it.

Source: EKS User Guide, update behaviour: eviction until the limit, then force or failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nodeyard.planner.drain import rules
from nodeyard.planner.drain.verdict import Outcome, Verdict
from nodeyard.ports import Node, Pod


@dataclass(frozen=True, slots=True)
class Emptying:
    """`evict` are the pods to ask eviction for, `waiting` those that leave already."""

    evict: tuple[Pod, ...]
    waiting: tuple[tuple[Pod, Verdict], ...]
    warnings: tuple[tuple[Pod, Verdict], ...]

    @property
    def left(self) -> int:
        return len(self.evict) + len(self.waiting)

    @property
    def held(self) -> tuple[Pod, ...]:
        """Return the pods that keep the node from being empty."""
        return self.evict + tuple(pod for pod, _ in self.waiting)


def look(pods: Sequence[Pod], node: Node, now: datetime) -> Emptying:
    """Judge every pod of a node."""
    judged = [(pod, rules.judge(pod, node, now)) for pod in pods]
    return Emptying(
        evict=tuple(pod for pod, verdict in judged if verdict.outcome is Outcome.EVICT),
        waiting=tuple((pod, verdict) for pod, verdict in judged if verdict.outcome is Outcome.WAIT),
        warnings=tuple((pod, verdict) for pod, verdict in judged if verdict.warning),
    )
