"""What a drain rule answers: an outcome, a reason code and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    EVICT = "evict"
    """Ask the API server to evict it."""
    WAIT = "wait"
    """It is leaving already: the node is not empty until it is gone."""
    LEAVE = "leave"
    """It does not hold the node up."""


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    reason: str
    sentence: str
