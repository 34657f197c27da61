"""What to do now with the pods of a node that has to become empty. Pure; the caller does it.

Source: EKS User Guide, update behaviour: eviction until the limit, then force or failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nodeyard.model.drain import Drain
from nodeyard.model.values import replace
from nodeyard.planner.drain import rules
from nodeyard.planner.drain.verdict import Outcome, Verdict
from nodeyard.ports import Node, Pod

TRIES_MAX = 20
"""Evictions asked for in the time of a drain for a pod that its owner puts back on the node every time.
Source: AWS support article on PodEvictionFailure, 20 tries per pod."""


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


def look(pods: Sequence[Pod], node: Node, now: datetime, drain: Drain) -> Emptying:
    """Judge every pod of a node."""
    judged = [(pod, _in_time(rules.judge(pod, node, now), pod, now, drain)) for pod in pods]
    return Emptying(
        evict=tuple(pod for pod, verdict in judged if verdict.outcome is Outcome.EVICT),
        waiting=tuple((pod, verdict) for pod, verdict in judged if verdict.outcome is Outcome.WAIT),
        warnings=tuple((pod, verdict) for pod, verdict in judged if verdict.warning),
    )


def _in_time(verdict: Verdict, pod: Pod, now: datetime, drain: Drain) -> Verdict:
    """Let a pod that came while its node was drained be for a while.

    Asked to go at once, it would come back at once: a storm of evictions for as long as the drain lasts.
    """
    if verdict.outcome is not Outcome.EVICT or pod.created_at is None or pod.created_at <= drain.began:
        return verdict
    due = pod.created_at + (drain.limit - drain.began) / TRIES_MAX
    return verdict if now >= min(due, drain.limit) else replace(verdict, outcome=Outcome.WAIT)
