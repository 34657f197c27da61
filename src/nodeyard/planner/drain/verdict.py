"""What a drain rule answers: an outcome, a reason code and a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nodeyard.ports import Node, Pod


class Outcome(StrEnum):
    EVICT = "evict"
    """Ask the API server to evict it."""
    WAIT = "wait"
    """It is leaving already: the node is not empty until it is gone."""
    LEAVE = "leave"
    """It does not hold the node up."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`warning` says that somebody should hear of it: something is lost or will not end well."""

    outcome: Outcome
    reason: str
    sentence: str
    warning: bool = False


Rule = Callable[[Pod, Node, datetime], Verdict | None]
"""A rule about one pod on one node at one instant; None: no opinion."""


def named(pod: Pod) -> str:
    """Return the pod's name as people search for it."""
    return f"{pod.namespace}/{pod.name}"
